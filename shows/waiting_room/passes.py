"""The pass of a person who was let in: signed, for one account and one on-sale, with an end.

A hold at a show on sale needs one (docs/spec.md §24.4). It is not stored: entering again gives the
same pass.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from django.core.signing import BadSignature, Signer
from django.http import HttpResponse

from .errors import PassExpired, PassInvalid, PassMissing

#: The API's header.
HEADER = "X-On-Sale-Pass"
COOKIE = "on-sale-pass-"
#: A browser may have passes of several on-sales. More passes, and longer ones, are not read.
MOST = 8
LONGEST = 120


class Pass(NamedTuple):
    """What a pass says, after its signature was checked."""

    on_sale_id: int
    user_id: int
    ends_at: datetime


def make(on_sale_id: int, user_id: int, ends_at: datetime) -> str:
    """The pass as text, for a cookie or the header."""
    return _signer().sign(f"{on_sale_id}-{user_id}-{int(ends_at.timestamp())}")


def check(text: str, on_sale_id: int, user_id: int, now: datetime) -> Pass:
    """Raises PassMissing, PassInvalid, PassExpired."""
    if not text:
        raise PassMissing(on_sale_id)
    found = read([text], user_id)
    if not found or found[0].on_sale_id != on_sale_id:
        raise PassInvalid(on_sale_id)
    if found[0].ends_at <= now:
        raise PassExpired(on_sale_id)
    return found[0]


def check_any(texts: Iterable[str], on_sale_id: int, user_id: int, now: datetime) -> Pass:
    """The first of these passes that is valid; raises like `check`.

    An expired pass of this on-sale is named before a pass that is for something else.
    """
    problem: Exception = PassMissing(on_sale_id)
    for text in texts:
        try:
            return check(text, on_sale_id, user_id, now)
        except PassExpired as error:
            problem = error
        except PassInvalid as error:
            problem = problem if isinstance(problem, PassExpired) else error
    raise problem


def read(texts: Iterable[str], user_id: int) -> list[Pass]:
    """Those of these passes that are signed for this person, expired ones too."""
    read = (_read(text) for text in [*texts][:MOST])
    return [found for found in read if found and found.user_id == user_id]


def of_cookies(cookies: Mapping[str, str]) -> list[str]:
    """The passes that a browser sent."""
    return [text for name, text in cookies.items() if name.startswith(COOKIE)]


def set_cookie(response: HttpResponse, text: str, *, secure: bool) -> None:
    """Set a pass from `make` as a cookie. Scripts can't read it; it ends when the pass ends."""
    found = _read(text)
    assert found
    response.set_cookie(
        f"{COOKIE}{found.on_sale_id}",
        text,
        expires=found.ends_at,
        httponly=True,
        secure=secure,
        samesite="Lax",
    )


def _signer() -> Signer:
    return Signer(salt="waiting_room.pass", sep=".")


def _read(text: str) -> Pass | None:
    if len(text) > LONGEST:
        return None
    try:
        on_sale_id, user_id, end = map(int, _signer().unsign(text).split("-"))
    except (BadSignature, ValueError):
        return None
    return Pass(on_sale_id, user_id, datetime.fromtimestamp(end, UTC))
