"""conversion — a card in one form after the other form was written: what both have is taken over, the rest stays. Pure.

Way:  mod_vcard4 → [conversion] → properties
XEP:  0292 §8
"""

from __future__ import annotations

from collections.abc import Iterable

from xmpp_core import ns
from xmpp_core.element import Element
from xmppd.mods.vcard4.properties import PROPERTIES, CardProperty


def is_vcard4(payload: Element | None) -> bool:
    """Whether this is a card of the newer form."""
    return payload is not None and payload.name == "vcard" and payload.ns == ns.VCARD4


def to_vcard4(card: Element, before: Element | None = None) -> Element | None:
    """The newer form of a card; `before` is what it was: what the older form cannot say, and what is said there as it
    was, is left as it stands. None: nothing is to be changed."""
    old4 = before if before is not None else Element(ns.VCARD4, "vcard")
    gone: list[Element] = []
    comes: list[Element] = []
    for prop in PROPERTIES:
        here = _new(old4, prop)
        there = [one for element in _old(card, prop) for one in prop.to_new(element)]
        if there != _canonical(here, prop):
            gone += [element for element in here if prop.to_old(element)]
            comes += there
    return _changed(old4, gone, comes)


def to_vcard_temp(vcard4: Element, before: Element) -> Element | None:
    """The older form of a card, likewise."""
    gone: list[Element] = []
    comes: list[Element] = []
    for prop in PROPERTIES:
        here, there = _old(before, prop), _new(vcard4, prop)
        if [one for element in here for one in prop.to_new(element)] != _canonical(there, prop):
            gone += here
            comes += [one for element in there for one in prop.to_old(element)]
    return _changed(before, gone, comes)


def _old(card: Element, prop: CardProperty) -> list[Element]:
    return [element for element in card.elements(None, ns.VCARD) if element.name in prop.old]


def _new(vcard4: Element, prop: CardProperty) -> list[Element]:
    return list(vcard4.elements(prop.new, ns.VCARD4))


def _canonical(new: Iterable[Element], prop: CardProperty) -> list[Element]:
    """What the older form can say of these, as it would be written in the newer one."""
    return [again for element in new for old in prop.to_old(element) for again in prop.to_new(old)]


def _changed(card: Element, gone: list[Element], comes: list[Element]) -> Element | None:
    if not gone and not comes:
        return None
    lost = {id(element) for element in gone}
    return card.with_children(*[child for child in card.children if id(child) not in lost], *comes)
