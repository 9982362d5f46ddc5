"""Three web hosts behind HAProxy, with the files of ops/cluster, three caches and a database."""

import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bookings.integrity.checks import RULES
from bookmyshow.environment import ROOT
from tests.cluster.caches import Caches
from tests.cluster.database import until
from tests.cluster.network import LONGEST_WAIT, Host, Network
from tests.cluster.ops_files import OPS, replaced
from tests.faults import site as faults
from tests.faults.load import Load, load
from tests.faults.servers import Postgres
from tests.support.nginx import MAIN

NAMES = ("web1", "web2", "web3")
URL = "http://10.0.0.1"
SHOWS, BUYERS = 8, 6


class OpenPostgres(Postgres):
    """PostgreSQL that the other hosts reach."""

    def command(self) -> tuple[Path, list[str]]:
        program, arguments = super().command()
        with (self.folder / "pg_hba.conf").open("a") as file:
            file.write("host all all 10.0.0.0/24 trust\n")
        return program, [*arguments, "--listen_addresses=*"]


class WebHosts:
    """Web hosts with a database on db1 and these caches, used by buyers on client1."""

    def __init__(self, network: Network, folder: Path, caches: Caches) -> None:
        self.network = network
        self.folder = folder
        self.caches = caches
        for name in ("postgres", *NAMES):
            (folder / name).mkdir()
        with network["db1"].inside():
            self.postgres = OpenPostgres(folder / "postgres")
        self._gunicorns: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = faults.environment(
            folder,
            f"postgresql://postgres@10.0.0.11:{self.postgres.port}/postgres?sslmode=disable",
            caches.url,
        ) | {
            "PORT": "8000",
            "WEB_CONCURRENCY": "1",
            "TRUSTED_PROXIES": "10.0.0.0/24",
            "ALLOWED_HOSTS": "tickets.example,10.0.0.1,10.0.0.21",
        }
        self.shows: list[int] = []
        self.buyers: list[str] = []

    def start(self) -> None:
        """Start all servers, and fill the database. Returns when HAProxy uses all web hosts."""
        self.caches.start()
        static = self._start_python("manage.py", "collect_changed_static", log="static.log")
        with self.network["db1"].inside():
            self.postgres.start()
        self.caches.wait_until_whole()
        self._python("manage.py", "migrate", "--verbosity=0", log="manage.log")
        assert static.wait(LONGEST_WAIT) == 0
        for name in NAMES:
            self.start_host(name)
        self._python("-m", "tests.faults.fill", str(SHOWS), str(BUYERS), log="filled.log")
        # The lines before are the log's.
        filled = json.loads((self.folder / "filled.log").read_text().splitlines()[-1])
        self.shows, self.buyers = filled["shows"], filled["buyers"]
        for name in NAMES:
            until(lambda name=name: self.is_ready(name), f"{name} ready")  # type: ignore[misc]
        configuration = self.folder / "haproxy.cfg"
        configuration.write_text(haproxy(self.folder))
        log = self.folder / "haproxy.log"
        self.network["lb1"].run(["haproxy", "-f", configuration], log=log)
        self.repair()

    def repair(self) -> None:
        """Switch on the web hosts that have no power. Returns when HAProxy uses all of them."""
        for name in NAMES:
            if self.network[name].is_off:
                self.network[name].power_on()
                self.start_host(name)
        until(lambda: list(self.states().values()) == ["UP"] * 3, "three web hosts in use")

    def start_host(self, name: str) -> None:
        """Start nginx and gunicorn, as the host's units do after its boot."""
        folder = self.folder / name
        (folder / "site.conf").write_text(nginx(folder))
        text = MAIN.format(user="user root;", folder=folder, connections=1024)
        (folder / "nginx.conf").write_text(text)
        command: list[str | Path] = [
            "nginx",
            "-e",
            folder / "error.log",
            "-c",
            folder / "nginx.conf",
        ]
        self.network[name].run(command, log=folder / "nginx.log")
        self.start_gunicorn(name)

    def start_gunicorn(self, name: str) -> None:
        gunicorn = [sys.executable, "-m", "gunicorn", "bookmyshow.wsgi"]
        log = self.folder / name / "gunicorn.log"
        self._gunicorns[name] = self.network[name].run(gunicorn, env=self.environment, log=log)

    def stop_gunicorn(self, name: str) -> None:
        """Stop it as systemd does: it answers the requests that it has."""
        self._gunicorns[name].terminate()
        self._gunicorns[name].wait(120)

    def drained(self, name: str, command: str) -> subprocess.Popen[bytes]:
        """Start ops/cluster/drained on the web host with a shell command."""
        environment = {
            "DRAINED_MARK": str(self.folder / name / "drained"),
            "DRAINED_URL": f"http://{self.network[name].address}:8080",
        }
        return self.network[name].run(
            [OPS / "drained", "sh", "-c", command], env=environment, log=self.folder / "drained.log"
        )

    def is_ready(self, name: str) -> bool:
        """Whether nginx and gunicorn of the web host answer, and reach the database."""
        url = f"http://{self.network[name].address}:8080/balancer/use"
        try:
            with self.network["client1"].inside(), urllib.request.urlopen(url, timeout=30):
                return True
        except OSError:
            return False

    def states(self) -> dict[str, str]:
        """What HAProxy says of the web hosts: UP, DOWN or NOLB (no new requests). Empty while it
        starts."""
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(self.folder / "admin.sock"))
            except OSError:
                return {}
            client.sendall(b"show stat -1 4 -1\n")
            rows = b"".join(iter(lambda: client.recv(65536), b"")).decode().splitlines()
        header = rows[0].removeprefix("# ").split(",")
        found = [dict(zip(header, row.split(","), strict=False)) for row in rows[1:] if row]
        return {row["svname"]: row["status"].split()[0] for row in found if row["pxname"] == "site"}

    @contextmanager
    def shopping(self, url: str = URL, buyers: int = BUYERS) -> Iterator[Load]:
        """So many buyers hold and confirm seats while the block runs."""
        sessions = self.buyers[:buyers]
        with self.network["client1"].inside(), load(url, sessions, self.shows) as running:
            yield running

    def query(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement on the database and return its rows."""
        with self.network["db1"].inside(), self.postgres.connect() as connection:
            cursor = connection.execute(query.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def broken_rules(self) -> list[str]:
        """What `manage.py check_integrity` would report."""
        return [where for query in RULES.values() for (where,) in self.query(query)]

    def _python(self, *arguments: str, log: str) -> None:
        client: Host = self.network["client1"]
        client.call([sys.executable, *arguments], env=self.environment, log=self.folder / log)

    def _start_python(self, *arguments: str, log: str) -> subprocess.Popen[bytes]:
        client: Host = self.network["client1"]
        command = [sys.executable, *arguments]
        return client.run(command, env=self.environment, log=self.folder / log)


def haproxy(folder: Path) -> str:
    """ops/cluster/haproxy.cfg without TLS, with its sockets in the folder."""
    return replaced(
        (OPS / "haproxy.cfg").read_text(),
        {
            r" +(log /dev/log local0|user haproxy|group haproxy)\n": "",
            r"maxconn 20000": "maxconn 1000",
            r"\S+/admin\.sock": f"{folder}/admin.sock",
            r" +bind :443 .*\n": "",
            r" +http-request redirect scheme https .*\n": "",
            r"X-Forwarded-Proto https": "X-Forwarded-Proto http",
        },
    )


def nginx(folder: Path) -> str:
    """ops/cluster/nginx.conf with its files in the folder."""
    return replaced(
        (OPS / "nginx.conf").read_text(),
        {
            r"/var/lib/nginx/bookmyshow": f"{folder}/cache",
            r"/opt/bookmyshow/current": str(ROOT),
            r"/run/bookmyshow-drained": f"{folder}/drained",
        },
    )
