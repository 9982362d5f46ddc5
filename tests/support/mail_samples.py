"""Every mail that the site can send, with long names and titles, without a database."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bookings.mails.about import map_link
from bookmyshow.core.mail import site_link
from bookmyshow.environment import ROOT
from movies.models import Movie
from shows.models import Cinema, Screen, Show

TEMPLATES = ROOT / "templates"
TITLE = "The Assassination of Jesse James by the Coward Robert Ford & Donaudampfschifffahrt"


def templates_of_mails() -> list[str]:
    """The names of all templates that extend the frame of mails, without their endings."""
    found = (path for path in TEMPLATES.rglob("mail/*.html") if not path.name.startswith("_"))
    return sorted(str(Path(path).relative_to(TEMPLATES).with_suffix("")) for path in found)


def context() -> dict[str, Any]:
    """What the mails' templates are given, with all optional parts."""
    cinema = Cinema(
        name="Regal Colaba & Sons",
        city="Mumbai",
        address="Apollo Bandar, Colaba Causeway, near the Gateway of India, Mumbai 400005",
        timezone="Asia/Kolkata",
        currency="INR",
    )
    starts = datetime(2031, 7, 4, 14, 15, tzinfo=UTC)
    movie = Movie(title=TITLE, slug="long")
    show = Show(
        movie=movie,
        screen=Screen(cinema=cinema, name="Screen 2"),
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
    )
    references = ["BMV7K2M9QXA1B2C", "BMV7K2M9QXA1B2D"]
    link = site_link(f"/bookings/guest/{'x' * 150}/")
    return {
        "show": show,
        "movie": movie,
        "cinema": cinema,
        "map_link": map_link(cinema),
        "times_link": site_link("/movies/long/"),
        "starts": show.local_start,
        "was": show.local_start - timedelta(hours=1),
        "until": show.local_start,
        "minutes": 10,
        "seats": [f"AA{number}" for number in range(1, 11)],
        "booking": SimpleNamespace(total_seats=2, seats=["A1", "A2"], total_amount=Decimal(500)),
        "references": references,
        "tickets": [{"reference": name, "link": link} for name in references],
        "link": link,
        "stop_link": link,
        "leave_link": link,
        "place_link": link,
        "wish": SimpleNamespace(city="Mumbai"),
        "currency": "INR",
        "amount": Decimal("1234567.50"),
        "money": {"currency": "INR", "back": 720_00, "at_counter": 10_00, "reserved": 5_00},
        "money_line": "₹12,34,567.50 paid online on Thu 26 Nov",
        "kept_line": "By the terms of this ticket, ₹20 of what you paid is kept.",
        "why": "the projector broke & nobody could repair it",
        "terms": ["You can cancel on the ticket’s page.", "Until Fri 4 Jul, 17:45: all back."],
        "wallets": [{"label": "Add to Apple Wallet", "link": link}],
        "has_receipt": True,
        "late": True,
        "is_due": True,
        "by_customer": True,
        "changed_at": "4 July 2031, 14:15 UTC",
        "by": "Noor O’Neil <noor@example.com>",
        "what": "name and phone number",
    }
