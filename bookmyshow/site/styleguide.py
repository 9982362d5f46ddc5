"""The style guide: one staff page that shows all design tokens and components (docs/design.md)."""

import re

from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.forms import SignUpForm
from bookmyshow.environment import ROOT
from movies.models import Movie
from shows.listings.showtimes import Fullness

COLOURS = [
    ("ground", "the page"),
    ("surface", "cards, fields"),
    ("raised", "menus, hover"),
    ("line", "hairlines, decoration only"),
    ("edge", "borders that carry meaning"),
    ("ink", "text"),
    ("muted", "secondary text"),
    ("marquee", "the one action, the chosen seat"),
    ("gold", "premium seats, nothing else"),
    ("ok", "plenty of seats, success"),
    ("warn", "filling up, warnings"),
]
SIZES = [
    (1, "small print"),
    (2, "text"),
    (3, "lead"),
    (4, "section"),
    (5, "page"),
    (6, "a film’s title"),
]


@staff_member_required
@require_safe
def style_page(request: HttpRequest) -> HttpResponse:
    """Show the tokens and the components as the pages use them. For staff."""
    sheet = ROOT / "static" / "icons.svg"
    wrong = SignUpForm({"name": "", "email": "asha@", "password": "123"}, auto_id="wrong_%s")
    context = {
        "colours": COLOURS,
        "sizes": SIZES,
        "spaces": range(1, 10),
        "icons": re.findall(r'<symbol id="([a-z-]+)"', sheet.read_text()),
        "form": SignUpForm(),
        "wrong": wrong,
        "fullness": [Fullness.of(free=free, total=100) for free in (100, 45, 7, 0)],
        "kinds": ["info", "success", "warning", "error"],
        "films": Movie.objects.prefetch_related("genres").order_by("-pk")[:6],
    }
    return render(request, "site/styleguide.html", context)
