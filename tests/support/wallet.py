"""Keys for passes, made for a test: a certificate like Apple's for a Pass Type ID, its issuer, and
the key of a service account like Google's."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from pytest_django import Settings

PASS_TYPE_ID, TEAM_ID = "pass.example.tickets", "TEAM123456"
ISSUER_ID, ACCOUNT = "3388000000012345678", "passes@example.iam.gserviceaccount.com"
PASSWORD = "the key's password"
DAY = timedelta(days=1)


@cache
def rsa_key(what: str) -> rsa.RSAPrivateKey:
    """One key for each word, made once: making one takes a moment."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class AppleFiles:
    certificate: Path
    key: Path
    issuer: Path


def certificate(subject: x509.Name, *, of: str, by: str, until: datetime) -> x509.Certificate:
    """A certificate of the key `of`, signed by the key `by`, valid until then."""
    issuer = _name((NameOID.COMMON_NAME, f"Test issuer {by}"))
    is_issuer = of == by
    builder = (
        x509.CertificateBuilder()
        .subject_name(issuer if is_issuer else subject)
        .issuer_name(issuer)
        .public_key(rsa_key(of).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - 365 * DAY)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=is_issuer, path_length=None), critical=True)
    )
    return builder.sign(rsa_key(by), SHA256())


def _name(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def write_apple_files(
    folder: Path, *, until: datetime | None = None, encoding: Encoding = Encoding.DER
) -> AppleFiles:
    """The three files that the operator has, certificates in DER as Apple hands them out."""
    until = until or datetime.now(UTC) + 100 * DAY
    subject = _name(
        (NameOID.USER_ID, PASS_TYPE_ID),
        (NameOID.COMMON_NAME, f"Pass Type ID: {PASS_TYPE_ID}"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, TEAM_ID),
    )
    own = certificate(subject, of="pass", by="issuer", until=until)
    issuer = certificate(subject, of="issuer", by="issuer", until=until + DAY)
    files = AppleFiles(folder / "pass.cer", folder / "pass.key", folder / "issuer.cer")
    files.certificate.write_bytes(own.public_bytes(encoding))
    files.issuer.write_bytes(issuer.public_bytes(encoding))
    files.key.write_bytes(private_pem("pass", password=PASSWORD))
    return files


def private_pem(what: str, *, password: str = "") -> bytes:
    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return rsa_key(what).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def public_pem(what: str) -> bytes:
    return rsa_key(what).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def use_apple(settings: Settings, files: AppleFiles) -> None:
    settings.APPLE_PASS_CERTIFICATE = str(files.certificate)
    settings.APPLE_PASS_KEY = str(files.key)
    settings.APPLE_PASS_KEY_PASSWORD = PASSWORD
    settings.APPLE_WWDR_CERTIFICATE = str(files.issuer)


def write_google_file(folder: Path) -> Path:
    account = {
        "type": "service_account",
        "client_email": ACCOUNT,
        "private_key": private_pem("google").decode(),
    }
    file = folder / "google.json"
    file.write_text(json.dumps(account))
    return file


def use_google(settings: Settings, file: Path) -> None:
    settings.GOOGLE_WALLET_KEY_FILE = str(file)
    settings.GOOGLE_WALLET_ISSUER_ID = ISSUER_ID
