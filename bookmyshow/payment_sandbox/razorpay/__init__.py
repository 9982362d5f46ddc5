"""Razorpay's protocol: JSON both ways, orders, and a checkout that is opened by a form."""
