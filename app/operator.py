"""Who is at the console."""

import getpass
import socket


def operator() -> str:
    """`user@host`, the author of what is changed from here."""
    return f"{getpass.getuser()}@{socket.gethostname()}"
