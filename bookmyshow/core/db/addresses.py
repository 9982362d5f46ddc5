"""Reads addresses such as postgresql://user:password@db1:5432,db2:5432/name from settings.

With several hosts, psycopg tries one after the other and takes the first whose session fits
`target_session_attrs`. So after a failover the next connection goes to the new primary.
"""

from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from bookmyshow.core.addresses import BadAddress, read_hosts

#: `target_session_attrs` of a database that is written to. `any` is for several proxies, each of
#: which leads to the primary.
WRITABLE = ("read-write", "primary", "any")
#: The same for a replica.
STANDBY = ("prefer-standby", "standby", "read-only", "any")
EXAMPLE = "postgresql://user:password@db1:5432,db2:5432/name?target_session_attrs={}"


def read_database(address: str, *, sessions: tuple[str, ...] = WRITABLE) -> dict[str, Any]:
    """Django's settings of one database. `sessions` are the allowed `target_session_attrs`.

    Raises BadAddress. Several hosts must say which of them is wanted: without it, psycopg takes the
    first that answers, which is a standby as often as not.
    """
    parts, config = _parse(address)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    wanted = options.get("target_session_attrs")
    if wanted is not None and wanted not in sessions:
        raise BadAddress(f"target_session_attrs={wanted} can't be used; use {_either(sessions)}")
    if "," in options.get("host", ""):
        raise BadAddress(f"put the hosts before the name: {EXAMPLE.format(sessions[0])}")
    hosts = parts.netloc.rpartition("@")[2]
    if "," not in hosts:
        return config
    if wanted is None:
        raise BadAddress(f"has several hosts; add ?target_session_attrs={sessions[0]}")
    if not config["NAME"]:
        raise BadAddress(f"has no name of a database; use {EXAMPLE.format(sessions[0])}")
    names, ports = zip(*read_hosts(hosts, port=5432), strict=True)
    return {**config, "HOST": ",".join(names), "PORT": ",".join(map(str, ports))}


def _parse(address: str) -> tuple[SplitResult, dict[str, Any]]:
    """The parts of the address, and what Django makes of it. Raises BadAddress."""
    try:
        parts = urlsplit(address)
        config = dict(environ.Env.db_url_config(address))
    except (ValueError, ImproperlyConfigured):
        config = {}
    if config.get("ENGINE") != "django.db.backends.postgresql":
        raise BadAddress(
            "is not a postgresql:// address; only PostgreSQL has the row locks that booking needs"
        )
    return parts, config


def _either(words: tuple[str, ...]) -> str:
    return " or ".join(words)
