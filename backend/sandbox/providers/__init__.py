"""A simulated provider a file: what it knows of each recording, and its HTTP format."""
