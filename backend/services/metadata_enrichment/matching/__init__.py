"""Whether a track that a provider names is the wanted one."""
