"""Demo data: real films, invented cinemas and customers, and a week of shows."""
