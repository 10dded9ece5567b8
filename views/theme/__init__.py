"""Colours, fonts, icons and the one generated stylesheet."""
