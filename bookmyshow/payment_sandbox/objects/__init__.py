"""How each provider's API and events show a purchase, a payment, a refund and a dispute."""
