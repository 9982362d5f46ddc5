"""The demonstration site: real films, invented cinemas and customers, a week of shows."""
