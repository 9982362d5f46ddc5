"""PostgreSQL, Patroni and etcd on three hosts of a `Network`, with the files of ops/cluster."""

import json
import re
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from bookmyshow.embedded.postgres import _binaries
from tests.cluster.network import LONGEST_WAIT, Host, Network
from tests.cluster.ops_files import OPS

NAMES = ("db1", "db2", "db3")
USER = "nobody"
PASSWORD = "change-me"
CHANGES = {
    # Root could open the watchdog of this machine, and that would restart it.
    "mode: automatic": "mode: off",
    "/etc/bookmyshow/": f"{OPS}/",
    # The hosts have one file system. So each server's socket is beside its own data folder.
    "/var/run/postgresql": "..",
}
Member = dict[str, Any]


def environment(name: str, host: Host) -> dict[str, str]:
    """Return the variables of a file in ops/cluster, which is written for db1, for this host."""
    text = (OPS / name).read_text()
    found = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    # The list of all members is the same everywhere.
    everywhere = {"ETCD_INITIAL_CLUSTER"}
    return {
        key: value
        if key in everywhere
        else re.sub(r"\bdb1\b", host.name, value).replace("10.0.0.11", host.address)
        for key, value in found.items()
    }


def kernel_settings() -> dict[str, str]:
    """The values of ops/cluster/sysctl.conf."""
    text = (OPS / "sysctl.conf").read_text()
    found = re.findall(r"^([\w.*]+) = (\d+)$", text, re.MULTILINE)
    return {name.replace("*", "eth0"): value for name, value in found}


def until(true: Callable[[], bool], what: str) -> float:
    """Wait for the condition. Returns the time (time.monotonic). Fails after LONGEST_WAIT."""
    deadline = time.monotonic() + LONGEST_WAIT
    while not true():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.05)
    return time.monotonic()


class Cluster:
    """The three database hosts. Questions to them are asked from the host `client`."""

    def __init__(self, network: Network, client: Host, folder: Path) -> None:
        self.hosts = {name: network[name] for name in NAMES}
        self.client = client
        self.folder = folder
        self.has_quorum = True
        text = (OPS / "patroni.yml").read_text()
        for there, here in CHANGES.items():
            assert there in text
            text = text.replace(there, here)
        self.configuration = folder / "patroni.yml"
        self.configuration.write_text(text)

    def start(self) -> None:
        """Start all hosts and create the site's database.

        The first host leads etcd when its database becomes the first leader, and must give etcd's
        lead away (move_etcd_leader.sh).
        """
        first, *others = self.hosts.values()
        for host in self.hosts.values():
            host.set_kernel(kernel_settings())
            self._start_etcd(host)
        until(lambda: all(map(self._etcd_has_a_leader, self.hosts.values())), "etcd has a leader")
        self.lead_etcd_on(first)
        self._start_patroni(first)
        until(lambda: self._leader() is first, "the first leader")
        until(lambda: self.leader_of_etcd() not in (None, first), "etcd leads elsewhere")
        for host in others:
            self._start_patroni(host)
        self.wait_until_whole()
        create: list[str | Path] = [
            _binaries() / "psql",
            "-v",
            f"password={PASSWORD}",
            "-f",
            OPS / "database.sql",
        ]
        create += ["-v", "ON_ERROR_STOP=1", self.url("postgres", "postgres")]
        self.client.call(create, log=self.folder / "psql.log")

    def start_host(self, host: Host) -> None:
        """Start etcd and Patroni, as the host's units do after its boot."""
        self._start_etcd(host)
        self._start_patroni(host)

    def _home(self, host: Host) -> Path:
        home = self.folder / host.name
        home.mkdir(exist_ok=True)
        home.chmod(0o777)
        return home

    def _start_etcd(self, host: Host) -> None:
        home = self._home(host)
        etcd = environment("etcd.env", host) | {"ETCD_DATA_DIR": str(home / "etcd")}
        host.run(["etcd"], env=etcd, user=USER, log=home / "etcd.log")

    def _start_patroni(self, host: Host) -> None:
        home = self._home(host)
        patroni = environment("patroni.env", host) | {
            "PATRONI_POSTGRESQL_DATA_DIR": str(home / "postgres"),
            "PATRONI_POSTGRESQL_BIN_DIR": str(_binaries()),
            "PATRONI_POSTGRESQL_PGPASS": str(home / "pgpass"),
        }
        command = [sys.executable, "-m", "patroni", str(self.configuration)]
        host.run(command, env=patroni, user=USER, log=home / "patroni.log")

    def url(self, user: str = "bookmyshow", database: str = "bookmyshow") -> str:
        """Return the address for DATABASE_URL: all hosts, of which the leader is taken."""
        hosts = ",".join(f"{host.address}:5432" for host in self.hosts.values())
        options = "target_session_attrs=read-write&connect_timeout=2"
        return f"postgres://{user}:{PASSWORD}@{hosts}/{database}?{options}"

    def replica_url(self) -> str:
        """Return the address for DATABASE_REPLICA_URL: one of the standbys."""
        return self.url().replace("=read-write", "=prefer-standby")

    def delay_standbys(self, seconds: int) -> None:
        """Make the standbys show each commit `seconds` later; 0 ends the delay.

        Their logs are complete all the same, so commits don't wait for it. Patroni must know of the
        delay: it undoes an ALTER SYSTEM or a pause.
        """
        delay = {"recovery_min_apply_delay": f"{seconds}s"}
        self.call(self.leader(), "PATCH", "/config", {"postgresql": {"recovery_conf": delay}})
        for host in self.standbys():
            # A server that gives new sessions the value has told it to its replay before.
            until(lambda host=host: self._delay_of(host) == seconds, "the delay")  # type: ignore[misc]

    def _delay_of(self, host: Host) -> float:
        query = "SELECT setting::int FROM pg_settings WHERE name = 'recovery_min_apply_delay'"
        with self.connect(host) as connection:
            (milliseconds,) = connection.execute(query.encode()).fetchone() or (-1,)
            return float(milliseconds) / 1000

    def connect(self, host: Host | None = None, **options: int) -> psycopg.Connection[Any]:
        """A superuser's connection to the site's database: of the leader, or of this host."""
        url = self.url("postgres")
        if host is not None:
            url = f"postgres://postgres:{PASSWORD}@{host.address}:5432/bookmyshow?connect_timeout=5"
        url += "".join(f"&{name}={value}" for name, value in options.items())
        with self.client.inside():
            return psycopg.connect(url, autocommit=True)

    def query(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement on the leader and return its rows."""
        with self.connect() as connection:
            cursor = connection.execute(query.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def call(self, host: Host, method: str, path: str, body: object = None) -> str:
        """Ask Patroni's REST API of a host. Raises OSError if it does not answer or refuses."""
        login = b64encode(f"patroni:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(
            f"http://{host.address}:8008{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Basic {login}"},
        )
        with self.client.inside(), urllib.request.urlopen(request, timeout=30) as response:
            return str(response.read().decode())

    def members(self, seen_by: Host) -> list[Member]:
        """What Patroni on this host knows of the members; empty if it does not answer."""
        with suppress(OSError):
            found: list[Member] = json.loads(self.call(seen_by, "GET", "/cluster"))["members"]
            return found
        return []

    def leader(self) -> Host:
        """The host whose database takes writes. Waits until there is one."""
        until(lambda: self._leader() is not None, "a leader")
        leader = self._leader()
        assert leader is not None
        return leader

    def _leader(self) -> Host | None:
        for host in self.hosts.values():
            if host.is_off:
                continue
            with suppress(OSError):
                self.call(host, "GET", "/primary")
                return host
        return None

    def standbys(self) -> list[Host]:
        """The hosts that follow."""
        leader = self.leader()
        return [host for host in self.hosts.values() if host is not leader]

    def is_whole(self) -> bool:
        """Whether one host leads and the others stream from it; with a quorum, as its members."""
        leader = self._leader()
        if leader is None:
            return False
        # A host that was cut off may still believe what was true before. So each is asked.
        standbys = [host for host in self.hosts.values() if host is not leader]
        if not all(self._streams(host) for host in standbys):
            return False
        found = sorted((member["role"], member["state"]) for member in self.members(leader))
        standby = ("quorum_standby" if self.has_quorum else "replica", "streaming")
        return found == [("leader", "running"), standby, standby]

    def _streams(self, host: Host) -> bool:
        try:
            state = json.loads(self.call(host, "GET", "/replica"))
        except OSError:
            return False
        return bool(state.get("replication_state") == "streaming")

    def repair(self) -> None:
        """Switch on the hosts that have no power, and wait until all are together."""
        for host in self.hosts.values():
            if host.is_off:
                host.power_on()
                self.start_host(host)
        self.wait_until_whole()

    def restore(self) -> None:
        """Repair, and let commits wait for a second host again."""
        self.repair()
        if not self.has_quorum:
            self.set_quorum(True)
            self.wait_until_whole()

    def wait_until_whole(self) -> float:
        """Wait for `is_whole`. Returns the time. Fails with the logs of all hosts."""
        try:
            return until(self.is_whole, "all three hosts together")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from None

    def logs(self) -> str:
        """The ends of Patroni's logs."""
        files = sorted(self.folder.glob("db*/*.log"))
        return "\n".join(f"--- {file}\n{file.read_text()[-2000:]}" for file in files)

    def switch_over(self, to: Host | None = None) -> None:
        """Move the leader to another host, as `patronictl switchover` does."""
        leader = self.leader()
        names = {"leader": leader.name} | ({"candidate": to.name} if to else {})
        try:
            self.call(leader, "POST", "/switchover", names)
        except (TimeoutError, urllib.error.HTTPError) as error:
            # A busy machine may need longer than Patroni waits (503), or this call.
            if isinstance(error, urllib.error.HTTPError) and error.code != 503:
                raise
        until(lambda: self._leader() not in (None, leader), "another leader")

    def leader_of_etcd(self) -> Host | None:
        """The host whose etcd leads. None while they vote."""
        for host in self.hosts.values():
            with suppress(OSError):
                status = self._ask_etcd(host, "status")
                if status["header"]["member_id"] == status["leader"]:
                    return host
        return None

    def _etcd_has_a_leader(self, seen_by: Host) -> bool:
        with suppress(OSError):
            return "leader" in self._ask_etcd(seen_by, "status")
        return False

    def lead_etcd_on(self, host: Host) -> None:
        """Let the host's etcd lead."""
        wanted = self._ask_etcd(host, "status")["header"]["member_id"]
        leader = self.leader_of_etcd()
        if leader is not None and leader is not host:
            self._ask_etcd(leader, "transfer-leadership", targetID=wanted)
        until(lambda: self.leader_of_etcd() is host, f"etcd on {host.name} leads")

    def _ask_etcd(self, host: Host, question: str, **body: str) -> Any:
        url = f"http://{host.address}:2379/v3/maintenance/{question}"
        request = urllib.request.Request(url, data=json.dumps(body).encode())
        with self.client.inside(), urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read())

    def set_quorum(self, on: bool) -> None:
        """Let commits wait for a second host, or for none, as `patronictl edit-config` does."""
        mode = {"synchronous_mode": "quorum" if on else "off", "synchronous_mode_strict": on}
        leader = self.leader()
        self.call(leader, "PATCH", "/config", mode)
        self.has_quorum = on
        names = b"SELECT setting <> '' FROM pg_settings WHERE name = 'synchronous_standby_names'"

        def is_set() -> bool:
            with self.connect(leader) as connection:
                return connection.execute(names).fetchone() == (on,)

        until(is_set, "the leader knows it")

    def wait_until_replayed(self, standbys: Sequence[Host]) -> None:
        """Wait until these show all that they have received."""
        query = b"SELECT pg_last_wal_replay_lsn() = pg_last_wal_receive_lsn()"

        def shows_all(host: Host) -> bool:
            with self.connect(host) as connection:
                return connection.execute(query).fetchone() == (True,)

        until(lambda: all(map(shows_all, standbys)), "standbys that show all they have")
