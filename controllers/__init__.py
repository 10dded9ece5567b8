"""A controller a screen: state, table models and operations. QtCore only."""
