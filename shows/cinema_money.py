"""The rules of a cinema's currency: which prices it can hold, and when it may change."""

from collections.abc import Callable
from decimal import Decimal

from django.db import transaction

from bookmyshow.core.currencies import AmountTooFine, to_minor
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.time import database_now

from .errors import CurrencyInUse, PriceTooFine, ShowBusy
from .locks import lock_shows
from .models import Cinema, Show

#: Whether a cinema was ever sold for, by its id; from apps above (`add_record`).
_records: list[Callable[[int], bool]] = []


def add_record(has_records: Callable[[int], bool]) -> None:
    """Register where an app above keeps amounts of a cinema, such as its archived bookings.

    `has_records` gets the id of a cinema. While it is true, the currency can't change.
    """
    _records.append(has_records)


def refuse_fine_price(amount: Decimal, currency: str) -> None:
    """Raise PriceTooFine if the currency has fewer decimals than the price."""
    try:
        to_minor(amount, currency)
    except AmountTooFine as error:
        raise PriceTooFine(str(error)) from error


def refuse_new_currency(cinema: Cinema, currency: str) -> None:
    """Check that the cinema may change to this currency.

    Raises CurrencyInUse if it has or had bookings (holds count), and PriceTooFine if the new
    currency can't hold the price of one of its shows.
    """
    shows = Show.objects.filter(screen__cinema=cinema)
    if shows.filter(bookings__isnull=False).exists() or any(has(cinema.pk) for has in _records):
        raise CurrencyInUse(cinema.currency)
    for show in shows.with_film():
        for price in (show.standard_price, show.premium_price):
            try:
                refuse_fine_price(price, currency)
            except PriceTooFine as error:
                raise PriceTooFine(f"{show}: {error.message} Change its prices first.") from error


def allow_new_currency(cinema: Cinema, currency: str) -> None:
    """`refuse_new_currency` under locks, for the transaction that changes the currency.

    Until that transaction ends, no hold is made at this cinema and no show is added to it. Raises
    CurrencyInUse, PriceTooFine, and ShowBusy if the wait for a lock is too long.
    """
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        # Waits for transactions that create shows (`keep_in_use`).
        Cinema.objects.select_for_update().filter(pk=cinema.pk).first()
        shows = Show.objects.filter(screen__cinema=cinema).upcoming(at=database_now())
        lock_shows(shows.only("pk"), no_key=False)
        refuse_new_currency(cinema, currency)
