"""undelivered — reroutes or bounces stanzas that were on their way to a node which has ended or gives no sign of life.

Way:      otp.kernel.held (given back by session_table, once the node's sessions are out of the table) → [undelivered] →
          router: another session, the store, or an error to the sender; unconfirmed (copies of what was lost) likewise
Process:  one for all stanzas of one node that went down, and for all copies of what one process, or node, has lost
RFC:      6120 §8.3.3.18 (resource-constraint), 6121 §8.5.3.2 (no session of the full JID)

What was never written to the link is rerouted. What was written may have come, and may have been shown: it is not
sent twice; the sender is told that it may be lost, and decides. docs/decisions/0009 has the reasons. Where a sender
keeps copies for a receiver that acknowledges, they are routed anew, and it is told nothing: docs/decisions/0024.
"""

from __future__ import annotations

import logging
from typing import Any

from otp.erts import process
from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.kernel import held
from otp.kernel.held import GivenBack
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq, Presence, Stanza
from xmppd.routing import deliver, durability, faults, hold, router, unconfirmed
from xmppd.routing.account.stages import ForAccount, FromAccount
from xmppd.routing.deliver import Deliver
from xmppd.routing.redeliver import ends_here
from xmppd.routing.routes import ServiceRoute
from xmppd.routing.sm import orphans, sm
from xmppd.routing.sm.suspected_nodes import REROUTING
from xmppd.routing.unconfirmed import LostCopy

log = logging.getLogger("xmppd.router")

_SHARE = 20
#: seconds before what could not be made safe is tried again
_PAUSE = 0.5
#: looks, a moment apart, whether the table still has the session of a process that is gone
_LOOKS = 400


def begin() -> None:
    """Keep what is sent to sessions and components of other nodes, from now on, until they have taken it."""
    held.keep(Deliver, ForAccount, FromAccount)
    held.keep(deliver.DeliverIfNewer, deliver.RosterItemChanged, deliver.Kick, deliver.Replaced)
    held.on_given_back(_given_back)
    unconfirmed.on_lost(_lost)


def _given_back(node: str, messages: list[GivenBack]) -> None:
    # the rest said how sessions of that node were to be; and presence is for those who are there, if that is no service
    holders = {one.to for one in messages if isinstance(one.to, Pid)} if unconfirmed.COPIES else set()
    kept = {number for holder in holders for number in unconfirmed.kept_of(holder)}
    unconfirmed.lost(*holders)
    wanted = [one for one in messages if id(one.message) not in kept and _is_wanted(one.message)]
    if wanted:
        log.warning("%d stanzas that %s has not taken are routed anew or sent back", len(wanted), node)
        _begin(process.spawn(_again, wanted), [_stanza(one) for one in wanted])


def _begin(pid: Pid, stanzas: list[Stanza]) -> None:
    """Who sends more to these accounts waits for `pid`."""
    REROUTING.update((stanza.to.bare, pid) for stanza in stanzas if stanza.to is not None)


def _end() -> None:
    for bare in [bare for bare, pid in REROUTING.items() if pid is process.self_()]:
        orphans.rerouted(bare)


def _lost(copies: list[LostCopy]) -> Pid:
    """Copies of what a process had that was killed."""
    pid = process.spawn(_copies_again, copies)
    _begin(pid, [copy.message.stanza for copy in copies])
    return pid


async def _copies_again(copies: list[LostCopy]) -> None:
    """Ends when they are safe where they have come to: who waits for it acknowledges them then."""
    unconfirmed.begin(bounded=False)  # it would wait for who waits for it
    try:
        for number, copy in enumerate(copies, 1):
            message = copy.message
            if message.stanza.to is not None:
                await orphans.wait_for(message.stanza.to.bare)
            if not (_went_on(copy) or (isinstance(message, Deliver) and ends_here(message))):
                await _copy_again(message)
            if number % _SHARE == 0:
                await process.give_way()
    finally:
        _end()
    while True:
        try:
            await durability.flush()
        except CallError as error:
            faults.log(error, "storing what was routed anew")
            await process.sleep(_PAUSE)
        else:
            return


def _went_on(copy: LostCopy) -> bool:
    """Whether the session that had it goes on in another process, which has it now: so also what is for that device
    alone, and what others of the account have got as well."""
    to = copy.message.stanza.to
    if not copy.stream_id or to is None:
        return False
    for session in sm.sessions(to.bare):
        if session.stream_id == copy.stream_id:
            hold.stamp(copy.message)
            unconfirmed.keep(session.pid, copy.message, stream_id=session.stream_id)
            process.send(session.pid, copy.message)
            return True
    return False


async def _copy_again(message: Any) -> None:
    try:
        if isinstance(message, Deliver):  # its stages are behind it, if there were any
            hold.stamp(message)
            assert message.context is not None
            message.context.staged = True
        await _route(message)
    except Exception as error:
        answer = faults.answer(message.stanza, error)
        if answer is not None:
            await router.route(answer)


def _is_wanted(message: object) -> bool:
    if not isinstance(message, (Deliver, ForAccount, FromAccount)):
        return False
    if isinstance(message.stanza, Presence) and not _is_for_a_service(message.stanza):
        return False
    if isinstance(message, Deliver) and ends_here(message):
        return False
    return not isinstance(message.stanza, Iq) or message.stanza.is_request


def _is_for_a_service(presence: Presence) -> bool:
    return presence.to is not None and isinstance(router.route_of(presence.to.domain), ServiceRoute)


def _stanza(one: GivenBack) -> Stanza:
    assert isinstance(one.message, (Deliver, ForAccount, FromAccount))
    return one.message.stanza


async def _again(messages: list[GivenBack]) -> None:
    try:
        await _each(messages)
    finally:
        _end()


async def _each(messages: list[GivenBack]) -> None:
    for number, one in enumerate(messages, 1):
        stanza = _stanza(one)
        await _forgotten(one.to, stanza)
        if stanza.to is not None:
            await orphans.wait_for(stanza.to.bare)
        if not one.sent:
            await _route(one.message)
        elif stanza.type != "headline" and (answer := faults.bounce(stanza, _MAYBE)) is not None:
            await router.route(answer)
        if number % _SHARE == 0:
            await process.give_way()


async def _route(message: object) -> None:
    """Anew, from where it was: what is of an account and what is for it has not been through its stages."""
    match message:
        case FromAccount(stanza, context):
            await router.route_of_account(stanza, context)
        case ForAccount(stanza, context) | Deliver(stanza, _, context):
            await router.route(stanza, context)


#: not «lost»: it may have come
_MAYBE = StanzaError("resource-constraint", "the recipient's connection broke, this may not have come", type_="wait")


async def _forgotten(to: object, stanza: Stanza) -> None:
    """Wait until the table does not name the process any more: else it would be sent there again."""
    for _ in range(_LOOKS):
        if stanza.to is None or not isinstance(to, Pid) or all(s.pid is not to for s in sm.sessions(stanza.to.bare)):
            return
        await process.sleep(0.005)
