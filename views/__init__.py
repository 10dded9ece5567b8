"""Widgets and drawing: a package a screen, `widgets` for what screens share, `theme` for the tokens."""
