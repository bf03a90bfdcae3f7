"""sasl2_answers — the elements of a login in one step that a server writes.

Way:      stream_sasl2 → [answers] → SendElement; stream.c2s_login → [success]
XEP:      0388 (SASL2), 0386 (Bind 2)
"""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.sasl.base import Failure


@lru_cache(64)
def feature(mechanisms: tuple[str, ...], inline: tuple[str, ...], bind: tuple[str, ...]) -> str:
    """<authentication/> as it is written: the mechanisms, and what may be asked for in the same step. `inline` are
    elements as they are written, `bind` the names of what a session may begin with."""
    features = [el("feature", ns.BIND2, {"var": name}) for name in bind]
    bind_feature = el("bind", ns.BIND2, None, el("inline", ns.BIND2, None, *features) if features else None)
    names = "".join([f"<mechanism>{name}</mechanism>" for name in mechanisms])
    more = bind_feature.to_xml() + "".join(inline)
    return f"<authentication xmlns='{ns.SASL2}'>{names}<inline>{more}</inline></authentication>"


def challenge(data: bytes) -> Element:
    """A step of the exchange."""
    return el("challenge", ns.SASL2, None, b64encode(data).decode() or None)


def failure(refused: Failure) -> Element:
    """The conditions are those of RFC 6120 §6.5, in their own namespace."""
    text = el("text", ns.SASL2, None, refused.text) if refused.text else None
    return el("failure", ns.SASL2, None, el(refused.condition, ns.SASL), text)


def success(who: str, data: bytes | None, *said: Element) -> Element:
    """The end of the exchange: `who` is the full JID where the client has a resource now, `said` what else was done."""
    additional = None if data is None else el("additional-data", ns.SASL2, None, b64encode(data).decode())
    return el("success", ns.SASL2, None, additional, el("authorization-identifier", ns.SASL2, None, who), *said)


def bound(*said: Element) -> Element:
    """A resource was bound; `said` is what the modules answer to what was asked for with it."""
    return el("bound", ns.BIND2, None, *said)
