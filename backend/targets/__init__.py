"""Where a stack runs. The engine knows a stack only through the port in `port.py`."""
