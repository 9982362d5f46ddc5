"""Django's PostgreSQL backend with a pool that says soon when the server is away."""
