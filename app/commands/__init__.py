"""The sub-commands, a file for each group. Each function is a command; its signature is its options."""
