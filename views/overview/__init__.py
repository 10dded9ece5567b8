"""The overview: what needs a person first, then how the stack does."""
