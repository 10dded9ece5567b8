"""`runner`: the inside of a runner process. Started by the console, not by people."""

import os
import signal

from app.composition import Composition
from backend.deployment.runner_process import adopt_liveness, carry_out
from backend.home import Home


def runner(run_id: str, descriptor: int) -> int:
    """Carry out the run; `descriptor` holds its liveness lock."""
    adopt_liveness(descriptor)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    composition = Composition(Home.from_process_environment())
    run = composition.reader.run(run_id)
    try:
        return carry_out(run_id, composition.target(run.environment), composition.journal, composition.reader)
    finally:
        composition.journal.close()
        os.close(descriptor)
