"""undelivered — stanzas that were on their way to a node which has ended, or gives no sign of life.

Way:      otp.kernel.held (given back by session_table, once the node's sessions are out of the table) → [undelivered] →
          router: another session, the store, or an error to who sent it
Process:  one for all that a node held
RFC:      6120 §8.3.3.18 (resource-constraint), 6121 §8.5.3.2 (no session of the full JID)

What was never written to the link is routed anew. What was written may have come, and may have been shown: it is not
said twice; who sent it is told that it may be lost, and decides. docs/decisions/0009 has the reasons.
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
from xmppd.routing.deliver import Deliver
from xmppd.routing.redeliver import has_another
from xmppd.routing.sm import sm
from xmppd.routing.sm.suspected_nodes import REROUTING

log = logging.getLogger("xmppd.router")

_SHARE = 20
#: looks, a moment apart, whether the table still has the session of a process that is gone
_LOOKS = 400


def begin() -> None:
    """Have what is sent to sessions and components of other nodes kept, from now on."""
    held.keep(Deliver, deliver.DeliverIfNewer, deliver.RosterItemChanged, deliver.Kick, deliver.Replaced)
    held.on_given_back(_given_back)


def _given_back(node: str, messages: list[GivenBack]) -> None:
    # the rest said how sessions of that node were to be; and presence, who is gone does not need
    stanzas = [
        (one.to, one.message.stanza, one.sent)
        for one in messages
        if isinstance(one.message, Deliver) and not has_another(one.message)
    ]
    wanted = [one for one in stanzas if not isinstance(one[1], Presence) and _is_asked(one[1])]
    if wanted:
        log.warning("%d stanzas that %s has not taken are routed anew or sent back", len(wanted), node)
        pid = process.spawn(_again, wanted)
        REROUTING.update((stanza.to.bare, pid) for _, stanza, _ in wanted if stanza.to is not None)


def _is_asked(stanza: Stanza) -> bool:
    return not isinstance(stanza, Iq) or stanza.is_request


async def _again(stanzas: list[tuple[object, Stanza, bool]]) -> None:
    try:
        await _each(stanzas)
    finally:
        for bare in [bare for bare, pid in REROUTING.items() if pid is process.self_()]:
            del REROUTING[bare]


async def _each(stanzas: list[tuple[object, Stanza, bool]]) -> None:
    for number, (to, stanza, sent) in enumerate(stanzas, 1):
        await _forgotten(to, stanza)
        if not sent:
            await router.route(stanza)
        elif stanza.type != "headline" and (answer := faults.bounce(stanza, _MAYBE)) is not None:
            await router.route(answer)
        if number % _SHARE == 0:
            await process.give_way()


#: not «lost»: it may have come
_MAYBE = StanzaError("resource-constraint", "the recipient's connection broke, this may not have come", type_="wait")


async def _forgotten(to: object, stanza: Stanza) -> None:
    """Wait until the table does not name the process any more: else it would be sent there again."""
    for _ in range(_LOOKS):
        if stanza.to is None or not isinstance(to, Pid) or all(s.pid is not to for s in sm.sessions(stanza.to.bare)):
            return
        await process.sleep(0.005)
