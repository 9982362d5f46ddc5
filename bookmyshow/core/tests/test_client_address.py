from ipaddress import ip_network
from typing import Any

import pytest
from django.test import RequestFactory

from bookmyshow.core.client_address import client_address, client_network

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


def address(settings: Any, remote: str, forwarded: str | None = None) -> str:
    settings.TRUSTED_PROXIES = PROXIES
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=remote))


@pytest.mark.parametrize(
    ("remote", "forwarded", "expected"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("", "198.51.100.1", "unknown"),
    ],
)
def test_only_trusted_hops_are_believed(
    settings: Any, remote: str, forwarded: str | None, expected: str
) -> None:
    assert address(settings, remote, forwarded) == expected


def test_without_trusted_proxies_the_header_is_ignored(settings: Any) -> None:
    assert settings.TRUSTED_PROXIES == []
    request = RequestFactory().get("/", headers={"X-Forwarded-For": "198.51.100.1"})
    assert client_address(request) == "127.0.0.1"


def test_addresses_of_one_ipv6_customer_count_as_one() -> None:
    def network(remote: str) -> str:
        return client_network(RequestFactory().get("/", REMOTE_ADDR=remote))

    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9")
    assert network("2001:db8:1:2::1") != network("2001:db8:1:3::1")
    assert network("203.0.113.9") == "203.0.113.9"
