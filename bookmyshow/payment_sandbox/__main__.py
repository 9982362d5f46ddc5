"""Starts the sandbox: ``python -m bookmyshow.payment_sandbox --port 8001 --data folder``."""

import argparse
import os
import sys
from pathlib import Path


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bookmyshow.payment_sandbox",
        description="A payment provider for tests: speaks Stripe and Razorpay. No money moves.",
    )
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--bind", default="127.0.0.1")
    parser.add_argument("--data", type=Path, default=Path(".data/payment_sandbox"))
    parser.add_argument("--stripe-key")
    parser.add_argument("--razorpay-key")
    parser.add_argument("--razorpay-secret")
    parser.add_argument("--webhook-secret", action="append", metavar="SECRET")
    parser.add_argument("--stripe-webhook", metavar="URL", help="where Stripe's events go")
    parser.add_argument("--razorpay-webhook", metavar="URL", help="where Razorpay's events go")
    return parser.parse_args()


def main() -> None:
    """Create or update the database, then answer until the process ends."""
    options = arguments()
    options.data.mkdir(parents=True, exist_ok=True)
    os.environ["PAYMENT_SANDBOX_DATA"] = str(options.data)
    # Set, not defaulted: the package `bookmyshow` names the site's settings when it is imported.
    os.environ["DJANGO_SETTINGS_MODULE"] = "bookmyshow.payment_sandbox.settings"

    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)

    from .calls import forget_unfinished
    from .clock import Clock
    from .outbox import Outbox
    from .server import serve
    from .setup import RAZORPAY_KEY, RAZORPAY_SECRET, STRIPE_KEY, WEBHOOK_SECRET, Configuration

    try:
        Configuration(
            stripe_key=options.stripe_key or STRIPE_KEY,
            razorpay_key=options.razorpay_key or RAZORPAY_KEY,
            razorpay_secret=options.razorpay_secret or RAZORPAY_SECRET,
            stripe_webhook=options.stripe_webhook,
            razorpay_webhook=options.razorpay_webhook,
            webhook_secrets=options.webhook_secret or [WEBHOOK_SECRET],
        ).apply()
    except ValueError as error:
        sys.exit(f"payment sandbox: {error}")
    forget_unfinished()
    Outbox().start()
    Clock().start()
    try:
        serve(options.bind, options.port)
    except OSError as error:
        sys.exit(f"payment sandbox: can't listen on {options.bind}:{options.port} ({error})")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
