"""poison — stanzas in whose handling a stream's process has crashed: they are told to the log, and not handled again.

Way:      c2s_session, where an exception ends the process → [blame]; c2s_session, before a stanza is handled → [holds]
Process:  none; of the node on which it happened
Differs:  a session outlives the crash of its process (XEP-0198): without this the client, or the sender's copy, would
          bring the same stanza again, and end the session that has just been opened

Nearly every bug is an error to the sender and ends no process (routing.faults). What is left is an exception that
nobody may catch: OutOfTime, when a stanza keeps the loop busy for [node] end_seconds.
"""

from __future__ import annotations

import hashlib
import logging
from typing import Final

from otp.erts import exits
from xmpp_core import ns
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Stanza

#: how many are remembered, the last ones
MOST: Final = 256
#: digest of each; empty nearly always: a caller in a hurry looks at this first
POISONED: Final[dict[bytes, None]] = {}
_log = logging.getLogger("xmppd.c2s")


def blame(stanza: Stanza, error: BaseException) -> None:
    """`error` is about to end the process that handles `stanza`; an end from outside is nobody's fault."""
    if exits.passes(error):
        return
    digest = _digest(stanza)
    while len(POISONED) >= MOST:
        del POISONED[next(iter(POISONED))]
    POISONED[digest] = None
    _log.critical(
        "%s ends a stream: a %s from %s to %s, which is not handled again; sha256 %s",
        type(error).__name__, stanza.kind, stanza.from_ or "nobody", stanza.to or "nobody", digest.hex(),
    )  # fmt: skip


def holds(stanza: Stanza) -> bool:
    """Whether it has ended a stream before. Ask only if POISONED is not empty."""
    return _digest(stanza) in POISONED


def refusal() -> StanzaError:
    """What its sender is told."""
    return StanzaError("internal-server-error", "this stanza has ended a stream before")


def _digest(stanza: Stanza) -> bytes:
    """Without the ids that archives have given it: each time that it is sent it has another one."""
    left = [child for child in stanza.el.children if isinstance(child, str) or child.ns != ns.STANZA_ID]
    return hashlib.sha256(stanza.el.with_children(*left).to_xml().encode()).digest()
