"""The wire: typed requests, responses and records that services, clients, engine and console share.

Nothing in this package imports anything else of ours, so every side can depend on it.
"""
