"""pubsub_errors — the errors of publish-subscribe by what is wrong, each as the examples of the XEP show it.

Way:  access, publishing, node_config, the service → [pubsub_errors] → StanzaError
XEP:  0060 §6–§8, §9 (errors)
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.errors import StanzaError

#: pubsub-specific condition → (condition of the stanza error, its type)
CONDITIONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "closed-node": ("not-allowed", "cancel"),
        "configuration-required": ("not-acceptable", "modify"),
        "invalid-jid": ("bad-request", "modify"),
        "invalid-options": ("bad-request", "modify"),
        "invalid-payload": ("bad-request", "modify"),
        "invalid-subid": ("not-acceptable", "modify"),
        "item-forbidden": ("bad-request", "modify"),
        "item-required": ("bad-request", "modify"),
        "jid-required": ("bad-request", "modify"),
        "max-items-exceeded": ("policy-violation", "wait"),
        "max-nodes-exceeded": ("policy-violation", "wait"),
        "node-full": ("conflict", "cancel"),
        "nodeid-required": ("bad-request", "modify"),
        "not-in-roster-group": ("not-authorized", "auth"),
        "not-subscribed": ("unexpected-request", "cancel"),
        "payload-required": ("bad-request", "modify"),
        "payload-too-big": ("not-acceptable", "modify"),
        "pending-subscription": ("not-authorized", "auth"),
        "precondition-not-met": ("conflict", "cancel"),
        "presence-subscription-required": ("not-authorized", "auth"),
        "too-many-subscriptions": ("policy-violation", "wait"),
        "unsupported": ("feature-not-implemented", "cancel"),
        "unsupported-access-model": ("not-acceptable", "modify"),
    }
)


def pubsub_error(what: str, text: str = "", *, condition: str = "", feature: str = "") -> StanzaError:
    """A StanzaError with a pubsub-specific condition; `condition`: another stanza error than it usually stands in;
    `feature`: of an `unsupported`."""
    usual, type_ = CONDITIONS[what]
    app = el(what, ns.PUBSUB_ERRORS, {"feature": feature or None})
    return StanzaError(condition or usual, text, type_="" if condition and condition != usual else type_, app=app)
