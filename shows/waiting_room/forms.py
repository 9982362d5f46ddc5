"""The admin's form of an on-sale."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q

from bookmyshow.core.time import database_now, moment_on_clock
from shows.cinema_time import CinemaTimeField
from shows.models import Show

from .models import MOST_A_MINUTE, MOST_ACTIVE, OnSale
from .pages import clock_of

Mode = OnSale.Mode
#: The defaults of a new on-sale: with them a hall of 300 seats is sold in a few minutes.
USUAL = {"rate": 60, "active_cap": 200}
LONGEST_PREQUEUE = timedelta(days=7)
FURTHEST = timedelta(days=365)
PACE = {"rate": "People a minute", "active_cap": "At the same time"}
LIMITS = {"rate": MOST_A_MINUTE, "active_cap": MOST_ACTIVE}
#: The error of each of these fields, for every number that it refuses.
PACE_PROBLEMS = {
    name: dict.fromkeys(
        ("required", "invalid", "min_value", "max_value"),
        f"Enter a whole number from 1 to {most:,}.",
    )
    for name, most in LIMITS.items()
}
TIMES = {"local_prequeue": "prequeue_from", "local_opens": "opens_at"}


class OnSaleForm(forms.ModelForm):
    """A new on-sale, or one before its draw. Times are on the clock of the cinemas."""

    local_prequeue = CinemaTimeField(
        label="People can join from", help_text="Half an hour before the opening is usual."
    )
    local_opens = CinemaTimeField(
        label="Tickets go on sale", help_text="The draw is held, and the first people go in."
    )

    class Meta:
        model = OnSale
        fields = ("movie", "show", "mode", "rate", "active_cap")
        labels = {"movie": "Film", **PACE}
        error_messages = PACE_PROBLEMS
        help_texts = {
            "movie": "All its coming shows, also those that are planned later.",
            "show": "Or only this show.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        sale: OnSale | None = kwargs.get("instance")
        if sale and sale.pk:
            zone, _ = clock_of(sale.movie_id, sale.show)
            local = {
                name: getattr(sale, field).astimezone(zone).replace(tzinfo=None)
                for name, field in TIMES.items()
            }
            kwargs["initial"] = local | (kwargs.get("initial") or {})
        else:
            kwargs["initial"] = USUAL | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        if "mode" in self.fields:
            self.fields["mode"].choices = _modes(sale)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        movie, show = self._about(data)
        if self.errors or not TIMES.keys() <= self.fields.keys():
            return data
        zone, _ = clock_of(movie and movie.pk, show)
        for name, field in TIMES.items():
            data[field] = self._moment(name, data[name], zone)
        if not self.errors:
            self._check_times(data, show)
        return data

    def _about(self, data: dict[str, Any]) -> tuple[Any, Show | None]:
        """The film or the show, which can't change later."""
        if self.instance.pk:
            return self.instance.movie, self.instance.show
        movie, show = data.get("movie"), data.get("show")
        if "movie" in self.errors or "show" in self.errors:
            pass
        elif bool(movie) == bool(show):
            self.add_error("movie", "Choose a film, or one of its shows, and not both.")
        else:
            self._check_free(movie, show)
        return movie, show

    def _check_free(self, movie: Any, show: Show | None) -> None:
        if show and (show.is_cancelled or show.starts_at <= database_now()):
            self.add_error("show", "This show has begun or is cancelled.")
        film = movie or (show and show.movie)
        # A film can't have an on-sale while one of its shows has one, and the other way round.
        same = Q(movie=film) | (Q(show__movie=film) if movie else Q(show=show))
        if other := OnSale.objects.on().filter(same).first():
            self.add_error(
                "movie" if movie else "show",
                f"On-sale {other.pk} is about this already. Change it, or switch it off first.",
            )

    def _moment(self, name: str, wall: datetime, zone: ZoneInfo) -> datetime | None:
        moment = moment_on_clock(wall, zone)
        if moment is None:
            self.add_error(name, "The clocks go forward over this time; choose another.")
        return moment

    def _check_times(self, data: dict[str, Any], show: Show | None) -> None:
        now, opens, joins = database_now(), data["opens_at"], data["prequeue_from"]
        if opens <= now and opens != self.instance.opens_at:
            self.add_error("local_opens", "This is in the past.")
        elif opens > now + FURTHEST:
            self.add_error("local_opens", "This is more than a year ahead; look at the year.")
        elif show and opens >= show.starts_at:
            self.add_error("local_opens", "The show begins before that.")
        if joins > opens:
            self.add_error("local_prequeue", "People must be able to join before the opening.")
        elif opens - joins > LONGEST_PREQUEUE:
            self.add_error("local_prequeue", "That is more than a week before the opening.")


def ways_of(sale: OnSale | None) -> list[OnSale.Mode]:
    """How the sale can be open: as it was drawn, or either way before the draw."""
    if sale and sale.drawn_at:
        return [Mode.LOTTERY if sale.is_lottery else Mode.FIFO]
    return [Mode.LOTTERY, Mode.FIFO]


def _modes(sale: OnSale | None) -> list[tuple[str, str]]:
    """The modes that can be chosen. After the draw its order stays."""
    stops = [Mode.CLOSED, Mode.OFF] if sale and sale.pk else []
    return [(mode.value, str(mode.label)) for mode in [*ways_of(sale), *stops]]


class PaceForm(forms.ModelForm):
    """How fast people go in, and how many may choose seats at once."""

    class Meta:
        model = OnSale
        fields = ("rate", "active_cap")
        labels = PACE
        error_messages = PACE_PROBLEMS
