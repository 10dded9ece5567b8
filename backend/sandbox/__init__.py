"""The provider simulator: the providers' HTTP formats over a catalogue of real tracks.

Everything here is deterministic: the same catalogue, seed and requests give the same answers.
"""
