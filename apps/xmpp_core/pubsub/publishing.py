"""publishing — what may be published, and what must go for it.

Way:  the service → [publishing] → rows of the store, an event
XEP:  0060 §7.1.2, §7.1.3 (what a request must hold), §7.1.4 (a full node)
"""

from __future__ import annotations

from dataclasses import dataclass

from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.pubsub.node_config import MAX, NodeConfig, NodeLimits, limit_of_items
from xmpp_core.pubsub.pubsub_errors import pubsub_error


@dataclass(frozen=True, slots=True)
class Publication:
    """One item of a publish request: `id` "" if the service is to make one, `payload` None for a notification
    without any."""

    id: str
    payload: Element | None


def read_publication(publish: Element, most_id: int) -> Publication | None:
    """What `<publish/>` holds; None without an item. Raises StanzaError for more than one item (a service need not
    take batches, §7.1.5), more than one payload, an id that is too long."""
    items = list(publish.elements("item", publish.ns))
    if not items:
        return None
    if len(items) > 1:
        raise StanzaError("not-allowed", "one item at a time")
    id_, payloads = items[0].get("id") or "", list(items[0].elements())
    if len(id_) > most_id:
        raise StanzaError("not-acceptable", f"an id has at most {most_id} characters")
    if len(payloads) > 1 or items[0].text().strip():
        raise pubsub_error("invalid-payload")
    return Publication(id_, payloads[0] if payloads else None)


def check_publication(config: NodeConfig, item: Publication | None, size: int, limits: NodeLimits) -> None:
    """Raises StanzaError unless the node takes this; `size`: octets of the payload. XEP: 0060 §7.1.3.4–6"""
    if item is None:
        if config.persist_items or config.deliver_payloads:
            raise pubsub_error("item-required")
        return
    if item.payload is None:
        if config.deliver_payloads and config.persist_items:
            raise pubsub_error("payload-required")
        return
    if not config.persist_items and not config.deliver_payloads:
        raise pubsub_error("item-forbidden")
    most = limits.payload if config.max_payload_size == MAX else min(config.max_payload_size, limits.payload)
    if size > most:
        raise pubsub_error("payload-too-big", f"a payload has at most {most} octets")


def evicted(config: NodeConfig, count: int, is_new: bool, limits: NodeLimits) -> int:
    """How many of `count` items, the oldest, go when one is published; `is_new`: it overwrites none of them.

    Raises StanzaError conflict, node-full, if the node is to refuse instead.
    """
    most = limit_of_items(config, limits)
    over = max(count + is_new - most, 0)
    if over and config.publish_node_full == "reject" and is_new and config.persist_items:
        raise pubsub_error("node-full")
    return min(over, count)
