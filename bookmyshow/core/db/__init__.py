"""Django's PostgreSQL backend with a pool that fails soon while the server is away."""
