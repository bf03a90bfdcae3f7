"""moves — what is counted and kept of a session, from one process to the next.

Way:      mod_stream_management → [moves] → on_disk, managed_stream; the c2s of another worker (Surrender)
Process:  runs in the c2s
XEP:      0198 §5
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from otp.erts import process
from otp.erts.exits import CallError
from otp.stdlib import gen_fsm
from xmpp_core.lost_counts import LostCounts
from xmpp_core.stream_management import SAFE, STORED, Acknowledgements, KeptStanza
from xmppd import crash_points
from xmppd.mods.stream_management import journal_server, on_disk
from xmppd.mods.stream_management.journal import SessionWritten
from xmppd.mods.stream_management.managed_stream import ManagedStream, QueueLimits
from xmppd.routing import durability, faults
from xmppd.routing.saved_session import SavedSession, Surrender
from xmppd.routing.session import C2sSession, Session
from xmppd.store.backend import StoreError

NAME: Final = "mod_stream_management"
#: seconds that another worker gets to give a session away; that a write under way is waited for, and between two looks
PATIENCE: Final = 5.0
_PAUSE: Final = 0.005


async def until_safe(managed: ManagedStream) -> None:
    """Its senders are told that what it has is safe once it has left: returns when it is. Raises StoreError."""
    safe: list[bool] = []
    managed.confirm(lambda: safe.append(True))
    for _ in range(round(PATIENCE / _PAUSE)):
        if safe:
            return
        await process.sleep(_PAUSE)
    raise StoreError("what a client has not acknowledged cannot be written")


def state_of(managed: ManagedStream, *, whole: bool) -> dict[str, Any]:
    """What another process makes the same of. What was taken up and is not safe yet the client is not told of."""
    safe = durability.is_safe(managed.session.seen_to_by or managed.session.pid)
    received = managed.received if safe else managed.told
    lost = (managed.lost.acked, dict(managed.lost.numbers)) if managed.lost is not None else None
    state = {"id": managed.id, "seconds": managed.seconds, "received": received, "acked": managed.acked, "lost": lost}
    if whole:
        state["kept"] = [(e.number, e.xml, e.kind, e.first_sent, e.others, e.durable) for e in managed.kept]
    return state


def restore(session: C2sSession, limits: QueueLimits, state: dict[str, Any]) -> ManagedStream:
    """The inverse, in the new process."""
    found = ManagedStream(session, limits, state["id"], state["seconds"])
    kept = [KeptStanza(*fields) for fields in state.get("kept", ())]
    lost = LostCounts(*state["lost"]) if state["lost"] is not None else None
    found.go_on_from(Acknowledgements(state["received"], state["acked"], kept, lost))
    return found


async def go_on(session: C2sSession, managed: ManagedStream, h: int) -> None:
    """A client has come for it, which has got `h`: from now on this is the only place where it is."""
    for _ in range(round(PATIENCE / _PAUSE)):
        if not (managed.moved and managed.confirmations.is_saving):
            break
        await process.sleep(_PAUSE)  # it would be written with a number that is not its own any more
    managed.attach(h)
    wanted = [entry for entry in managed.kept if entry.durable or entry.kind in SAFE]
    try:
        await on_disk.go_on(session, managed.rows(wanted) if managed.moved else None)
    except StoreError as error:
        faults.log(error, f"writing down that {session.jid} is back")
    else:
        if managed.moved:
            managed.all_written()
    on_disk.write_down(session)  # with the numbers that are on disk now, before the client gets more under them


async def surrendered(row: Session, id_: str) -> SavedSession | None:
    """The session, which lives on another worker, and is this process's from now on. None: it has none of that id."""
    try:
        saved: SavedSession | None = await gen_fsm.sync_send_all_state_event(
            row.pid, Surrender(process.self_(), id_), PATIENCE
        )
    except CallError:
        return None
    if saved is None or NAME not in saved.states:
        return None
    crash_points.reach("surrender.answered")
    state = {key: value for key, value in saved.states[NAME].items() if key != "kept"}
    small = replace(saved, states={**saved.states, NAME: state})
    journal_server.append(saved.jid.domain, SessionWritten(id_, small.encode()))
    return saved


async def put_by(session: C2sSession, managed: ManagedStream) -> None:
    """The process ends, and all of the session is on disk when this returns. What is not safe now the client says again
    when it is back. Raises StoreError."""
    rest = [entry for entry in managed.kept if not (entry.durable or entry.kind == STORED)]
    await on_disk.wait(session, managed.seconds, managed.rows(rest))
    for entry in rest:
        entry.durable = True
    managed.all_written()
    on_disk.put_by(session)
