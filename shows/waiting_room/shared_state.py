"""What everybody may know about a waiting room: the same for all, so caches can keep it."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from .models import OnSale


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


def state_of(sale: OnSale, now: datetime) -> SharedState:
    """The state at `now`."""
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
