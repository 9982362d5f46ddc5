"""One cluster for all experiments of a run, and the site on a web host beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.buying import Site
from tests.cluster.database import Cluster
from tests.cluster.network import Network, need_network


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """PostgreSQL on db1, db2 and db3, and the host web1. A test that breaks a host repairs it."""
    need_network("etcd", "etcdctl")
    folder: Path = tmp_path_factory.mktemp("cluster")
    with Network(("db1", "db2", "db3", "web1")) as network:
        cluster = Cluster(network, network["web1"], folder)
        cluster.start()
        yield cluster


@pytest.fixture(scope="session")
def site(cluster: Cluster) -> Site:
    """The site on web1. It must recover from each fault without a restart."""
    site = Site(cluster, cluster.client, cluster.folder)
    site.start()
    return site
