"""Amounts and rates as invoices and the journal write them: all decimals, no symbol."""

from bookmyshow.core.currencies import from_minor


def figure(minor: int, currency: str) -> str:
    """1,23,456.50 for rupees, 123,456 for yen, 1,234.500 for dinars; −5.00 below zero."""
    whole, dot, decimals = f"{abs(from_minor(minor, currency)):f}".partition(".")
    sign = "−" if minor < 0 else ""
    return f"{sign}{_grouped(whole, currency)}{dot}{decimals}"


def _grouped(whole: str, currency: str) -> str:
    if currency != "INR" or len(whole) <= 3:
        return f"{int(whole):,}"
    head, tail = whole[:-3], whole[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
    return ",".join([*reversed(pairs), tail])


def rate_text(basis_points: int) -> str:
    """18 %, 2.5 %"""
    return f"{basis_points / 100:g}\N{NO-BREAK SPACE}%"
