"""mechanisms — which SASL mechanisms there are, and which of them a stream is offered.

Way:      stream_fsm → [offered]; c2s → [start]
RFC:      6120 §6.3.3 (order of preference), §13.8 (PLAIN under TLS only), 5802 §6 (-PLUS)
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from xmpp_core.sasl.base import Mechanism, SaslContext
from xmpp_core.sasl.plain import Plain
from xmpp_core.sasl.scram import Scram

_HASHES = ("SHA-512", "SHA-256", "SHA-1")

# in the order of preference in which they are offered
MECHANISMS: dict[str, Callable[[SaslContext], Mechanism]] = {
    **{f"SCRAM-{name}-PLUS": partial(Scram, hash_name=name, plus=True) for name in _HASHES},
    **{f"SCRAM-{name}": partial(Scram, hash_name=name, plus=False) for name in _HASHES},
    "PLAIN": Plain,
}
# what an operator may switch on or off; -PLUS follows its sibling
NAMES = tuple(name for name in MECHANISMS if not name.endswith("-PLUS"))


def offered(enabled: Collection[str], *, tls: bool, channel_binding: bool, plain_without_tls: bool) -> tuple[str, ...]:
    """Names for the stream features, best first: what is enabled and safe on this connection."""

    def fits(name: str) -> bool:
        if name == "PLAIN":
            return tls or plain_without_tls
        return channel_binding or not name.endswith("-PLUS")

    return tuple(name for name in MECHANISMS if name.removesuffix("-PLUS") in enabled and fits(name))


def start(name: str, context: SaslContext) -> Mechanism:
    """A new exchange; KeyError if there is no such mechanism."""
    return MECHANISMS[name](context)
