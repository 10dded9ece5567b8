"""The runner takes second place to what people look at: it may take longer, the window may not stutter."""

from pathlib import Path

_NICENESS = "3"
"""About half of the share that others get when the processor is wanted; all of it when it is not."""


def step_back(autogroup: Path = Path("/proc/self/autogroup")) -> bool:
    """Give way to other sessions, with everything started from here; whether the system knows how.

    The niceness of the session (Linux, `man 7 sched`) and not of the process: a process's niceness would pass
    to the supervisor and its services, which may start here but must run at full speed and could never get it
    back. They have sessions of their own.
    """
    try:
        autogroup.write_text(_NICENESS)
    except OSError:
        return False  # another system, or a kernel without sessions' groups: everything runs as it did
    return True
