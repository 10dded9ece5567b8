"""One track looked at closely: what each source offered, how it was judged, where the values come from."""
