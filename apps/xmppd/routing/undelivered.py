"""undelivered — reroutes or bounces stanzas that were on their way to a node which has ended or gives no sign of life.

Way:      otp.kernel.held (given back by session_table, once the node's sessions are out of the table) → [undelivered] →
          router: another session, the store, or an error to the sender
Process:  one for all stanzas of one node that went down
RFC:      6120 §8.3.3.18 (resource-constraint), 6121 §8.5.3.2 (no session of the full JID)

What was never written to the link is rerouted. What was written may have come, and may have been shown: it is not
sent twice; the sender is told that it may be lost, and decides. docs/decisions/0009 has the reasons.
"""

from __future__ import annotations

import logging

from otp.erts import process
from otp.erts.pid import Pid
from otp.kernel import held
from otp.kernel.held import GivenBack
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq, Presence, Stanza
from xmppd.routing import deliver, faults, router
from xmppd.routing.account.stages import ForAccount, FromAccount
from xmppd.routing.deliver import Deliver
from xmppd.routing.redeliver import ends_here
from xmppd.routing.routes import ServiceRoute
from xmppd.routing.sm import sm
from xmppd.routing.sm.suspected_nodes import REROUTING

log = logging.getLogger("xmppd.router")

_SHARE = 20
#: looks, a moment apart, whether the table still has the session of a process that is gone
_LOOKS = 400


def begin() -> None:
    """Keep what is sent to sessions and components of other nodes, from now on, until they have taken it."""
    held.keep(Deliver, ForAccount, FromAccount)
    held.keep(deliver.DeliverIfNewer, deliver.RosterItemChanged, deliver.Kick, deliver.Replaced)
    held.on_given_back(_given_back)


def _given_back(node: str, messages: list[GivenBack]) -> None:
    # the rest said how sessions of that node were to be; and presence is for those who are there, if that is no service
    wanted = [one for one in messages if _is_wanted(one.message)]
    if wanted:
        log.warning("%d stanzas that %s has not taken are routed anew or sent back", len(wanted), node)
        pid = process.spawn(_again, wanted)
        stanzas = [_stanza(one) for one in wanted]
        REROUTING.update((stanza.to.bare, pid) for stanza in stanzas if stanza.to is not None)


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
        for bare in [bare for bare, pid in REROUTING.items() if pid is process.self_()]:
            del REROUTING[bare]


async def _each(messages: list[GivenBack]) -> None:
    for number, one in enumerate(messages, 1):
        stanza = _stanza(one)
        await _forgotten(one.to, stanza)
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
