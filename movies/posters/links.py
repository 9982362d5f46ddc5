"""Checks the link of a film's poster that is a picture on another site."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

# The Content-Security-Policy allows pictures from other sites only over HTTPS.
OVER_HTTPS = URLValidator(
    ["https"], message="Use an address that begins with https://.", code="scheme"
)


def validate_poster_link(address: str) -> None:
    """Raise ValidationError unless the address is allowed.

    It must begin with https:// and have no user name or password. If POSTER_HOSTS is set, its host
    must be one of them.
    """
    OVER_HTTPS(address)
    hosts = settings.POSTER_HOSTS
    if hosts and urlsplit(address).hostname not in hosts:
        raise ValidationError(
            f"Pages show pictures from {', '.join(hosts)} only: upload this one.", code="host"
        )
    if "@" in urlsplit(address).netloc:
        raise ValidationError(
            "Leave the user name and password out: everyone can see this address.",
            code="credentials",
        )
