"""Everything that is not a window: the stack itself, and the engine that deploys it. No Qt here."""
