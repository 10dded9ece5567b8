"""A provider a file: where it is, how it is asked, what its answers mean, and how its tracks are read."""
