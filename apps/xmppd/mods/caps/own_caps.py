"""own_caps — the server's own capabilities: the hash that its streams begin with, and the answer that it is of.

Way:      StreamFeaturesHook, mod_disco (a node of ours) → mod_caps → [own_caps] → iq → mod_disco, as for anybody
XEP:      0115 §6.3 (the stream feature); 0390 §5
Differs:  made anew when another feature is announced, when modules that add to it come, go or are configured anew, and
          once a minute: it is what disco#info says to everybody
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from otp.erts.clock import CLOCK
from xmpp_core import caps, ns
from xmpp_core.element import Element, el
from xmpp_core.jid import JID
from xmpp_core.stanza import make_iq
from xmppd.routing import handler_table, hooks, iq
from xmppd.routing.hook_points import DiscoFeaturesHook, DiscoIdentitiesHook

NODE: Final = "https://xmppd.org"
#: seconds for which it is not asked whether something else has changed
_FRESH: Final = 60.0
_MOST: Final = 256


@dataclass(frozen=True, slots=True)
class OwnCaps:
    """What a host can do: `query` its disco#info, `features` for its streams, the nodes by which it may be asked."""

    query: Element
    features: tuple[Element, ...]
    nodes: frozenset[str]
    sources: tuple[object, ...]
    until: float


_KNOWN: Final[OrderedDict[str, OwnCaps]] = OrderedDict()


async def of_host(host: str) -> OwnCaps | None:
    """Those of a host now; None if it does not answer, or what it says has no hash."""
    sources, found = _sources(host), _KNOWN.get(host)
    if found is None or found.until < CLOCK.monotonic() or found.sources != sources:
        made = await _make(host, sources)
        if made is None:
            return None
        found = _KNOWN[host] = made
        while len(_KNOWN) > _MOST:
            _KNOWN.popitem(last=False)
    return found


def _sources(host: str) -> tuple[object, ...]:
    """What it is made of, as far as that is known without asking: what is announced, and the modules that add to it,
    whose handlers are others after each start."""
    handlers = [handler_table.chain(hooks.TABLE, (host, point)) for point in (DiscoFeaturesHook, DiscoIdentitiesHook)]
    return (iq.announced(host, iq.LOCAL), *handlers)


async def _make(host: str, sources: tuple[object, ...]) -> OwnCaps | None:
    me = JID("", host)
    answer = await iq.process(make_iq("get", "caps", Element(ns.DISCO_INFO, "query"), to=me, from_=me), iq.LOCAL)
    query = answer.payload if answer is not None and answer.type == "result" else None
    if query is None:
        return None
    try:
        old, new = caps.ver(query), caps.ver_2(query, "sha-256")
    except caps.IllFormed:
        return None
    features = (
        el("c", ns.CAPS, {"hash": "sha-1", "node": NODE, "ver": old}),
        el("c", caps.CAPS2, None, el("hash", ns.HASHES, {"algo": "sha-256"}, new)),
    )
    nodes = frozenset((f"{NODE}#{old}", f"{caps.CAPS2}#sha-256.{new}"))
    return OwnCaps(query, features, nodes, sources, CLOCK.monotonic() + _FRESH)
