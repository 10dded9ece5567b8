"""The deployment wizard."""
