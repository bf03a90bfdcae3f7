"""store_child — a program that writes to a store and says on its standard output what was acknowledged.

    python -m tests.support.store_child BACKEND PATH NAME [CRASH_POINT N]

Each transaction writes two rows that belong together: `NAME-n` into romeo's roster and into juliet's. With a crash
point the SQLite writer dies of its own hand, as from kill -9, when it gets there the Nth time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from otp.erts import process, runtime
from tests.support import schemas
from xmppd.mods.roster import tables
from xmppd.store import store
from xmppd.store.backend import Backend, StoreConfig, Tx
from xmppd.store.store_sqlite import SqliteStore

WRITERS = 8
EACH = 400


def both(contact: str) -> Callable[[Tx], None]:
    """The transaction: two rows or none."""

    def fn(tx: Tx) -> None:
        for user in ("romeo", "juliet"):
            tx.write(tables.RosterItem("localhost", user, contact))

    return fn


def crash_at(name: str, times: int) -> Callable[[str], None]:
    """A probe that ends the OS process at the given point."""
    left = [times]

    def probe(point: str) -> None:
        left[0] -= point == name
        if left[0] == 0:
            os._exit(137)

    return probe


def opened(backend: str, path: str, crash: list[str]) -> Backend:
    """The store, with a crash point if one is wished."""
    if crash:
        return SqliteStore(path, probe=crash_at(crash[0], int(crash[1])), schemas=schemas.ALL)
    return store.open_backend(StoreConfig(backend, path), schemas.ALL)


async def main(backend: str, path: str, name: str, *crash: str) -> None:
    """Write with several processes at once."""
    writing = opened(backend, path, list(crash))

    async def write(i: int) -> None:
        for n in range(i, EACH * WRITERS, WRITERS):
            await writing.transaction(both(f"{name}-{n}"))
            os.write(1, f"{name}-{n}\n".encode())

    pids = [process.spawn(write, i) for i in range(WRITERS)]
    for pid in pids:
        ref = process.monitor(pid)
        await process.receive(lambda m, ref=ref: getattr(m, "ref", None) == ref)  # type: ignore[misc]
    writing.close()


if __name__ == "__main__":
    runtime.run(lambda: main(*sys.argv[1:]))
