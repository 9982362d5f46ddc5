"""Errors of the schedule, with codes for the JSON API.

The messages are for staff, except that of ShowBusy, which customers see too.
"""

from bookmyshow.core.errors import DomainError
from movies.errors import MovieHasShows


class ScheduleError(DomainError):
    """Base class of the errors of the schedule."""


class ShowBusy(ScheduleError):
    """The wait for the lock of the show, or of one of its bookings, timed out."""

    code = "SHOW_BUSY"
    message = "Many people are booking this show right now. Please try again in a moment."
    when = "The wait for the show ran out; try again after Retry-After seconds."
    retry_after = 2


class ShowOverlaps(ScheduleError):
    """Another show, or the cleaning after it, needs the screen at that time."""

    code = "SHOW_OVERLAPS"
    summary = "The screen is busy then."
    when = "Another show has the screen."


class MovieNotSchedulable(ScheduleError):
    """The film has no running time, or one above the allowed maximum."""

    code = "MOVIE_NOT_SCHEDULABLE"
    summary = "The film has no running time."
    when = "No running time, no end."


class MovieHasComingShows(ScheduleError, MovieHasShows):
    """The film has coming shows, so it can't be archived: ticket holders must still find it."""

    message = "This film has shows to come; cancel them first, or wait for the last one."


class CinemaHasComingShows(ScheduleError):
    """The cinema has coming shows, so it can't be archived."""

    code = "CINEMA_HAS_SHOWS"
    summary = "This cinema has shows to come."
    when = "Archiving a cinema that has shows to come."
    message = "This cinema has shows to come; cancel them first, or wait for the last one."


class Archived(ScheduleError):
    """The film or the cinema is archived."""

    code = "ARCHIVED"
    summary = "This film or cinema is archived; restore it before scheduling shows."
    when = "Scheduling a show of an archived film, or in an archived cinema."


class ShowHasBookings(ScheduleError):
    """The show has or had bookings or holds, so it can only be cancelled."""

    code = "SHOW_HAS_BOOKINGS"
    summary = "This show has bookings."
    when = "Deleting a show that had a booking."
    message = "This show has bookings, so it can only be cancelled."


class PlanHasProblems(ScheduleError):
    """Some shows of the planner's plan can't be scheduled, so none was scheduled."""

    code = "PLAN_HAS_PROBLEMS"
    summary = "Some shows of this plan can't be made."
    when = "A plan of shows that overlap, or that can't be scheduled."

    def __init__(self, wrong: int, shows: int) -> None:
        result = "it wasn’t" if wrong == shows == 1 else "none was"
        super().__init__(f"{wrong} of {shows} shows can't be scheduled, so {result}.")


class PlanTooLarge(ScheduleError):
    code = "PLAN_TOO_LARGE"
    summary = "This plan makes too many shows."
    when = "Scheduling more shows at once than one plan may make."


class PlanHasTwoCurrencies(ScheduleError):
    """The plan's screens are in cinemas of different currencies, but it has one pair of prices."""

    code = "PLAN_HAS_TWO_CURRENCIES"
    summary = "These screens sell in different currencies."
    when = "A plan with the same prices for screens of two currencies."

    def __init__(self, currencies: list[str]) -> None:
        names = f"{', '.join(currencies[:-1])} and {currencies[-1]}"
        super().__init__(f"These screens sell in {names}, so they need a plan for each currency.")


class CurrencyInUse(ScheduleError):
    """The cinema has or had bookings, so its currency can't change: amounts would change too."""

    code = "CURRENCY_IN_USE"
    summary = "This cinema has bookings, so its currency can't change."
    when = "Changing the currency of a cinema that has or had bookings."

    def __init__(self, currency: str) -> None:
        super().__init__(
            f"There are bookings in {currency}, so the currency can't change any more. To sell in"
            " another currency, add a cinema and archive this one."
        )


class PriceTooFine(ScheduleError):
    """The price has more decimals than the cinema's currency, so nobody could pay it."""

    code = "PRICE_TOO_FINE"
    status = 400
    summary = "This price can't be paid in the cinema's currency."
    when = "A price with more decimals than the cinema's currency has."
