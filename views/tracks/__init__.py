"""Stored tracks: find one, see what each source offered, and where its values come from."""
