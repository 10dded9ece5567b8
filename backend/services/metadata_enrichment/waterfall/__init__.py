"""Which source gives each field, and what counts as a value."""
