"""What every app's `api.py` is built of: envelope, problems, strict reading, HTTP manners.

It knows no app: routers import it, and `bookmyshow.site.api` puts them together.
"""
