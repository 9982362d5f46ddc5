"""What everybody may know about a waiting room: the same for all, so caches can keep it."""

import threading
import time
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from .errors import OnSaleNotFound
from .models import OnSale

#: How long a process keeps the state, in its own memory. While Valkey is away, a cache there would
#: not help, and each request of a hundred thousand people would be a query.
KEPT_SECONDS = 1.0
#: How many on-sales are kept. Ids without an on-sale are kept too.
MOST_KEPT = 1_000


class Phase(StrEnum):
    """What people can do in a waiting room at a moment."""

    #: Nobody can join yet.
    BEFORE = "before"
    #: People join; nobody has a turn.
    PREQUEUE = "prequeue"
    #: The opening has come, and the draw is being held.
    DRAWING = "drawing"
    OPEN = "open"
    CLOSED = "closed"
    OFF = "off"


class SharedState(NamedTuple):
    """The state of an on-sale. Times are in UTC."""

    phase: Phase
    prequeue_from: datetime
    opens_at: datetime
    is_lottery: bool
    #: The seed in hex, and how many numbers took part in the draw. None before the draw. The seed
    #: is empty if turns go by arrival.
    seed: str | None
    early: int | None
    #: The last turn that was called.
    called_upto: int
    #: People let in each minute.
    rate: int
    #: The clock of this state.
    now: datetime


_kept: dict[int, tuple[float, OnSale | None]] = {}
_lock = threading.Lock()


def shared_state(on_sale_id: int, now: datetime) -> SharedState:
    """The state at `now`, from a row that was read less than KEPT_SECONDS ago.

    Raises OnSaleNotFound.
    """
    sale = _kept_row(on_sale_id)
    if sale is None:
        raise OnSaleNotFound
    drawn = sale.drawn_at is not None
    return SharedState(
        phase=phase_of(sale, now),
        prequeue_from=sale.prequeue_from,
        opens_at=sale.opens_at,
        is_lottery=sale.is_lottery if drawn else sale.mode == OnSale.Mode.LOTTERY,
        seed=bytes(sale.seed).hex() if drawn else None,
        early=sale.early,
        called_upto=sale.called_upto,
        rate=sale.rate,
        now=now,
    )


def phase_of(sale: OnSale, now: datetime) -> Phase:
    """The phase of the on-sale at `now`."""
    if sale.mode in {OnSale.Mode.OFF, OnSale.Mode.CLOSED}:
        return Phase(sale.mode.lower())
    if sale.drawn_at is not None:
        return Phase.OPEN
    if now < sale.prequeue_from:
        return Phase.BEFORE
    return Phase.PREQUEUE if now < sale.opens_at else Phase.DRAWING


def forget_kept() -> None:
    """Read every row again, for tests."""
    with _lock:
        _kept.clear()


def _kept_row(on_sale_id: int) -> OnSale | None:
    at = time.monotonic()
    read_at, sale = _kept.get(on_sale_id, (0.0, None))
    if read_at and at - read_at < KEPT_SECONDS:
        return sale
    sale = OnSale.objects.filter(pk=on_sale_id).first()
    with _lock:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[on_sale_id] = (at, sale)
    return sale
