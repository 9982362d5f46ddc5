"""The operator's keys for Apple Wallet and Google Wallet, read from the files that settings name.

A file that is wrong, or a certificate that has expired, never breaks a page: the wallet is not
offered then, and `manage.py doctor` says what is wrong (`apple_problem`, `google_problem`). The
files are read once by each process.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    load_der_private_key,
    load_pem_private_key,
    pkcs7,
)
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.utils import timezone

PEM = b"-----BEGIN"


class UnusableKeys(Exception):
    """A file can't be used. The message names the setting and says what to do."""


@dataclass(frozen=True, slots=True)
class AppleKeys:
    """A certificate for passes of one type, its key, and Apple's certificate that issued it."""

    certificate: x509.Certificate
    key: RSAPrivateKey
    intermediate: x509.Certificate
    pass_type_id: str
    team_id: str

    @property
    def expires_at(self) -> datetime:
        return min(self.certificate.not_valid_after_utc, self.intermediate.not_valid_after_utc)

    def has_expired(self, at: datetime) -> bool:
        return self.expires_at <= at

    def sign(self, content: bytes) -> bytes:
        """A detached PKCS #7 signature of `content`, with both certificates, in DER."""
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
        builder = builder.add_signer(self.certificate, self.key, SHA256())
        builder = builder.add_certificate(self.intermediate)
        # Binary: without it line ends would be changed before signing.
        options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
        return builder.sign(Encoding.DER, options)


@dataclass(frozen=True, slots=True)
class GoogleKeys:
    """The operator's issuer id at Google Wallet, and a service account that may issue passes."""

    issuer_id: str
    email: str
    key: RSAPrivateKey


def apple_keys() -> AppleKeys | None:
    """The keys of Apple passes. None: they are not set up, or can't be used now."""
    keys = _apple()
    usable = isinstance(keys, AppleKeys) and not keys.has_expired(timezone.now())
    return keys if usable else None  # type: ignore[return-value]


def apple_problem() -> str:
    """Why no Apple pass can be made although the settings are there. "" if one can, or none is."""
    keys = _apple()
    if not isinstance(keys, AppleKeys):
        return keys or ""
    if keys.has_expired(timezone.now()):
        return f"APPLE_PASS_CERTIFICATE: expired on {keys.expires_at:%d %b %Y}; renew it"
    return ""


def google_keys() -> GoogleKeys | None:
    """The keys of Google Wallet. None: they are not set up, or can't be used."""
    keys = _google()
    return keys if isinstance(keys, GoogleKeys) else None


def google_problem() -> str:
    """Why no link can be made although the settings are there. "" if one can, or none is set."""
    keys = _google()
    return keys if isinstance(keys, str) else ""


def _apple() -> AppleKeys | str | None:
    """The keys, or what is wrong with them. None if they are not set up."""
    if not settings.APPLE_PASS_CERTIFICATE:
        return None
    return _read_apple(
        settings.APPLE_PASS_CERTIFICATE,
        settings.APPLE_PASS_KEY,
        settings.APPLE_PASS_KEY_PASSWORD,
        settings.APPLE_WWDR_CERTIFICATE,
    )


def _google() -> GoogleKeys | str | None:
    if not settings.GOOGLE_WALLET_KEY_FILE:
        return None
    return _read_google(settings.GOOGLE_WALLET_KEY_FILE, settings.GOOGLE_WALLET_ISSUER_ID)


@lru_cache(maxsize=4)
def _read_apple(certificate: str, key: str, password: str, intermediate: str) -> AppleKeys | str:
    try:
        own = _certificate("APPLE_PASS_CERTIFICATE", certificate)
        issuer = _certificate("APPLE_WWDR_CERTIFICATE", intermediate)
        private = _private_key(key, password)
        _check_fit(own, private, issuer)
        pass_type_id = _of_subject(own, NameOID.USER_ID)
        team_id = _of_subject(own, NameOID.ORGANIZATIONAL_UNIT_NAME)
    except UnusableKeys as error:
        return str(error)
    return AppleKeys(own, private, issuer, pass_type_id, team_id)


def _certificate(name: str, path: str) -> x509.Certificate:
    """A certificate as Apple hands it out (DER), or as PEM."""
    content = _read(name, path)
    try:
        if content.lstrip().startswith(PEM):
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except ValueError as error:
        raise UnusableKeys(f"{name}: not a certificate; use Apple's .cer file, or PEM") from error


def _private_key(path: str, password: str) -> RSAPrivateKey:
    content = _read("APPLE_PASS_KEY", path)
    load = load_pem_private_key if content.lstrip().startswith(PEM) else load_der_private_key
    try:
        key = load(content, password=password.encode() or None)
    except (ValueError, TypeError) as error:
        words = "not a private key, or APPLE_PASS_KEY_PASSWORD is not its password"
        raise UnusableKeys(f"APPLE_PASS_KEY: {words}") from error
    if not isinstance(key, RSAPrivateKey):
        raise UnusableKeys("APPLE_PASS_KEY: not an RSA key; Apple's passes need one")
    return key


def _check_fit(own: x509.Certificate, key: RSAPrivateKey, issuer: x509.Certificate) -> None:
    if own.public_key() != key.public_key():
        raise UnusableKeys("APPLE_PASS_KEY: not the key of APPLE_PASS_CERTIFICATE")
    try:
        own.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise UnusableKeys(
            "APPLE_WWDR_CERTIFICATE: did not issue APPLE_PASS_CERTIFICATE, whose issuer is "
            f"{own.issuer.rfc4514_string()}"
        ) from error


def _of_subject(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    """The pass type id (UID) or the team id (OU), which Apple writes into the certificate."""
    found = certificate.subject.get_attributes_for_oid(oid)
    if not found:
        raise UnusableKeys(
            "APPLE_PASS_CERTIFICATE: not a certificate of a Pass Type ID"
            f" (no {oid._name} in {certificate.subject.rfc4514_string()})"
        )
    return str(found[0].value)


@lru_cache(maxsize=4)
def _read_google(path: str, issuer_id: str) -> GoogleKeys | str:
    wrong = "GOOGLE_WALLET_KEY_FILE: not the JSON key of a service account"
    try:
        account = json.loads(_read("GOOGLE_WALLET_KEY_FILE", path))
        key = load_pem_private_key(account["private_key"].encode(), password=None)
        email = account["client_email"]
    except UnusableKeys as error:
        return str(error)
    except (ValueError, KeyError, TypeError, AttributeError):
        return wrong
    if not isinstance(key, RSAPrivateKey):
        return wrong
    return GoogleKeys(issuer_id, email, key)


def _read(name: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UnusableKeys(f"{name}: {path} can't be read ({error.strerror})") from error
