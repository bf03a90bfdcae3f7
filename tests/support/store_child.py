"""store_child — a program that writes to a store and says on its standard output what was acknowledged.

    python -m tests.support.store_child BACKEND PATH NAME [CRASH_POINT [DURABILITY]]

Each transaction writes two rows that belong together: `NAME-n` into romeo's roster and into juliet's. With a crash
point (NAME:N) the program dies of its own hand, as from kill -9, when it gets there the Nth time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from otp.erts import process, runtime
from tests.support import schemas
from xmppd import crash_points
from xmppd.mods.roster import tables
from xmppd.store import store
from xmppd.store.backend import StoreConfig, Tx

WRITERS = 8
EACH = 400


def both(contact: str) -> Callable[[Tx], None]:
    """The transaction: two rows or none."""

    def fn(tx: Tx) -> None:
        for user in ("romeo", "juliet"):
            tx.write(tables.RosterItem("localhost", user, contact))

    return fn


async def main(backend: str, path: str, name: str, crash: str = "", durability: str = "full") -> None:
    """Write with several processes at once."""
    crash_points.arm(crash)
    writing = store.open_backend(StoreConfig(backend, path, durability), schemas.ALL)

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
