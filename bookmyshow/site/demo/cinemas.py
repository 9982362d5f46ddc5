"""The demo's cinemas: invented ones in real cities. Two are in London, in another time zone."""

from dataclasses import dataclass, field, replace
from datetime import time
from decimal import Decimal

from . import seating

INDIA, LONDON = "Asia/Kolkata", "Europe/London"


@dataclass(frozen=True, slots=True)
class DemoScreen:
    """An auditorium. `opens` is the start of its first show.

    `standard` and `premium` are the prices of a normal evening, in the cinema's currency.
    """

    name: str
    plan: str
    standard: Decimal | int
    premium: Decimal | int
    opens: time
    cleaning_minutes: int = 15
    large_format: bool = False


@dataclass(frozen=True, slots=True)
class DemoMoney:
    """The currency of a cinema, its booking fee, and what its invoices say about the seller.

    `step`: prices are multiples of this. `extra_3d`: what a 3D show costs more. Companies and tax
    numbers are invented: no PAN in a GSTIN has the number 0000, and the VAT number is the tax
    office's example.
    """

    legal_name: str
    tax_number: str
    tax_place: str
    currency: str = "INR"
    booking_fee: Decimal | int = 20
    booking_fee_per: str = "ticket"
    step: Decimal | int = 10
    extra_3d: Decimal | int = 40


@dataclass(frozen=True, slots=True)
class DemoCinema:
    """A cinema.

    `languages`: the languages of its films, the most popular first. `last_start`: the latest start
    of a show.
    """

    name: str
    slug: str
    city: str
    address: str
    timezone: str
    languages: tuple[str, ...]
    last_start: time
    money: DemoMoney
    screens: tuple[DemoScreen, ...] = field(default_factory=tuple)


ARCADIA = "Arcadia Cinemas Private Limited"
#: In pounds: one cinema charges for each order, the other has no fee.
LANTERN = DemoMoney(
    "Lantern Picture Houses Ltd",
    "GB999999973",
    "GB",
    currency="GBP",
    booking_fee=1,
    booking_fee_per="order",
    step=Decimal("0.5"),
    extra_3d=2,
)
CINEMAS = (
    DemoCinema(
        "Arcadia Lower Parel",
        "arcadia-lower-parel",
        "Mumbai",
        "Senapati Bapat Marg, Lower Parel, Mumbai 400013",
        INDIA,
        ("Hindi", "English", "Telugu", "Tamil", "Japanese", "Korean"),
        time(22, 40),
        DemoMoney(ARCADIA, "27AAACA0000A1ZY", "IN-MH"),
        (
            DemoScreen("IMAX", seating.GIANT, 450, 620, time(9, 15), 25, large_format=True),
            DemoScreen("Audi 2", seating.LARGE, 320, 420, time(9, 45), 20),
            DemoScreen("Audi 3", seating.MIDDLE, 280, 360, time(10, 20)),
        ),
    ),
    DemoCinema(
        "Marine Picture House",
        "marine-picture-house",
        "Mumbai",
        "Maharshi Karve Road, Churchgate, Mumbai 400020",
        INDIA,
        (
            "English",
            "Hindi",
            "French",
            "Malayalam",
            "Bengali",
            "Portuguese",
            "Norwegian",
            "Danish",
            "No dialogue",
        ),
        time(22, 15),
        DemoMoney("Marine Picture House Private Limited", "27AAACM0000M1ZX", "IN-MH"),
        (
            DemoScreen("Grand", seating.PALACE, 240, 340, time(10, 0), 20),
            DemoScreen("Studio", seating.STUDIO, 350, 450, time(11, 0)),
        ),
    ),
    DemoCinema(
        "Arcadia Koramangala",
        "arcadia-koramangala",
        "Bengaluru",
        "80 Feet Road, Koramangala, Bengaluru 560095",
        INDIA,
        ("English", "Kannada", "Hindi", "Tamil", "Telugu", "Malayalam", "Korean"),
        time(22, 45),
        DemoMoney(ARCADIA, "29AAACA0000A1ZU", "IN-KA"),
        (
            DemoScreen("Audi 1", seating.WIDE, 300, 380, time(9, 30), 20),
            DemoScreen("Audi 2", seating.ONE_AISLE, 260, 330, time(10, 10)),
            DemoScreen("Gold", seating.RECLINERS, 700, 780, time(10, 45), 25),
        ),
    ),
    DemoCinema(
        "Malleswaram Talkies",
        "malleswaram-talkies",
        "Bengaluru",
        "Sampige Road, Malleswaram, Bengaluru 560003",
        INDIA,
        ("Kannada", "Telugu", "Tamil", "Malayalam", "Hindi"),
        time(22, 0),
        DemoMoney("Malleswaram Talkies Private Limited", "29AAACM0000T1ZF", "IN-KA"),
        (
            DemoScreen("Screen 1", seating.DEEP, 180, 250, time(10, 15), 20),
            DemoScreen("Screen 2", seating.NUMBERED, 160, 220, time(10, 45)),
        ),
    ),
    DemoCinema(
        "Lantern Bloomsbury",
        "lantern-bloomsbury",
        "London",
        "Lamb's Conduit Street, London WC1N",
        LONDON,
        (
            "English",
            "French",
            "Japanese",
            "Korean",
            "Cantonese",
            "Norwegian",
            "Danish",
            "Portuguese",
            "No dialogue",
        ),
        time(21, 15),
        LANTERN,
        (
            DemoScreen(
                "Screen 1", seating.TWELVES, Decimal("13.50"), Decimal("16.50"), time(10, 30)
            ),
            DemoScreen("Screen 2", seating.SNUG, Decimal("14.50"), 17, time(11, 15)),
        ),
    ),
    DemoCinema(
        "Lantern Peckham",
        "lantern-peckham",
        "London",
        "Rye Lane, London SE15",
        LONDON,
        ("English", "Hindi", "Japanese", "Tamil", "Malayalam", "French", "No dialogue"),
        time(21, 30),
        replace(LANTERN, booking_fee=0),
        (
            DemoScreen("Screen 1", seating.THEATRE, 11, 14, time(10, 45)),
            DemoScreen("Screen 2", seating.SOFAS, Decimal("12.50"), 16, time(11, 30)),
        ),
    ),
)
