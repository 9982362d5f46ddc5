"""A payment provider for development and tests: no money moves.

A separate process (``python -m bookmyshow.payment_sandbox``) that speaks the HTTP protocols of
Stripe and of Razorpay, as far as this product uses them, so that the real clients are what is
tested. It has its own settings and its own SQLite database, and keeps every answer through a
``kill -9``. It imports nothing of the product, and nothing of the product imports it.
"""
