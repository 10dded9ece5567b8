"""The view of one run, used by deployment and rollback."""
