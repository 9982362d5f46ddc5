"""Template filters for money, times and titles.

Django's own filters convert a datetime to the server's time zone. These keep the value's own zone,
so `{{ show.local_start|clock }}` is the local time at the cinema.
"""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from math import ceil

from django import template
from django.utils.text import get_text_list

from bookmyshow.core.currencies import exponent, from_minor

register = template.Library()

# Whole amounts of these are written without decimals, as is usual there. All amounts of another
# currency have its decimals, so that the prices of a page have one form: £16.50 and £34.00.
BARE = frozenset({"INR"})

# ISO 4217 code → symbol before the number. Other currencies show their code.
SYMBOLS = {
    "AUD": "A$",
    "BRL": "R$",
    "CAD": "CA$",
    "EUR": "€",
    "GBP": "£",
    "INR": "₹",
    "JPY": "¥",
    "KRW": "₩",
    "NZD": "NZ$",
    "USD": "$",
}


@register.filter
def money(amount: Decimal | int | None, currency: str) -> str:
    """₹350, or ₹350.50 if there are paise; £34.00. Digits are grouped as is usual there.

    `amount` is in the major unit. Raises UnknownCurrency.
    """
    if amount is None:
        return ""
    places = exponent(currency)
    value = Decimal(amount).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    whole, fraction = divmod(abs(value), 1)
    figure = _grouped(int(whole), currency)
    if fraction or (places and currency not in BARE):
        figure += f"{fraction:f}".removeprefix("0")
    symbol = SYMBOLS.get(currency, f"{currency}\N{NO-BREAK SPACE}")
    return f"{'−' if value < 0 else ''}{symbol}{figure}"


@register.filter
def minor(amount: int | None, currency: str) -> str:
    """`money` of an amount in minor units: 35050 INR is ₹350.50."""
    return "" if amount is None else money(from_minor(amount, currency), currency)


def _grouped(whole: int, currency: str) -> str:
    if currency != "INR" or whole < 1000:
        return f"{whole:,}"
    # Indian grouping: the last three digits, then pairs (₹12,34,500).
    head, tail = divmod(whole, 1000)
    pairs: list[str] = []
    while head >= 100:
        head, pair = divmod(head, 100)
        pairs.insert(0, f"{pair:02d}")
    return ",".join([str(head), *pairs, f"{tail:03d}"])


@register.filter
def clock(moment: datetime) -> str:
    """19:45"""
    return f"{moment:%H:%M}"


@register.filter
def day(moment: date) -> str:
    """Sat 22 Nov"""
    return f"{moment:%a} {moment.day} {moment:%b}"


@register.filter
def long_day(moment: date) -> str:
    """Saturday 22 November 2026"""
    return f"{moment:%A} {moment.day} {moment:%B %Y}"


@register.filter
def moment(value: datetime) -> str:
    """Sat 22 Nov, 19:45"""
    return f"{day(value)}, {clock(value)}"


@register.filter
def dated_moment(value: datetime) -> str:
    """Sat 22 Nov 2026, 19:45: with the year, for mails and logs that may be read much later"""
    return f"{day(value)} {value.year}, {clock(value)}"


@register.filter
def running_time(minutes: int | None) -> str:
    """2 h 46 min"""
    if not minutes:
        return ""
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h"] if hours else []
    if rest or not hours:
        parts.append(f"{rest} min")
    return " ".join(parts)


@register.filter
def percent_of(part: int, whole: int) -> int:
    """The share in whole percent. It is 100 only if part equals whole, and 0 only if part is 0."""
    if part in {0, whole} or not whole:
        return 100 if part and whole else 0
    return min(99, max(1, round(100 * part / whole)))


@register.filter
def wait(seconds: int) -> str:
    """a minute, 5 minutes, 2 hours: rounded up, so that the person does not come back too early"""
    minutes = ceil(seconds / 60)
    if minutes <= 1:
        return "a minute"
    return f"{minutes} minutes" if minutes <= 90 else f"{ceil(minutes / 60)} hours"


@register.filter
def listed(names: list[str]) -> str:
    """Chennai, Mumbai and Pune"""
    return get_text_list(names, "and")


@register.filter
def keep_dashes(title: str) -> str:
    """The title with no-break spaces before dashes, so that no line begins with a dash."""
    return title.replace(" – ", "\N{NO-BREAK SPACE}– ").replace(" — ", "\N{NO-BREAK SPACE}— ")
