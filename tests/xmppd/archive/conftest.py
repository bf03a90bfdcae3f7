"""An archive on every kind of store that this machine can have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import node
from tests.xmppd.store.conftest import config, pg_cluster, pg_url
from xmppd.archive import tables
from xmppd.auth import tables as auth_tables
from xmppd.auth.tables import Account
from xmppd.store import store
from xmppd.store.backend import StoreConfig
from xmppd.store.schema import Schema

__all__ = ["config", "pg_cluster", "pg_url"]
SCHEMAS = (auth_tables.SCHEMA, Schema("mod_mam", tables.MIGRATIONS))
Run = Callable[[Callable[[], Any]], None]


@pytest.fixture(name="run")
def run_on_each(config: StoreConfig) -> Run:
    """Runs an async body while the store is open that has juliet and her nurse."""

    def play(body: Callable[[], Any]) -> None:
        async def whole() -> None:
            backend = store.open_backend(config, SCHEMAS)
            store.use(backend)
            try:
                for user in ("juliet", "nurse"):
                    account = Account("localhost", user, "", "", "")
                    await store.transaction(lambda tx, account=account: tx.write(account))
                await body()
            finally:
                store.use(None)
                backend.close()

        node.run(whole)

    return play
