"""What-if replay: configurations run over what the sources had, without asking any of them."""
