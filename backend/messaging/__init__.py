"""Messages between services: one port (`port`), its adapters, and the queues of the system (`topology`)."""
