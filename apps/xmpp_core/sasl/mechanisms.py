"""mechanisms — which SASL mechanisms there are, and which of them a stream is offered.

Way:      stream_fsm → [offered]; c2s → [start]
RFC:      6120 §6.3.3 (order of preference), §13.8 (PLAIN under TLS only), 5802 §6 (-PLUS)
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache, partial

from xmpp_core.sasl.anonymous import Anonymous
from xmpp_core.sasl.base import Mechanism, SaslContext
from xmpp_core.sasl.external import External
from xmpp_core.sasl.ht import MECHANISMS as TOKEN_MECHANISMS
from xmpp_core.sasl.ht import Ht
from xmpp_core.sasl.oauthbearer import OAuthBearer
from xmpp_core.sasl.plain import Plain
from xmpp_core.sasl.scram import Scram

_HASHES = ("SHA-512", "SHA-256", "SHA-1")

# in the order of preference in which they are offered
MECHANISMS: dict[str, Callable[[SaslContext], Mechanism]] = {
    "EXTERNAL": External,
    **{f"SCRAM-{name}-PLUS": partial(Scram, hash_name=name, plus=True) for name in _HASHES},
    **{f"SCRAM-{name}": partial(Scram, hash_name=name, plus=False) for name in _HASHES},
    "OAUTHBEARER": OAuthBearer,
    "PLAIN": Plain,
    "ANONYMOUS": Anonymous,
}
# what comes with something else that is configured, and is not in an operator's list
ELSEWHERE = ("ANONYMOUS", "EXTERNAL", "OAUTHBEARER")
# what an operator may switch on or off; -PLUS follows its sibling
NAMES = tuple(name for name in MECHANISMS if not name.endswith("-PLUS") and name not in ELSEWHERE)


def offered(
    enabled: Collection[str], *, tls: bool, channel_binding: bool, plain_without_tls: bool, certificate: bool = False
) -> tuple[str, ...]:
    """Names for the stream features, best first: what is enabled and safe on this connection."""
    return _offered(frozenset(enabled), tls, channel_binding, plain_without_tls, certificate)


@lru_cache(maxsize=64)
def _offered(
    enabled: frozenset[str], tls: bool, channel_binding: bool, plain_without_tls: bool, certificate: bool
) -> tuple[str, ...]:
    """Each stream asks four times, and there are few answers."""

    def fits(name: str) -> bool:
        if name in ("PLAIN", "OAUTHBEARER"):
            return tls or plain_without_tls
        if name == "EXTERNAL":
            return tls and certificate
        return channel_binding or not name.endswith("-PLUS")

    return tuple(name for name in MECHANISMS if name.removesuffix("-PLUS") in enabled and fits(name))


def start(name: str, context: SaslContext) -> Mechanism:
    """A new exchange; KeyError if there is no such mechanism."""
    return Ht(context, name) if name in TOKEN_MECHANISMS else MECHANISMS[name](context)


def list_of(names: Collection[str], bindings: Collection[str]) -> bytes:
    """What a server offers, mechanisms and kinds of channel binding, as the text of which clients are given the hash.

    XEP: 0474 §4.1
    """
    text = "\x1e".join(sorted(names))
    return (text + "\x1f" + "\x1e".join(sorted(bindings)) if bindings else text).encode()
