"""Which addresses messages may be sent to. An endpoint comes from a browser, so it can be anything.

Without these rules, people could make this site send requests into its own network. The name of
a host proves nothing: it may lead to a private address, or to another address at each look-up. So
`transport.post` checks each address (`is_public`) and connects to one that it has checked.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from django.conf import settings

from .models import LONGEST_ENDPOINT

PORTS = {443}
# An IPv4 address is in the last 32 bits of these (RFC 6052).
NAT64 = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address


class BadEndpoint(ValueError):
    """Nothing is sent to this address. The message says why, without the address."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint in parts. `is_trusted`: it is the one of PUSH_TEST_ORIGIN."""

    scheme: str
    host: str
    port: int
    path: str
    is_trusted: bool

    @property
    def origin(self) -> str:
        """As VAPID wants it: without the port if it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        own = {"https": 443, "http": 80}[self.scheme]
        return f"{self.scheme}://{host}" + ("" if self.port == own else f":{self.port}")


def parse_endpoint(text: str) -> Endpoint:
    """The parts of an endpoint. Raises BadEndpoint unless it is HTTPS to an allowed port.

    PUSH_TEST_ORIGIN is allowed in addition: the push service of the tests is on this machine.
    """
    if not text or len(text) > LONGEST_ENDPOINT or not text.isascii() or not text.isprintable():
        raise BadEndpoint("is empty, too long or has odd characters")
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise BadEndpoint("can't be read") from error
    if parts.scheme not in {"https", "http"} or not host or " " in text:
        raise BadEndpoint("is not an address of the web")
    if parts.username is not None or parts.password is not None:
        raise BadEndpoint("has a user name in it")
    path = parts.path or "/"
    path += f"?{parts.query}" if parts.query else ""
    port = port or {"https": 443, "http": 80}[parts.scheme]
    found = Endpoint(parts.scheme, host, port, path, is_trusted=False)
    if settings.PUSH_TEST_ORIGIN and found.origin == settings.PUSH_TEST_ORIGIN:
        return Endpoint(parts.scheme, host, port, path, is_trusted=True)
    if parts.scheme != "https":
        raise BadEndpoint("is not HTTPS")
    if port not in PORTS:
        raise BadEndpoint("has a port that no push service uses")
    _refuse_private_name(host)
    return found


def _refuse_private_name(host: str) -> None:
    """Refuse at once what can be seen without a look-up."""
    try:
        address = ip_address(host)
    except ValueError:
        if "." not in host or host.endswith((".localhost", ".local", ".internal")):
            raise BadEndpoint("is a name of a private network") from None
    else:
        if not is_public(address):
            raise BadEndpoint("is an address of a private network")


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet, and so does an IPv4 address inside it."""
    if isinstance(address, IPv6Address):
        # A gateway forwards packets for these addresses to the IPv4 address that is inside.
        if address in NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        teredo = address.teredo
        inner = address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
        if inner is not None and not is_public(inner):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved
