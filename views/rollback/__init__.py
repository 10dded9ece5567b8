"""The rollback screen and its dialogue."""
