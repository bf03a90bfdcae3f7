"""Every backend that this machine can have, and a way to play a test on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import node, postgres, schemas
from xmppd.store import pg_pool, store
from xmppd.store.backend import Backend, StoreConfig

KINDS = ["memory", "sqlite"]
if postgres.available():
    KINDS += ["postgres", "postgres, pipelined"]


@pytest.fixture(scope="session")
def pg_cluster() -> Iterator[postgres.Cluster | None]:
    """A server of our own, unless the environment names one."""
    if postgres.GIVEN:
        yield None
        return
    cluster = postgres.Cluster()
    yield cluster
    cluster.remove()


@pytest.fixture
def pg_url(pg_cluster: postgres.Cluster | None) -> str:
    """A connection string for an empty schema."""
    return postgres.fresh(postgres.GIVEN if pg_cluster is None else pg_cluster.url)


@pytest.fixture(params=KINDS)
def config(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoreConfig:
    """The configuration of an empty store, of each kind in turn; PostgreSQL also as one across a network is used."""
    kind, _, pipelined = request.param.partition(", ")
    if pipelined:
        monkeypatch.setattr(pg_pool, "_is_local", lambda conn: False)
    path = request.getfixturevalue("pg_url") if kind == "postgres" else str(tmp_path / "xmppd.sqlite3")
    return StoreConfig(kind, path)


Body = Callable[[Backend], Awaitable[Any]]


@pytest.fixture
def play(config: StoreConfig) -> Callable[[Body], Any]:
    """Runs an async body on an open store, on a fresh node, and closes the store."""

    def run(body: Body) -> Any:
        async def opened() -> Any:
            backend = store.open_backend(config, schemas.ALL)
            try:
                return await body(backend)
            finally:
                backend.close()

        return node.run(opened)

    return run
