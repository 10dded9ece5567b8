"""The rate gate: a provider's limit, kept in one process or shared by replicas."""
