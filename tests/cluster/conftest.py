"""One cluster for all experiments of a run, and the site on a web host beside it. For the tests of
web hosts and caches, the same: all start once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import caches, web_hosts
from tests.cluster.buying import Site
from tests.cluster.caches import Caches
from tests.cluster.database import Cluster
from tests.cluster.network import Network, need_network
from tests.cluster.web_hosts import WebHosts


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """PostgreSQL on db1, db2 and db3, and the host web1. A test that breaks a host repairs it."""
    need_network("etcd", "etcdctl")
    folder: Path = tmp_path_factory.mktemp("cluster")
    with Network(("db1", "db2", "db3", "web1")) as network:
        cluster = Cluster(network, network["web1"], folder)
        cluster.start()
        yield cluster


@pytest.fixture(scope="package")
def site(cluster: Cluster) -> Site:
    """The site on web1. It must recover from each fault without a restart."""
    site = Site(cluster, cluster.client, cluster.folder)
    site.start()
    return site


@pytest.fixture(scope="package")
def webs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHosts]:
    """Three web hosts behind HAProxy on lb1, three caches, a database on db1, and client1."""
    need_network("haproxy", "nginx", "curl")
    folder = tmp_path_factory.mktemp("webs")
    with Network(("lb1", *web_hosts.NAMES, *caches.NAMES, "db1", "client1")) as network:
        webs = WebHosts(network, folder, Caches(network, network["client1"], folder))
        webs.start()
        yield webs
