"""The cache of answers: one port, in the process or in Redis."""
