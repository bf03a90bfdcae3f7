"""owner_requests — what the owners of a node may ask: configuration, purge, delete.

Way:      mod_pep, mod_pubsub → [owner_requests] → service → the answer
XEP:      0060 §8.2–§8.5
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from xmpp_core import dataforms, ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.pubsub import node_config
from xmpp_core.stanza import Iq
from xmppd.pubsub import service
from xmppd.pubsub.requests import Asked, Handler


async def get_config(asked: Asked, child: Element) -> Iq:
    """The form, filled in."""
    found = await service.owned(asked.realm, child.get("node") or "", asked.who)
    form = node_config.to_form(found.config).to_element()
    return asked.result(el("configure", ns.PUBSUB_OWNER, {"node": found.row.node}, form))


async def set_config(asked: Asked, child: Element) -> Iq:
    """The form comes back, or the owner leaves it as it was (type cancel)."""
    found = await service.owned(asked.realm, child.get("node") or "", asked.who)
    form = dataforms.find(child)
    if form is None or form.type not in ("submit", "cancel"):
        raise StanzaError("bad-request", "a form is missing")
    if form.type == "submit":
        given = node_config.read_fields(form.fields, asked.realm.limits.node, strict=False)
        await service.configure(asked.realm, found, given)
    return asked.result()


async def default(asked: Asked, child: Element) -> Iq:
    """The configuration of a node of which nothing is said."""
    form = node_config.to_form(asked.realm.default).to_element()
    return asked.result(el("default", ns.PUBSUB_OWNER, None, form))


async def purge(asked: Asked, child: Element) -> Iq:
    """All items go."""
    await service.purge(asked.realm, await service.owned(asked.realm, child.get("node") or "", asked.who))
    return asked.result()


async def delete(asked: Asked, child: Element) -> Iq:
    """The node goes."""
    found = await service.owned(asked.realm, child.get("node") or "", asked.who)
    redirect = child.child("redirect")
    uri = redirect.get("uri") or "" if redirect is not None else ""
    await service.delete(asked.realm, found, redirect=uri[: asked.realm.limits.name])
    return asked.result()


HANDLERS: Final[Mapping[tuple[str, str], Handler]] = {
    ("get", "configure"): get_config,
    ("set", "configure"): set_config,
    ("get", "default"): default,
    ("set", "purge"): purge,
    ("set", "delete"): delete,
}
