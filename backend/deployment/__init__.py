"""The deployment engine: plan, journal, runner, steps, rollback and recovery.

The engine holds no work in a window: a runner process of its own carries a run, writes every intent
and result to the journal, and anybody may follow it there.
"""
