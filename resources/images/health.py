"""The health check of a container: 0 when its own service answers /health with success."""

import os
import sys
import urllib.error
import urllib.request

_URL = f"http://127.0.0.1:{os.environ['SONGNODES_PORT']}/health"


def main() -> int:
    """Ask once; what is wrong goes to standard output, where `docker inspect` shows it."""
    try:
        with urllib.request.urlopen(_URL, timeout=4) as answer:
            return 0 if answer.status == 200 else 1
    except urllib.error.HTTPError as error:
        sys.stdout.write(f"{error.code}: {error.read(2000).decode(errors='replace')}\n")
    except OSError as error:
        sys.stdout.write(f"no answer at {_URL}: {error}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
