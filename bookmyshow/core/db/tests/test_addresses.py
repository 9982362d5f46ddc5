"""DATABASE_URL with several hosts. Malformed ones: bookmyshow/site/tests/test_environment.py."""

import socket

import pytest

from bookmyshow.core.addresses import BadAddress
from bookmyshow.core.db.addresses import STANDBY, read_database
from bookmyshow.core.db.limits import with_limits
from bookmyshow.core.db.pool import HostOrder

SEVERAL = "postgres://app:p%2Cw@db1:6432,db2,[::1]:5433/tickets?target_session_attrs=read-write"


def test_several_hosts_are_read_with_their_ports_and_the_session_that_is_wanted() -> None:
    found = read_database(SEVERAL)
    assert found["HOST"] == "db1,db2,::1"
    assert found["PORT"] == "6432,5432,5433"
    assert (found["USER"], found["PASSWORD"], found["NAME"]) == ("app", "p,w", "tickets")
    assert found["OPTIONS"] == {"target_session_attrs": "read-write"}


@pytest.mark.parametrize(("hosts", "seconds"), [("db1", 60), ("db1,db2", 2)])
def test_one_of_several_hosts_is_given_up_soon(hosts: str, seconds: int) -> None:
    address = f"postgres://app:pw@{hosts}/tickets?target_session_attrs=read-write"
    found = with_limits(read_database(address), threads=4, wait_seconds=60, pgbouncer="")
    assert found["OPTIONS"]["connect_timeout"] == seconds


def test_a_replica_is_asked_for_as_a_standby() -> None:
    address = "postgres://app:pw@db1,db2/tickets?target_session_attrs={}"
    assert read_database(address.format("standby"), sessions=STANDBY)["HOST"] == "db1,db2"
    with pytest.raises(BadAddress, match="use prefer-standby or"):
        read_database(address.format("read-write"), sessions=STANDBY)


def test_the_host_that_answered_last_is_tried_first() -> None:
    order = HostOrder({"host": "db1,db2,db3", "port": "1,2,3", "user": "app"})
    order.begin_with("db3", 3)
    assert order() == {"host": "db3,db1,db2", "port": "3,1,2", "user": "app"}
    order.begin_with("db1", 1)
    assert order()["host"] == "db1,db3,db2"


def test_after_a_failed_try_hosts_that_accept_nothing_are_left_out() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        ports = [str(server.getsockname()[1]) for server in (one, two)]
        order = HostOrder({"host": "127.0.0.1,127.0.0.1", "port": ",".join(ports)})
        assert order()["port"] == ",".join(ports)
        one.close()
        assert order()["port"] == ports[1]
        two.close()
        # All are tried if there is none to prefer.
        assert order()["port"] == ",".join(ports)
        order.begin_with("127.0.0.1", int(ports[1]))
        assert order()["port"] == ",".join(reversed(ports))


def test_a_single_host_stays_as_it_is() -> None:
    parameters = {"host": "/run/postgresql", "user": "app"}
    order = HostOrder(parameters)
    order.begin_with("/run/postgresql", 5432)
    assert order() == parameters
