"""Exponents of ISO 4217, for what pages show and for what the providers refuse."""

from decimal import Decimal

# Without ISK and UGX, which Stripe counts as if they had two decimals.
ZERO_DECIMAL = {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND"}
ZERO_DECIMAL |= {"VUV", "XAF", "XOF", "XPF"}
THREE_DECIMAL = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
SIGNS = {"INR": "₹", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def exponent(currency: str) -> int:
    """How many decimals the currency has."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def in_words(amount: int, currency: str) -> str:
    """An amount of minor units as people read it: ``₹700.00``, ``¥700``, ``KWD 1.250``."""
    places = exponent(currency)
    number = f"{Decimal(amount).scaleb(-places):,.{places}f}"
    sign = SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{currency} {number}"


def problem(amount: int, currency: str) -> str:
    """Why the providers refuse this amount, or ""."""
    if amount < 1:
        return "The amount must be at least 1."
    if currency in THREE_DECIMAL and amount % 10:
        return "Amounts of currencies with three decimals must end with 0."
    return ""
