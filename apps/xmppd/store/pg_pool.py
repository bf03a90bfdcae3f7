"""pg_pool — PostgreSQL connections: psycopg's pool lends them, and what is known of a server that is gone is shared.

OTP:      none
Way:      store_pg's threads → [pg_pool] → PostgreSQL
Process:  the pool's two threads, which connect and let idle connections go
Differs:  the pool never tries again by itself (its back-off doubles, to minutes): whoever asks does, see Outage.
          docs/decisions/0019 has the measurements
"""

from __future__ import annotations

import logging
import random
import socket
import time  # real time: a database answers in it
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from ipaddress import ip_address
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from xmppd.store.backend import StoreConfig, StoreError

#: seconds that a statement may take; and that whoever asks waits for a server that was gone, before an error
SECONDS: Final = 5.0
GRACE: Final = 5.0
#: seconds between two tries to reach a server that is gone: doubled from the first to the last, less some at random
AGAIN: Final = (0.05, 0.5)
#: seconds after which a connection is looked at before its use; after which one too many is closed; how old one gets
IDLE: Final = 1.0
UNUSED: Final = 300.0
OLDEST: Final = 3600.0
#: seconds between two looks of a thread that waits for a connection
_LOOK: Final = 0.1
#: what a connection string may say otherwise: a peer whose machine is gone is found out about within SECONDS
_DEFAULTS: Final = {
    "application_name": "xmppd",
    "connect_timeout": 2,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": int(SECONDS * 1000),
}

#: SQLSTATE, or its class → reason
_STATES: Final = {
    "53100": "full", "53300": "busy", "55P03": "locked", "57014": "slow", "40": "conflict", "53": "full", "58": "io"
}  # fmt: skip
_log = logging.getLogger("xmppd.store")
# a line for each try, where Outage has one for the begin and one for the end; and for each pipeline with an error in it
for _name in ("psycopg", "psycopg.pool"):
    logging.getLogger(_name).setLevel(logging.ERROR)


def store_error(exc: psycopg.Error) -> StoreError:
    """The StoreError for what PostgreSQL said: what it may do later (classes 08, 25, 40, 53, 57) is no bug of ours."""
    state = exc.sqlstate
    later = state[:2] in ("08", "25", "40", "53", "57") if state else isinstance(exc, psycopg.OperationalError)
    text = str(exc).partition("\n")[0]
    condition = "resource-constraint" if later else "internal-server-error"
    return StoreError(f"PostgreSQL: {text}", condition, _reason(exc, state))


def _reason(exc: psycopg.Error, state: str | None) -> str:
    if state is None or (state[:2] in ("08", "57") and state != "57014"):
        return "gone" if isinstance(exc, psycopg.OperationalError) else "other"
    return _STATES.get(state) or _STATES.get(state[:2], "other")


class Outage:
    """What the threads know together of a server that cannot be reached.

    For GRACE seconds those who ask wait for it, so that a restart of the server shows as a pause. From then on they are
    told at once, but for the one whose turn it is to try; so the server is in use again within half a second, once it
    is back and somebody asks.
    """

    def __init__(self) -> None:
        self.since: float | None = None
        self.error = StoreError("PostgreSQL has not been reached yet", reason="gone")
        self._next, self._pause = 0.0, AGAIN[0]

    def failed(self, error: psycopg.Error) -> None:
        """It was tried, in vain. Any thread."""
        now = time.monotonic()
        if self.since is None:
            self.since = now
            _log.error("%s; who needs it waits %g s, and is refused from then on", store_error(error), GRACE)
        self.error = store_error(error)
        self._next = now + self._pause * random.uniform(0.5, 1.0)
        self._pause = min(self._pause * 2, AGAIN[1])

    def ended(self) -> None:
        """A connection was made. Any thread."""
        since, self.since, self._pause = self.since, None, AGAIN[0]
        if since is not None:
            _log.warning("PostgreSQL answers again, after %.1f s", time.monotonic() - since)

    def pause(self) -> float:
        """Seconds to wait before it is tried again; 0: try now. Raises StoreError if this lasts too long already."""
        since, now = self.since, time.monotonic()
        if since is None:
            return 0.0
        if now >= self._next:
            self._next = now + AGAIN[1]  # this one's turn
            return 0.0
        if now - since > GRACE:
            raise self.error
        return self._next - now


class PgConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that notes when it was used; `is_local`: the server is on this machine."""

    used = 0.0
    is_local = False

    @classmethod
    def connect(cls, conninfo: str = "", *, outage: Outage | None = None, **kwargs: Any) -> PgConnection:  # type: ignore[override]  # the pool's kwargs
        """As psycopg's; the outcome is noted in `outage`."""
        try:
            conn = super().connect(conninfo, **kwargs)
        except psycopg.Error as error:
            if outage is not None:
                outage.failed(error)
            raise
        if outage is not None:
            outage.ended()
        conn.used, conn.is_local = time.monotonic(), _is_local(conn)
        return conn


class PgPool:
    """Lends connections to threads."""

    def __init__(self, config: StoreConfig) -> None:
        self.outage = Outage()
        given = conninfo_to_dict(config.path)
        self._pool = ConnectionPool(
            config.path,
            connection_class=PgConnection,
            kwargs={"autocommit": True, "outage": self.outage}
            | {name: value for name, value in _DEFAULTS.items() if name not in given},
            configure=partial(configure, durability=config.durability),
            min_size=1,
            max_size=max(config.pool, 1),
            max_idle=UNUSED,
            max_lifetime=OLDEST,
            reconnect_timeout=0,
            num_workers=1,
            open=True,
        )

    @contextmanager
    def lend(self, until: float) -> Iterator[PgConnection]:
        """A connection that works, as far as can be known; waited for until then. Raises StoreError."""
        conn = self._take(until)
        try:
            yield conn
        finally:
            if conn.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                with suppress(psycopg.Error):
                    conn.rollback()
            conn.used = time.monotonic()
            self._pool.putconn(conn)

    def _take(self, until: float) -> PgConnection:
        while True:
            if pause := self.outage.pause():
                time.sleep(min(pause, max(until - time.monotonic(), 0.0)))
            left = until - time.monotonic()
            if left <= 0:
                raise (
                    self.outage.error if self.outage.since is not None else StoreError(too_late(SECONDS), reason="busy")
                )
            try:
                conn = self._pool.getconn(min(left, _LOOK))
            except PoolTimeout:
                continue
            except PoolClosed:
                raise StoreError("the store is closed") from None
            if time.monotonic() - conn.used < IDLE or _answers(conn):
                return conn
            conn.close()
            self._pool.putconn(conn)

    def stats(self) -> dict[str, int]:
        """The pool's own counters."""
        return self._pool.get_stats()

    def close(self) -> None:
        """Close all connections that nobody has."""
        self._pool.close()


def too_late(seconds: float) -> str:
    """The words for an answer that did not come."""
    return f"PostgreSQL: no answer within {seconds:g} s"


def configure(conn: psycopg.Connection[Any], durability: str = "full") -> None:
    """Our settings: bounded statements, and commits that are on disk when they are answered."""
    sync, most = "on" if durability == "full" else "off", int(SECONDS * 1000)
    settings = (f"statement_timeout = {most}", f"idle_in_transaction_session_timeout = {2 * most}")
    conn.execute("; ".join(f"SET {one}" for one in (*settings, f"synchronous_commit = {sync}")).encode())


def hang_up(conn: psycopg.Connection[Any]) -> None:
    """End a connection that another thread waits for: that thread gets an error. For a server that is frozen."""
    with suppress(OSError, psycopg.Error), socket.fromfd(conn.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.shutdown(socket.SHUT_RDWR)


def _is_local(conn: psycopg.Connection[Any]) -> bool:
    address = conn.info.hostaddr
    return conn.info.host.startswith(("/", "@")) or not address or ip_address(address).is_loopback


def _answers(conn: PgConnection) -> bool:
    try:
        conn.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True
