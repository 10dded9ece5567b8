"""Migrations: plain SQL files, applied one transaction each, recorded truthfully."""
