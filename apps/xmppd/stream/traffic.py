"""traffic — what streams count: stanzas by kind and direction, logins, and failures by reason.

Way:      stream.c2s_session, stream.component, stream.driver, stream.c2s_auth → [traffic] → metrics.snapshot
Process:  none: numbers of this worker, written on its loop
"""

from __future__ import annotations

from typing import Final

from xmpp_core.element import Element
from xmpp_core.sasl.mechanisms import MECHANISMS
from xmpp_core.stanza import Iq, Message, Presence, Stanza
from xmpp_core.stream_events import ReportAuth
from xmppd import metrics
from xmppd.metrics import Cell

#: how a login without SASL is called
LEGACY: Final = "XEP-0078"
_KINDS: Final = ("message", "presence", "iq")
_STANZAS: Final = metrics.counter(
    "xmppd_stanzas_total", "stanzas from and to clients and components", kind=_KINDS, direction=("in", "out")
)
#: from a client or component, by the kind of the stanza
RECEIVED: Final[dict[str, Cell]] = {kind: _STANZAS.cell(kind, "in") for kind in _KINDS}
_BY_NAME: Final[dict[str, Cell]] = {kind: _STANZAS.cell(kind, "out") for kind in _KINDS}
#: to a client or component, by the class of the stanza
SENT: Final[dict[type, Cell]] = {one: _BY_NAME[one.kind] for one in (Message, Presence, Iq)}

_LOGINS: Final = metrics.counter(
    "xmppd_logins_total", "clients that have logged in, by mechanism", mechanism=(*MECHANISMS, LEGACY)
)
_FAILURES: Final = metrics.counter(
    "xmppd_login_failures_total",
    "logins that have failed, by the condition that they were answered with",
    reason=(
        "aborted", "account-disabled", "credentials-expired", "encryption-required", "incorrect-encoding",
        "invalid-authzid", "invalid-mechanism", "malformed-request", "mechanism-too-weak", "not-authorized",
        "temporary-auth-failure",
    ),
)  # fmt: skip


def count_element(item: Stanza | Element) -> None:
    """One that is sent as an element, an answer mostly, or no stanza at all; or the first of a class of its own."""
    counted = _BY_NAME.get(item.name if isinstance(item, Element) else item.kind)
    if counted is not None and isinstance(item, Stanza):
        SENT[type(item)] = counted
    if counted is not None:
        counted.n += 1


def count_login(result: ReportAuth) -> None:
    """One more that was tried. RFC: 6120 §6.5"""
    if result.ok:
        _LOGINS.cell(result.mechanism or LEGACY).n += 1
    else:
        _FAILURES.cell(result.reason).n += 1
