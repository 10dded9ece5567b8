"""What surrounds a provider's calls: tries again, closed capabilities, suspiciously empty answers."""
