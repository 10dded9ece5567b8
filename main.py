"""The one entry: no argument opens the console, sub-commands do the same work without a window."""

import sys

from app.command_line import main

if __name__ == "__main__":
    sys.exit(main())
