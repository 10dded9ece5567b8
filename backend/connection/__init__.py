"""Tests whether an environment can be reached and used, before anything is deployed there. Looks only."""
