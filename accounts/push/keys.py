"""The site's key for web push (VAPID, RFC 8292). Push services know the site by it.

It is the setting VAPID_PRIVATE_KEY. Without the setting, the first process that needs a key makes
one and stores it in VAPID_KEY_FILE. Browsers accept messages only from the key that they subscribed
with, so a key must stay the same (docs/deploy.md).
"""

import hashlib
import logging
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

log = logging.getLogger(__name__)

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class ServerKey:
    """`public` is the key in the form that browsers take (base64url, 87 characters)."""

    private: ec.EllipticCurvePrivateKey
    public: str

    @property
    def name(self) -> str:
        """A short name of the key, to see whether a browser subscribed with this one."""
        return hashlib.sha256(self.public.encode()).hexdigest()[:16]


def server_key() -> ServerKey | None:
    """The key in use. None if there is no setting and the file can't be used: then the site goes on
    without web push."""
    text = key_text()
    return _parsed(text) if text else None


def key_text() -> str:
    """The private key in base64url, "" if there is none."""
    return settings.VAPID_PRIVATE_KEY or _stored(Path(settings.VAPID_KEY_FILE))


@cache
def _parsed(text: str) -> ServerKey | None:
    try:
        number = decoded(text)
        if len(number) != KEY_BYTES:
            raise ValueError(len(number))
        private = ec.derive_private_key(int.from_bytes(number), ec.SECP256R1())
    except ValueError:
        log.warning("web push is off: %s holds no valid key", settings.VAPID_KEY_FILE)
        return None
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return ServerKey(private, encoded(point))


@cache
def _stored(file: Path) -> str:
    """The key in the file, which is made if it is missing. "" if that fails.

    Any number of processes may come at once. Each writes a file of its own and links it to the
    name; the first link wins, and all read the winner's key.
    """
    try:
        with suppress(FileNotFoundError):
            return file.read_text(encoding="ascii").strip()
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as written:
                written.write(secrets.token_urlsafe(KEY_BYTES))
            with suppress(FileExistsError):
                os.link(draft, file)
        finally:
            draft.unlink()
        return file.read_text(encoding="ascii").strip()
    except OSError as error:
        log.warning("web push is off: no VAPID_PRIVATE_KEY, and %s: %s", file, type(error).__name__)
        return ""


def encoded(data: bytes) -> str:
    """base64url without padding, as browsers and push services use it."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of a base64url text, with or without padding. Raises ValueError."""
    text = text.rstrip("=")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
