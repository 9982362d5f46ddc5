"""The client's address. X-Forwarded-For is used only as far as trusted proxies wrote it."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
#: The limit of an IPv6 /48 is this many times that of a /64.
WIDER_FACTOR = 4


def client_address(request: HttpRequest) -> str:
    """The client's address (`address_behind_proxies`)."""
    meta = request.META
    return address_behind_proxies(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", ""))


def address_behind_proxies(remote: str, forwarded: str) -> str:
    """The first hop from the right that is not one of TRUSTED_PROXIES.

    `remote` is the connection's address, `forwarded` the header X-Forwarded-For. Each proxy appends
    the address of its own client to the header, so it is read from the right. The client itself may
    have written everything to the left of that hop, so it is not read. A hop that is not an address
    ends the reading: the hop to its right is returned. Returns "unknown" if the connection has no
    address.
    """
    nearest = _parsed(remote)
    if nearest is None:
        return "unknown"
    hops = forwarded.split(",")
    while _is_trusted(nearest) and hops:
        further = _parsed(hops.pop().strip())
        if further is None:
            break
        nearest = further
    return str(nearest)


def client_network(request: HttpRequest) -> str:
    """The network to count a client by: an IPv4 address, or the /64 that an IPv6 customer has."""
    return client_networks(request)[0][0]


def client_networks(request: HttpRequest) -> list[tuple[str, int]]:
    """The networks to count a client by (`networks_of`)."""
    return networks_of(client_address(request))


def networks_of(address: str) -> list[tuple[str, int]]:
    """The networks to count a client by, each with the factor for its limit, the smallest first.

    For IPv4 this is the address. For IPv6 it is the /64 and the /48: one IPv6 customer can use all
    65,536 /64 networks of a /48, but many customers of a provider may also share a /48.
    """
    if ":" not in address:
        return [(address, 1)]
    parts = IPv6Address(address).exploded.split(":")
    return [(":".join(parts[:4]), 1), (":".join(parts[:3]), WIDER_FACTOR)]


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)


def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
