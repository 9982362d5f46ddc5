"""The parts of every app's `api.py`: envelope, errors, strict parsing, HTTP semantics.

This package imports no app. Routers import it, and `bookmyshow.site.api` combines the routers.
"""
