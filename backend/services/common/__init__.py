"""What every service needs to be one: settings, telemetry, authentication, metrics, database, server."""
