"""Where a request comes from, believing X-Forwarded-For only as far as trusted proxies wrote it."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
#: The limit of an IPv6 /48 is this many times that of a /64.
WIDER_FACTOR = 4


def client_address(request: HttpRequest) -> str:
    """The client's address: the nearest hop that is none of TRUSTED_PROXIES.

    Each proxy appends whom it heard from, so the header is read from its right end; what stands
    left of the first untrusted hop is whatever the client wrote, and so is a hop that's no address.
    """
    nearest = _parsed(request.META.get("REMOTE_ADDR", ""))
    if nearest is None:
        return "unknown"
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while _is_trusted(nearest) and hops:
        further = _parsed(hops.pop().strip())
        if further is None:
            break
        nearest = further
    return str(nearest)


def client_network(request: HttpRequest) -> str:
    """What to count a client by: one IPv6 customer has a whole /64 of addresses to come from."""
    return client_networks(request)[0][0]


def client_networks(request: HttpRequest) -> list[tuple[str, int]]:
    """The networks to count a client by, the narrowest first, and how much more each may do.

    An IPv4 address stands for itself. An IPv6 site has a /48, with 65,536 networks of /64 to come
    from; many customers of one provider may share it.
    """
    address = client_address(request)
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
