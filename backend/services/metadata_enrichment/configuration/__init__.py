"""The versions of the waterfall: which one is in force, and how it is shown."""
