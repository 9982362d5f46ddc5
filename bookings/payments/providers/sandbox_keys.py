"""The keys of the payment sandbox. No secrets: it moves no money, and listens on this machine."""

STRIPE_KEY = "sk_test_sandbox"
RAZORPAY_KEY_ID = "rzp_test_sandbox"
RAZORPAY_KEY_SECRET = "razorpay-sandbox-secret"
WEBHOOK_SECRET = "whsec_sandbox"
