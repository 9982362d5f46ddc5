"""Reads the settings from the environment.

If a value is missing or malformed, the process ends with one line that names the setting.
"""

import os
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import combinations
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from .core.addresses import BadAddress
from .core.cancellation_steps import parse_steps
from .core.currencies import CURRENCIES
from .core.db.addresses import STANDBY, read_database
from .core.redis_addresses import read_sentinels
from .core.secret_strength import is_guessable, is_push_key

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent
MAKE_ONE = 'make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'
SWITCH_WORDS = dict.fromkeys(("on", "1", "true", "yes"), True)
SWITCH_WORDS |= dict.fromkeys(("off", "0", "false", "no"), False)
DURATION_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

# These commands run while an image is built, where there are no secrets and no servers.
BUILDING = Path(sys.argv[0]).name == "manage.py" and sys.argv[1:2] in (
    ["collectstatic"],
    ["collect_changed_static"],
)

env = environ.Env()
environ.Env.read_env(ROOT / ".env")


def refuse(name: str, why: str) -> NoReturn:
    """End the process with one line: the setting's name, and what to do."""
    sys.exit(f"{name}: {why}")


def read(name: str, parse: Callable[[str], T], default: str | None, why: str) -> T:
    """The parsed value of a setting. `default` is parsed if the setting is unset or empty.

    Ends the process with `why` if there is no value, or if `parse` raises ValueError, KeyError or
    OverflowError.
    """
    text = env.str(name, default="") or default
    if text is None:
        refuse(name, f"not set; {why}")
    try:
        return parse(text.strip())
    except (ValueError, KeyError, OverflowError):
        refuse(name, f"{text!r} can't be read; {why}")


def switch(name: str, *, default: bool) -> bool:
    default_word = "on" if default else "off"
    return read(name, lambda text: SWITCH_WORDS[text.lower()], default_word, "use on or off")


def whole_number(name: str, *, default: int, least: int, most: int) -> int:
    def parse(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ValueError(text)
        return value

    return read(name, parse, str(default), f"use a whole number from {least} to {most}")


def comma_separated(name: str, default: str = "") -> list[str]:
    """A comma-separated list. If the setting is unset, `default` is used."""
    return [word.strip() for word in env.str(name, default=default).split(",") if word.strip()]


def origins(name: str) -> list[str]:
    """A comma-separated list of origins such as https://tickets.example."""
    found = comma_separated(name)
    for origin in found:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path not in {"", "/"}:
            refuse(name, f"{origin!r} is not an origin; use for example https://tickets.example")
    return [origin.rstrip("/") for origin in found]


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """A comma-separated list of addresses and networks, such as 10.0.0.0/8; empty when unset."""
    found = []
    for word in comma_separated(name):
        try:
            found.append(ip_network(word))
        except ValueError:
            refuse(name, f"{word!r} is not a network; use for example 10.0.0.0/8")
    return found


def site_url(name: str, *, https: bool, hosts: list[str]) -> str:
    """The public address of the site, without a path. By default it is made from `hosts[0]`."""
    named = origins(name)
    if named:
        return named[0]
    host = hosts[0].lstrip(".") if hosts and hosts[0] != "*" else "localhost"
    if https:
        return f"https://{host}"
    return f"http://{host}:{whole_number('PORT', default=8000, least=1, most=65535)}"


def duration(
    name: str,
    *,
    default: str,
    least: timedelta = timedelta(seconds=1),
    most: timedelta = timedelta.max,
) -> timedelta:
    """A length of time such as 7d, 12h, 30m or 45s, from `least` to `most`."""

    def parse(text: str) -> timedelta:
        length = timedelta(**{DURATION_UNITS[text[-1]]: int(text[:-1])})
        if not least <= length <= most:
            raise ValueError(text)
        return length

    limits = "" if most == timedelta.max else f", from {least} to {most} (hours:minutes:seconds)"
    why = f"use a number and a unit, such as 7d, 12h, 30m or 45s{limits}"
    return read(name, parse, default, why)


def secret(name: str, *, debug: bool) -> str:
    """A secret of at least 32 characters that is hard to guess.

    If the setting is empty, the secret is random while an image is built, and a fixed text with
    DEBUG. Otherwise, and for a secret that is too short or easy to guess, the process ends.
    """
    value = env.str(name, default="")
    if not value and BUILDING:
        return secrets.token_urlsafe(48)
    if not value and debug:
        return f"only-for-debugging-{name.lower()}-never-deployed"
    if len(value) < 32:
        refuse(
            name,
            f"needs a secret of at least 32 characters, which must stay the same; {MAKE_ONE}",
        )
    if is_guessable(value):
        refuse(name, f"is easy to guess (a pattern, or few different characters); {MAKE_ONE}")
    return value


def refuse_equal(**secrets: str) -> None:
    """End the process if two secrets are equal, because a leak of one would reveal both."""
    for (name, value), (other, same) in combinations(secrets.items(), 2):
        if value and value == same:
            refuse(other, f"is the same as {name}; {MAKE_ONE}")


def database(name: str) -> dict[str, Any]:
    """Django's database settings from a postgresql:// address. Other databases are refused."""
    address = env.str(name, default="")
    if not address and BUILDING:
        address = "postgresql:///not-used"
    if not address:
        refuse(
            name,
            "not set; use postgresql://user:password@host:5432/name,"
            " or put `python -m bookmyshow.embedded` before the command",
        )
    try:
        return read_database(address)
    except BadAddress as error:
        refuse(name, str(error))


def replica(name: str) -> dict[str, Any] | None:
    """Django's settings of a copy of the database. None if the setting is not set."""
    address = env.str(name, default="")
    try:
        return read_database(address, sessions=STANDBY) if address else None
    except BadAddress as error:
        refuse(name, str(error))


def redis(name: str) -> str:
    """The address of a Redis or Valkey server, or of the sentinels that know where it is."""
    address = env.str(name, default="")
    if not address and BUILDING:
        address = "redis://not-used"
    try:
        read_sentinels(address)
    except BadAddress as error:
        refuse(name, str(error))
    return address


def token(name: str) -> str:
    """A secret of at least 16 characters, or "" if it is not set."""
    value = env.str(name, default="")
    if value and len(value) < 16:
        refuse(name, "needs at least 16 characters; leave it empty to switch off what it protects")
    return value


def sentry_dsn(name: str) -> str:
    """The Sentry address that errors are reported to, or "" if it is not set."""
    value = env.str(name, default="")
    parts = urlsplit(value)
    if value and not (
        parts.scheme in {"http", "https"} and parts.username and parts.path.strip("/")
    ):
        refuse(name, "is not a Sentry DSN; use for example https://key@sentry.example/1")
    return value


def push_key(name: str) -> str:
    """A private key for web push: 32 bytes in base64url. "" if it is not set."""
    text = env.str(name, default="").strip().rstrip("=")
    if text and not is_push_key(text):
        refuse(
            name,
            "needs 32 random bytes in base64url (43 characters); make them with:"
            ' python -c "import secrets; print(secrets.token_urlsafe(32))"',
        )
    return text


def push_subject(name: str, *, sender: str) -> str:
    """How push services reach the operator: mailto: or https:. By default the sender of mails."""

    def parse(text: str) -> str:
        if not re.fullmatch(r"(mailto:[^@\s]+@[\w.-]+|https://[\w.-]+)", text):
            raise ValueError(text)
        return text

    why = "use for example mailto:tickets@tickets.example"
    return read(name, parse, f"mailto:{parseaddr(sender)[1]}", why)


def url_prefix(name: str, *, default: str) -> str:
    """The first part of URL paths. It ends with a slash and does not begin with one."""

    def parse(text: str) -> str:
        path = text.strip("/")
        if not re.fullmatch(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", path):
            raise ValueError(text)
        return f"{path}/"

    return read(name, parse, default, "use letters, digits, - and _, such as back-office/")


def currency(name: str, *, default: str) -> str:
    def parse(text: str) -> str:
        if text not in CURRENCIES:
            raise ValueError(text)
        return text

    return read(name, parse, default, "use the three letters of ISO 4217, such as INR")


def cancellation_policy(name: str) -> str:
    """The text of the policy ("120:100,20:50"), or "" if it is not set."""
    text = env.str(name, default="").strip()
    try:
        parse_steps(text)
    except ValueError as error:
        refuse(name, str(error))
    return text


def one_of(name: str, *allowed: str, default: str) -> str:
    """One of these words; "" is allowed if it is the default."""

    def parse(text: str) -> str:
        if text not in {*allowed, default}:
            raise ValueError(text)
        return text

    return read(name, parse, default, f"use {', '.join(allowed)}")


def pgbouncer(name: str) -> str:
    """ "" without PgBouncer, "on" with it, "prepared" if it keeps prepared statements."""

    def parse(text: str) -> str:
        return text if text == "prepared" else "on" if SWITCH_WORDS[text.lower()] else ""

    return read(name, parse, "off", "use on, prepared or off")


def sandbox_url(name: str) -> str:
    """The origin of the payment sandbox. By default it listens one port above the site."""
    port = whole_number("PORT", default=8000, least=1, most=65535)
    return (origins(name) or [f"http://localhost:{port + 1}"])[0]


def live_port(name: str) -> int:
    """The port of the process that pushes seat maps. By default two ports above the site."""
    port = whole_number("PORT", default=8000, least=1, most=65535)
    return whole_number(name, default=min(port + 2, 65535), least=1, most=65535)


def live_url(name: str, *, https: bool) -> str:
    """Where browsers find that process; it ends with a slash. "" if it is not set.

    A path of the site, a complete address, or a port of the host that the page came from. Pages
    with HTTPS can't use an address without.
    """
    text = env.str(name, default="").strip()
    if not text:
        return ""
    host = r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?"
    if not re.fullmatch(rf"({host}|:[0-9]{{1,5}})?(/[A-Za-z0-9_-]+)+/?", text):
        why = "use /live/, https://live.example/live/ or :8002/live/"
        refuse(name, f"{text!r} can't be read; {why}")
    if https and text.startswith("http:"):
        refuse(name, "pages with HTTPS can't use it; use https://, or a path such as /live/")
    return f"{text.rstrip('/')}/"


def check_payments(provider: str, *, at_cinema: bool, keys: Mapping[str, object]) -> None:
    """End the process if nothing could be paid, a key is missing, or live keys meet the sandbox.

    `keys` are the settings of all providers by name.
    """
    if not provider and not at_cinema:
        refuse("PAYMENTS", "nothing can be paid: set PAYMENTS, or set PAY_AT_CINEMA=on")
    for name, value in keys.items():
        if name.lower().startswith(f"{provider}_") and not value:
            refuse(name, f"not set; PAYMENTS={provider} needs it")
        if provider == "sandbox" and str(value).startswith(("sk_live_", "rk_live_", "rzp_live_")):
            refuse(name, "is a live key; with PAYMENTS=sandbox leave it empty")


def file(name: str) -> str:
    """The path of a file that can be read, or "" if the setting is not set."""
    path = env.str(name, default="").strip()
    if path and not os.access(path, os.R_OK):
        refuse(name, "no file can be read there; use its complete path, or leave it empty")
    return path


def refuse_incomplete(**values: str) -> None:
    """End the process if some of the settings that only work together are set and others not."""
    missing = [name for name, value in values.items() if not value]
    if missing and len(missing) < len(values):
        given = next(name for name, value in values.items() if value)
        refuse(missing[0], f"not set; {given} needs it")


def host_names(name: str) -> list[str]:
    """A comma-separated list of host names, without scheme, port and path; empty when unset."""
    found = [word.lower() for word in comma_separated(name)]
    for host in found:
        if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", host):
            refuse(name, f"{host!r} is not a host name; use for example images.example.com")
    return found


def sender(name: str, *, default: str) -> str:
    """The sender of mail: an address, or a name followed by an address in angle brackets."""

    def parse(text: str) -> str:
        try:
            validate_email(parseaddr(text)[1])
        except ValidationError as error:
            raise ValueError(text) from error
        return text

    return read(name, parse, default, "use for example Tickets <tickets@tickets.example>")


def web_concurrency() -> int:
    """The number of gunicorn's workers. Default: one for each processor, at least 2, at most 8."""
    default = min(max(os.cpu_count() or 1, 2), 8)
    return whole_number("WEB_CONCURRENCY", default=default, least=1, most=256)


def mail_settings(name: str) -> dict[str, Any]:
    """Django's mail settings from an address such as smtp+tls://…, or {} if it is not set."""
    if not env.str(name, default=""):
        return {}
    try:
        settings = dict(env.email_url(name))
    except (ValueError, KeyError, environ.ImproperlyConfigured):
        refuse(name, "can't be read; use for example smtp+tls://user:password@mail.example:587")
    # django-environ drops the first slash of the path, so the path would be a relative one.
    if settings["EMAIL_BACKEND"].endswith("filebased.EmailBackend"):
        settings["EMAIL_FILE_PATH"] = "/" + settings["EMAIL_FILE_PATH"].lstrip("/")
    return settings
