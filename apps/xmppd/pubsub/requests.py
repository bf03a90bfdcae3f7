"""requests — what everybody may ask of nodes: publish, retract, items, create; and what may be asked in their place.

Way:      mod_pep, mod_pubsub → [requests] → service → the answer
XEP:      0060 §5–§7, §8.1; 0059
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from xmpp_core import dataforms, ns, rsm
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.pubsub import node_config, publishing
from xmpp_core.pubsub.node_config import FORM_TYPE, OPTIONS_TYPE
from xmpp_core.pubsub.pubsub_errors import pubsub_error
from xmpp_core.stanza import Iq
from xmppd.pubsub import service
from xmppd.pubsub.node_store import Realm
from xmppd.pubsub.service import ItemsFound
from xmppd.routing.serialized_iq import SerializedIq

#: ids that one request names
MOST_IDS: Final = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: `may_create`: the asker may make nodes here."""

    realm: Realm
    iq: Iq
    who: JID
    may_create: bool

    @property
    def payload(self) -> Element:
        """`<pubsub/>`."""
        assert self.iq.payload is not None
        return self.iq.payload

    def result(self, *children: Element) -> Iq:
        """The answer, with `<pubsub/>` around these, or empty."""
        return self.iq.result(el("pubsub", self.payload.ns, None, *children)) if children else self.iq.result()


Handler = Callable[[Asked, Element], Awaitable[Iq]]


async def answer(asked: Asked, handlers: Mapping[tuple[str, str], Handler]) -> Iq:
    """By the first child that a handler has. Raises StanzaError: bad-request for two requests in one, of which only
    one would be done; a subscription may bring its options. XEP: 0060 §18.1"""
    known = [child for child in asked.payload.elements(ns=asked.payload.ns) if (asked.iq.type, child.name) in handlers]
    if not known:
        raise StanzaError("feature-not-implemented" if asked.payload.first() is not None else "bad-request")
    child = known[0]
    if len(known) > 1 and [one.name for one in known] != ["subscribe", "options"]:
        raise StanzaError("bad-request", "one request at a time")
    _check_name(asked.realm, child.get("node") or "")
    return await handlers[asked.iq.type, child.name](asked, child)


def _check_name(realm: Realm, node: str) -> None:
    if len(node) > realm.limits.name:
        raise StanzaError("not-acceptable", f"the name of a node has at most {realm.limits.name} characters")


async def publish(asked: Asked, child: Element) -> Iq:
    """An item for a node."""
    realm, node = asked.realm, child.get("node") or ""
    if not node:
        raise pubsub_error("nodeid-required")
    item = publishing.read_publication(child, realm.limits.name)
    if item is not None and item.payload is not None and item.payload.ns in ("", ns.CLIENT, ns.PUBSUB):
        raise pubsub_error("invalid-payload", "a payload has a namespace of its own")
    options = _form(asked.payload.child("publish-options"), OPTIONS_TYPE)
    wanted = node_config.read_options(options, realm.limits.node) if options is not None else None
    done = await service.publish(realm, asked.who, node, item, wanted, may_create=asked.may_create)
    shown = [el("item", ns.PUBSUB, {"id": done.id})] if done.id else []
    return asked.result(el("publish", ns.PUBSUB, {"node": node}, *shown))


def _form(parent: Element | None, form_type: str) -> dataforms.Form | None:
    """The form in an element. Raises StanzaError if it is of another type, or none is there."""
    if parent is None:
        return None
    form = dataforms.find(parent)
    if form is None:
        raise StanzaError("bad-request", f"a form of type {form_type} is missing")
    return form


async def retract(asked: Asked, child: Element) -> Iq:
    """An item goes."""
    node = child.get("node") or ""
    found = list(child.elements("item", ns.PUBSUB))
    if not node:
        raise pubsub_error("nodeid-required")
    if len(found) != 1 or not found[0].get("id"):
        raise pubsub_error("item-required")
    tell = (child.get("notify") or "") in ("1", "true")
    await service.retract(asked.realm, asked.who, node, found[0].get("id") or "", tell=tell)
    return asked.result()


async def items(asked: Asked, child: Element) -> Iq:
    """Items of a node."""
    node, wanted = child.get("node") or "", list(child.elements("item", ns.PUBSUB))
    if len(wanted) > MOST_IDS:
        raise StanzaError("not-acceptable", f"at most {MOST_IDS} items at a time")
    most = child.get("max_items")
    if most is not None and not (most.isascii() and most.isdigit() and 0 < len(most) < 10):
        raise StanzaError("bad-request", "max_items is a number")
    found = await service.items(
        asked.realm,
        asked.who,
        node,
        rsm.parse(asked.payload),
        [id_ for one in wanted if (id_ := one.get("id"))],
        int(most) if most is not None else None,
    )
    return SerializedIq(asked.iq, _written(asked, node, found))


def _written(asked: Asked, node: str, found: ItemsFound) -> str:
    own = asked.realm.jid.bare if asked.realm.is_pep else ""
    texts = []
    for row in found.items:
        shown = row.publisher if row.publisher != own else None
        head = el("item", ns.PUBSUB, {"id": row.id, "publisher": shown}).to_xml(ns.PUBSUB)
        texts.append(f"{head[:-2]}>{row.xml}</item>" if row.xml else head)
    items = el("items", ns.PUBSUB, {"node": node}).to_xml(ns.PUBSUB)
    whole = f"{items[:-2]}>{''.join(texts)}</items>" if texts else items
    page = found.page.to_element().to_xml(ns.PUBSUB) if found.page is not None else ""
    return f"<pubsub xmlns='{ns.PUBSUB}'>{whole}{page}</pubsub>"


async def create(asked: Asked, child: Element) -> Iq:
    """A node, with its configuration if that is said."""
    if not asked.may_create:
        raise StanzaError("forbidden", "you cannot make nodes here")
    realm, node = asked.realm, child.get("node") or ""
    if not node and realm.is_pep:
        raise pubsub_error("nodeid-required", condition="not-acceptable")
    form = _form(asked.payload.child("configure"), FORM_TYPE) if _says(asked.payload) else None
    given = node_config.read_fields(form.fields, realm.limits.node, strict=False) if form is not None else None
    name = await service.create(realm, asked.who, node, given)
    return asked.result() if node else asked.result(el("create", ns.PUBSUB, {"node": name}))


def _says(payload: Element) -> bool:
    """Whether `<configure/>` has a form: an empty one asks for the default. XEP: 0060 §8.1.2"""
    configure = payload.child("configure")
    return configure is not None and configure.first() is not None


HANDLERS: Final[Mapping[tuple[str, str], Handler]] = {
    ("set", "publish"): publish,
    ("set", "retract"): retract,
    ("get", "items"): items,
    ("set", "create"): create,
}
