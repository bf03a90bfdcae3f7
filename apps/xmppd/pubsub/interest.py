"""interest — who wants to be told of a node: the `+notify` of verified capabilities.

Way:      mod_caps (what a hash means, whose hash it is) → [interest] → events
Process:  none: read in place. What a hash means is in the store for good, and here for the hashes used last
XEP:      0163 §3 (filtered notifications), 0115
Differs:  the sessions of our own accounts have the hash in their rows, which every worker sees. Of resources
          elsewhere each worker knows what its own clients have been sent
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from xmpp_core.jid import JID
from xmppd.pubsub.tables import CAPS
from xmppd.routing.published import Published
from xmppd.routing.sm import sm
from xmppd.store import store

#: the key of a session's verified capabilities, "" while they are not known
CAPS_KEY: Final = Published("caps", "")
MOST_KEYS: Final = 5000
#: accounts elsewhere whose resources are known here, and resources of each
MOST_ELSEWHERE: Final = 20_000
MOST_RESOURCES: Final = 20

_NODES: Final[OrderedDict[str, frozenset[str]]] = OrderedDict()
_ELSEWHERE: Final[OrderedDict[str, dict[str, str]]] = OrderedDict()


def learn(key: str, nodes: Iterable[str]) -> None:
    """A hash is verified: its clients want to be told of these nodes."""
    _NODES[key] = frozenset(nodes)
    while len(_NODES) > MOST_KEYS:
        _NODES.popitem(last=False)


async def nodes_of(key: str) -> frozenset[str] | None:
    """The nodes that clients with this hash want to be told of; None if it has never been verified."""
    found = _NODES.get(key)
    if found is None:
        row = await store.read(CAPS, (key,))
        if row is None:
            return None
        learn(key, row.nodes)
        found = _NODES[key]
    return found


def came(full: JID, key: str) -> None:
    """A resource elsewhere is there, with these capabilities."""
    known = _ELSEWHERE.setdefault(full.bare, {})
    if full.full in known or len(known) < MOST_RESOURCES:
        known[full.full] = key
    _ELSEWHERE.move_to_end(full.bare)
    while len(_ELSEWHERE) > MOST_ELSEWHERE:
        _ELSEWHERE.popitem(last=False)


def went(full: JID) -> None:
    """It is not there any more."""
    known = _ELSEWHERE.get(full.bare)
    if known is not None:
        known.pop(full.full, None)
        if not known:
            del _ELSEWHERE[full.bare]


def forget() -> None:
    """As when a node begins."""
    _NODES.clear()
    _ELSEWHERE.clear()


async def interested(bare: str, node: str) -> list[JID]:
    """The resources of a bare JID that are there and want to be told of the node: a look-up for each of them."""
    pairs = [(row.jid, CAPS_KEY.of(row)) for row in sm.sessions(bare) if row.priority is not None]
    elsewhere = _ELSEWHERE.get(bare)
    if elsewhere:
        pairs += [(JID.parse(full), key) for full, key in elsewhere.items()]
    found = []
    for jid, key in pairs:
        nodes = _NODES.get(key) if key else frozenset()
        if nodes is None:
            nodes = await nodes_of(key)
        if nodes and node in nodes:
            found.append(jid)
    return found
