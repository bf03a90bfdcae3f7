"""store — where everything lives that must survive: the open backend, and how to reach it.

OTP:      gen_server that owns the backend; transactions and reads are plain functions, as with mnesia and ets
Way:      mods, auth → [store.transaction | store.read | store.select] → backend; no message is sent
Process:  `store`, one per node, permanent, under xmppd_sup before all who store; a crash reopens
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from otp.erts import blocking, process
from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, StopInit
from xmppd.store import measures
from xmppd.store.backend import Backend, Key, Range, StoreConfig, StoreError, Table, Tx
from xmppd.store.migrate import APPLIED, Applied
from xmppd.store.schema import Schema

__all__ = ["Backend", "Key", "Range", "StoreConfig", "StoreError", "Table", "Tx"]

NAME: Final = "store"

R = TypeVar("R")
T = TypeVar("T")
#: kind of backend → its module; imported when chosen, for psycopg alone costs 11 MB
BACKENDS: Final = {
    "memory": "xmppd.store.store_memory",
    "sqlite": "xmppd.store.store_sqlite",
    "postgres": "xmppd.store.store_pg",
}


class _Current:
    """Holds the backend that is open on this node, as a named ets table would."""

    backend: Backend | None = None


# -- API


def current() -> Backend:
    """The open backend. Raises StoreError while there is none."""
    backend = _Current.backend
    if backend is None:
        raise StoreError("the store is not running")
    return backend


def transaction(fn: Callable[[Tx], T]) -> Awaitable[T]:
    """Await fn(tx), committed. Raises what fn raises, or StoreError; then nothing of it is stored."""
    return current().transaction(fn)


def read(table: Table[R], key: Key) -> Awaitable[R | None]:
    """Await the committed record with this whole key, or None."""
    return current().read(table, key)


def select(
    table: Table[R], prefix: Key = (), limit: int | None = None, after: str | int | None = None
) -> Awaitable[list[R]]:
    """Await the committed records whose key begins with `prefix`, in key order; `limit`, `after`: see Tx."""
    return current().select(table, prefix, limit, after)


def find(table: Table[R], piece: Range) -> Awaitable[list[R]]:
    """Await the committed records of a piece of the table, in the order in which they are found."""
    return current().find(table, piece)


def count(table: Table[Any], prefix: Key = ()) -> Awaitable[int]:
    """Await how many committed records have a key that begins with `prefix`."""
    return current().count(table, prefix)


def migrate(schemas: Sequence[Schema]) -> Awaitable[None]:
    """Bring the tables of these owners to their newest step, in one transaction. Raises StoreError."""
    return current().migrate(schemas)


def index_words(table: Table[Any]) -> Awaitable[None]:
    """Have rows of this table found by their words (Range), from now on. Raises StoreError."""
    return current().index_words(table)


def is_busy() -> bool:
    """Whether somebody waits for the store."""
    return _Current.backend is not None and _Current.backend.is_busy()


def trouble() -> str:
    """Why the store cannot be used, as far as the latest call knows; "" if it can. Costs nothing; `probe` looks."""
    return measures.trouble() if _Current.backend is not None else "the store is not running"


async def probe() -> str:
    """Await whether the store can be used: why not, in words, or "". Writes a row where the latest write failed, else
    reads one; takes some seconds with a database that does not answer."""
    try:
        rows = await select(APPLIED, limit=1)
        if trouble() and rows:
            await transaction(lambda tx: tx.write(Applied(*[getattr(rows[0], name) for name in APPLIED.columns])))
    except StoreError as error:
        return str(error)
    return trouble()


def open_backend(config: StoreConfig, schemas: Sequence[Schema] = ()) -> Backend:
    """Open the store that the configuration names, and create or migrate the tables of `schemas`; may block on disk or
    network.

    Raises StoreError with a text for the administrator.
    """
    if config.backend not in BACKENDS:
        names = ", ".join(BACKENDS)
        raise StoreError(f"no backend {config.backend!r}; there are {names}", "internal-server-error")
    measures.set_threshold(config.slow)
    module = importlib.import_module(BACKENDS[config.backend])
    backend: Backend = module.open_store(config, schemas)
    return backend


def use(backend: Backend | None) -> None:
    """Make `backend` the one that this node's processes see; None: there is none."""
    _Current.backend = backend


async def start_link(config: StoreConfig, schemas: Sequence[Schema] = ()) -> Pid | None:
    """Start the process that keeps the backend open, with the tables of `schemas`. Raises StartError(("store", text))
    if it cannot be opened."""
    return await gen_server.start_link(Store, config, schemas, name=NAME)


# -- callbacks


class Store(GenServer[Backend]):
    """Opens, holds and closes the backend; answers nothing, for nobody has to ask it."""

    async def init(self, *args: Any) -> Backend | StopInit:
        """Open the backend on a thread of the pool. What a killed predecessor left open is closed first."""
        config, schemas = args
        process.trap_exit(True)  # so that terminate runs when the supervisor ends us
        _close()
        try:
            backend = await blocking.run_blocking(open_backend, config, schemas)
        except StoreError as exc:
            return StopInit(("store", str(exc)))
        use(backend)
        return backend

    def terminate(self, reason: object, state: Backend) -> None:
        """Commit what is queued and close."""
        _close()

    def format_status(self, state: Backend) -> str:
        """The kind of backend; its address may hold a password."""
        return type(state).__name__


# -- internals


def _close() -> None:
    backend = _Current.backend
    use(None)
    if backend is not None:
        backend.close()
