"""Hosts on one machine: a network namespace for each, joined by a bridge.

::

    with Network(("db1", "db2", "web1")) as network:
        host = network["db1"]
        process = host.run(["etcd"], env={}, log=path)
        host.power_off()

The bridge is in a namespace of its own. So the addresses (10.0.0.x, as in ops/cluster) exist only
here: several test runs, and the machine's own network, don't meet.
"""

import ctypes
import os
import pwd
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from bookmyshow.environment import ROOT
from bookmyshow.serving import launch
from tests.cluster import hold_namespace
from tests.cluster.hold_namespace import inode, kill_all_in
from tests.support.not_run import NOT_RUN
from tests.support.programs import PATH

# The last part of an address: `db2` is 10.0.0.12, `web1` is 10.0.0.21.
KINDS = {"lb": 0, "db": 10, "web": 20, "cache": 30, "client": 40}
CLONE_NEWNET = 0x40000000
# No device has this address, so the bridge delivers what is sent to it to nobody.
NOBODY_HAS_IT = "02:00:00:00:00:fe"
LONGEST_WAIT = 600


def not_possible(*programs: str) -> str:
    """Why the experiments can't run here: no root, or one of the programs is missing. Or ""."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    wanted = ("ip", "nsenter", "unshare", *programs)
    missing = [name for name in wanted if shutil.which(name, path=PATH) is None]
    if missing:
        return f"missing: {', '.join(missing)} (.ci/run installs them on Debian)"
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, text=True)
    return tried.stderr.strip()


def need_network(*programs: str) -> None:
    """Skip the test, with a line in the run's summary, unless `Network` and the programs work."""
    if reason := not_possible(*programs):
        pytest.skip(f"{NOT_RUN}: {reason}")


class Namespace:
    """A network namespace, kept by a process that ends with this one."""

    def __init__(self) -> None:
        command = ["unshare", "--net", sys.executable, "-I", "-S", hold_namespace.__file__]
        self.holder = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self.holder.stdout is not None
        with self.holder.stdout as answer:
            if answer.readline() != b"ready\n":
                raise RuntimeError("no network namespace")
        self.path = f"/proc/{self.holder.pid}/ns/net"
        self.inode = inode(self.holder.pid)

    def ip(self, *commands: str) -> None:
        """Run commands of `ip` in this namespace."""
        batch = ["nsenter", f"--net={self.path}", "ip", "-batch", "-"]
        subprocess.run(batch, input="\n".join(commands), text=True, check=True)

    def kill_processes(self) -> None:
        """Kill all processes in it, and return when they are gone."""
        kill_all_in(self.inode, keep=self.holder.pid)

    def remove(self) -> None:
        """Kill all processes in it. The namespace goes with the last of them."""
        assert self.holder.stdin is not None
        self.holder.stdin.close()
        self.holder.wait(LONGEST_WAIT)


class Host:
    """A host of the network: an address and the processes that were started there."""

    def __init__(self, name: str, number: int, switch: Namespace) -> None:
        self.name = name
        self.address = f"10.0.0.{number}"
        self.namespace = Namespace()
        self._switch = switch
        self._processes: list[subprocess.Popen[bytes]] = []
        self._unreachable: set[Host] = set()
        switch.ip(
            f"link add {name} type veth peer name eth0 netns {self.namespace.holder.pid}",
            f"link set {name} master bridge up",
        )
        self.namespace.ip(
            "link set lo up", f"addr add {self.address}/24 dev eth0", "link set eth0 up"
        )

    def run(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        user: str = "root",
        cwd: Path = ROOT,
    ) -> subprocess.Popen[bytes]:
        """Start a program on this host; what it prints is appended to `log`.

        Call this from the main thread: the program gets SIGINT when the thread that started it
        ends. `env` is its whole environment, except PATH and HOME. Another `user` than root can
        still use the folders that only root may enter, such as a checkout in /root.
        """
        account = pwd.getpwnam(user)
        program, *arguments = map(str, command)
        path = (env or {}).get("PATH", PATH)
        start = ["nsenter", f"--net={self.namespace.path}", sys.executable, "-I", "-S"]
        start += [launch.__file__, str(os.getpid()), str(account.pw_uid), str(account.pw_gid)]
        start += ["reach", shutil.which(program, path=path) or program, *arguments]
        with open(log, "ab") as file:
            process = subprocess.Popen(
                start,
                cwd=cwd,
                env={"PATH": PATH, "HOME": "/", **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def call(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        user: str = "root",
    ) -> None:
        """Run a program to its end. Raises RuntimeError with the log if it fails."""
        process = self.run(command, log=log, env=env, user=user)
        if process.wait(LONGEST_WAIT) != 0:
            raise RuntimeError(f"{command} failed:\n{log.read_text()[-3000:]}")

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Sockets that this thread opens in the block are this host's.

        So are those of threads that start in the block, as long as they run.
        """
        with open(f"/proc/self/task/{threading.get_native_id()}/ns/net") as home:
            with open(self.namespace.path) as there:
                _set_network_namespace(there.fileno())
            try:
                yield
            finally:
                _set_network_namespace(home.fileno())

    def set_kernel(self, settings: Mapping[str, str]) -> None:
        """Set these values of sysctl (`net.…`)."""
        # Each network namespace has its own files there.
        with self.inside():
            for name, value in settings.items():
                Path("/proc/sys", *name.split(".")).write_text(value)

    def power_off(self) -> float:
        """Cut the power: nothing leaves the host from now on, and all its processes are killed.

        Returns the moment of the cut (time.monotonic).
        """
        self._switch.ip(f"link set {self.name} down")
        moment = time.monotonic()
        self.namespace.kill_processes()
        for process in self._processes:
            process.wait(LONGEST_WAIT)
        self._processes.clear()
        return moment

    @property
    def is_off(self) -> bool:
        """Whether no program runs on this host."""
        return not self._processes

    def power_on(self) -> None:
        """Connect the host again. It has no processes: start them."""
        self._switch.ip(f"link set {self.name} up")

    def cut_off_from(self, *others: "Host") -> None:
        """From now on, packets between this host and the others are lost. Nobody is told so."""
        for other in others:
            for one, two in ((self, other), (other, self)):
                one.namespace.ip(
                    f"neigh replace {two.address} lladdr {NOBODY_HAS_IT} nud permanent dev eth0"
                )
                one._unreachable.add(two)

    def rejoin(self) -> None:
        """Undo `cut_off_from`: all hosts reach this one again."""
        for other in list(self._unreachable):
            for one, two in ((self, other), (other, self)):
                one.namespace.ip(f"neigh del {two.address} dev eth0")
                one._unreachable.discard(two)


class Network:
    """The hosts, by name. Names are a kind and a number: `db1`, `web3` (KINDS)."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._names = hosts
        self._hosts: dict[str, Host] = {}
        self._end = ExitStack()

    def __enter__(self) -> Self:
        with self._end:
            switch = Namespace()
            self._end.callback(switch.remove)
            switch.ip("link add bridge type bridge", "link set bridge up")
            for name in self._names:
                host = Host(name, KINDS[name[:-1]] + int(name[-1]), switch)
                self._end.callback(host.namespace.remove)
                self._hosts[name] = host
            self._end = self._end.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.close()

    def __getitem__(self, name: str) -> Host:
        return self._hosts[name]

    def __iter__(self) -> Iterator[Host]:
        return iter(self._hosts.values())


def _set_network_namespace(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
