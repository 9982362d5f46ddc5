"""What the `api.py` of every app uses: envelope, errors, strict parsing, HTTP semantics.

This package imports no app. Routers import it, and `bookmyshow.site.api` combines the routers.
"""
