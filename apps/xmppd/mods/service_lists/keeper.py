"""keeper — keeps the lists of a host in the memory of each worker, where every stanza's handler reads them in place.

OTP:      gen_server, pg; cf. an ets table that one process writes
Way:      mod_service_lists → [keeper] → store; keeper → keepers of the other workers, which read again
Process:  one per host and worker, permanent, under the module's supervisor
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from otp.erts import process
from otp.erts.pid import Pid
from otp.kernel import codec, pg
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from xmppd.mods.service_lists.rules import ADMINS, ALLOWED, BLOCKED, NONE, ServiceLists
from xmppd.routing import faults
from xmppd.store import store
from xmppd.store.backend import StoreError, Table
from xmppd.store.schema import create_table

#: seconds after which it is tried again to read the store
AGAIN: Final = 5.0


@dataclass(frozen=True, slots=True)
class ListedJid:
    """One JID on one list of a host."""

    host: str
    list: str
    jid: str


LISTED: Final = Table("service_list", ListedJid, ("host", "list", "jid"))
STEPS: Final = (create_table("service_list", ("host", "list", "jid"), host=str, list=str, jid=str),)

#: by host; written by its keeper only
_LISTS: Final[dict[str, ServiceLists]] = {}


@codec.message
@dataclass(frozen=True, slots=True)
class ListsChanged:
    """To a keeper: what is in the store is not what it knows."""


def of_host(host: str) -> ServiceLists:
    """The lists of a host, empty ones where the module does not run."""
    return _LISTS.get(host, NONE)


async def replace(host: str, which: str, jids: list[str]) -> None:
    """Have a list be these JIDs, at once on this worker and in a moment on the others. Raises StoreError."""
    rows = [ListedJid(host, which, jid) for jid in jids]

    def write(tx: Any) -> None:
        tx.clear(LISTED, (host, which))
        tx.write_many(rows)

    await store.transaction(write)
    await tell_changed(host)


async def tell_changed(host: str) -> None:
    """All workers read the lists again; this one has when it returns."""
    own = process.whereis(name(host))
    for pid in pg.get_members(name(host)):
        if pid is not own:
            process.send(pid, ListsChanged())
    if own is not None:
        await gen_server.call(own, ListsChanged())


class ListKeeper(GenServer[str]):
    """The state is the host."""

    async def init(self, host: str) -> str:
        """Let the others find us before the store is read, so that no change is missed."""
        process.trap_exit(True)  # so that terminate forgets the lists
        await pg.join(name(host), process.self_())
        await _read(host)
        return host

    async def handle_call(self, request: object, from_: Any, state: str) -> Any:
        """Read them now."""
        await _read(state)
        return Reply(None, state)

    async def handle_info(self, message: object, state: str) -> Any:
        """The same."""
        await _read(state)
        return NoReply(state)

    def terminate(self, reason: object, state: str) -> None:
        """Nobody is kept out by a module that does not run."""
        _LISTS.pop(state, None)


async def _read(host: str) -> None:
    try:
        rows = await store.select(LISTED, (host,))
    except StoreError as error:
        faults.log(error, f"lists of {host}")
        process.send_after(AGAIN, process.self_(), ListsChanged())
        return
    found = {which: frozenset([row.jid for row in rows if row.list == which]) for which in (BLOCKED, ALLOWED, ADMINS)}
    _LISTS[host] = ServiceLists(**found)


def name(host: str) -> str:
    """The registered name of a host's keeper, and of the group of all of them."""
    return f"service_lists@{host}"


async def start_link(host: str) -> Pid | None:
    """Start the keeper of a host."""
    return await gen_server.start_link(ListKeeper, host, name=name(host))


def spec(host: str) -> ChildSpec:
    """As a child of the module's supervisor."""
    return ChildSpec(name(host), (start_link, (host,)))
