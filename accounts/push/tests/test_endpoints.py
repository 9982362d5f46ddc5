"""Which addresses a message may be sent to."""

import socket
from ipaddress import ip_address
from typing import Any

import pytest
from pytest_django import Settings

from accounts.push.endpoints import BadEndpoint, is_public, parse_endpoint
from accounts.push.transport import post
from tests.support.push_service import PushService

GOOD = [
    "https://fcm.googleapis.com/fcm/send/dEf:APA91b_x-1",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
    "https://web.push.apple.com/QGuQyavXutnMH",
    "https://wns2-by3p.notify.windows.com/w/?token=BQYAAAA%3d",
    "https://push.example:443/x",
    "https://8.8.8.8/x",
]
BAD = [
    "",
    "http://fcm.googleapis.com/fcm/send/x",
    "ftp://push.example/x",
    "javascript:alert(1)",
    "//push.example/x",
    "https:///x",
    "http://push.example:443/x",
    "https://push.example:8443/x",
    "https://push.example:22/x",
    "https://push.example:99999/x",
    "https://user:secret@push.example/x",
    "https://push.example/a b",
    "https://push.example/\r\nX-Injected: 1",
    "https://pûsh.example/x",
    "https://localhost/x",
    "https://printer.local/x",
    "https://metadata.google.internal/x",
    "https://intranet/x",
    "https://127.0.0.1/x",
    "https://10.1.2.3/x",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://[fe80::1]/x",
    "https://[fd00::1]/x",
    f"https://push.example/{'x' * 1000}",
]
PRIVATE = [
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.1.2.3", "169.254.169.254", "172.16.0.1",
    "192.0.2.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::",
    "::1", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:c0a8:101::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "142.250.74.74", "2a00:1450:4001:830::200a", "64:ff9b::808:808"]


@pytest.mark.parametrize("endpoint", GOOD)
def test_endpoints_of_push_services_are_taken(endpoint: str) -> None:
    assert parse_endpoint(endpoint).port == 443


@pytest.mark.parametrize("endpoint", BAD)
def test_other_addresses_are_refused(endpoint: str) -> None:
    with pytest.raises(BadEndpoint):
        parse_endpoint(endpoint)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_known(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(ip_address(address))


def test_only_the_test_origin_may_be_private_and_without_https(settings: Settings) -> None:
    settings.PUSH_TEST_ORIGIN = "http://127.0.0.1:8162"
    assert parse_endpoint("http://127.0.0.1:8162/push/x").is_trusted
    for other in ("http://127.0.0.1:8163/push/x", "http://127.0.0.1/x", "https://127.0.0.1:8162/x"):
        with pytest.raises(BadEndpoint):
            parse_endpoint(other)
    assert not parse_endpoint(GOOD[0]).is_trusted


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::1"]])
def test_a_public_name_that_leads_to_a_private_address_is_not_connected_to(
    addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name server is the attacker's. Nothing may be connected to, not even its good address."""
    connected = []

    def look_up(_host: str, port: int, **_options: Any) -> list[Any]:
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, 1, 6, "", (address, port))
            for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", lambda _self, to: connected.append(to))
    with pytest.raises(BadEndpoint, match="private network"):
        post(parse_endpoint("https://push.attacker.example/x"), b"x", {})
    assert connected == []


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(
    push_service: PushService, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second look-up would get another answer: that is how DNS rebinding works."""
    looked_up: list[str] = []
    settings.PUSH_TEST_ORIGIN = f"http://push.example:{push_service.server_port}"

    def look_up(host: str, port: int, **_options: Any) -> list[Any]:
        looked_up.append(host)
        address = "127.0.0.1" if len(looked_up) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    endpoint = parse_endpoint(f"{settings.PUSH_TEST_ORIGIN}/unknown")
    assert post(endpoint, b"x", {"Content-Type": "text/plain"}) == 404
    assert looked_up == ["push.example"]
