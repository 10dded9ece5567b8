"""The three layers as the service writes and reads them."""
