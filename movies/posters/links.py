"""Which addresses of other sites' pictures a film may have as its poster."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

# The site's content security policy shows pictures from elsewhere over https only.
OVER_HTTPS = URLValidator(
    ["https"], message="Use an address that begins with https://.", code="scheme"
)


def validate_poster_link(address: str) -> None:
    """Raises ValidationError unless it is an https address without a user name or password, and
    of one of POSTER_HOSTS where that is set."""
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
