"""A practice stack in memory with a stopped clock: what pictures and GUI tests are made of.

The console itself never uses it; only pictures and GUI tests put it behind the controllers' ports.
"""
