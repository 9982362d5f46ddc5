"""Stripe's protocol: form-encoded requests, JSON objects, Checkout Sessions."""
