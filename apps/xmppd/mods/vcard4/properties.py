"""properties — what a card says, in the two forms in which it is written: each property both ways. Pure.

Way:  conversion → [properties]
XEP:  0292 §8 (mapping), 0054 (the older form); RFC 6350, 6351 (the newer)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element, el

Old = Element
New = Element
#: names of an address, of a name: older form, newer form
_NAME: Final = (
    ("FAMILY", "surname"), ("GIVEN", "given"), ("MIDDLE", "additional"), ("PREFIX", "prefix"), ("SUFFIX", "suffix"),
)  # fmt: skip
_ADDRESS: Final = (
    ("POBOX", "pobox"), ("EXTADD", "ext"), ("STREET", "street"), ("LOCALITY", "locality"), ("REGION", "region"),
    ("PCODE", "code"), ("CTRY", "country"),
)  # fmt: skip
#: kinds of addresses and numbers that both forms know
_KINDS: Final = ("HOME", "WORK", "VOICE", "FAX", "PAGER", "CELL", "VIDEO")
_DATE: Final = re.compile(r"[0-9-]{2,10}")
_TEL: Final = re.compile(r"[0-9+*#()./-]+")
_GEO: Final = re.compile(r"geo:(-?[0-9.]+),(-?[0-9.]+)(?:[;?].*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CardProperty:
    """One property: its names, and how an element of one form becomes elements of the other; nothing: it says nothing
    that the other form has."""

    old: tuple[str, ...]
    new: str
    to_new: Callable[[Old], list[New]]
    to_old: Callable[[New], list[Old]]


def _o(name: str, *children: Element | str | None) -> Old:
    return el(name, ns.VCARD, None, *children)


def _n(name: str, *children: Element | str | None) -> New:
    return el(name, ns.VCARD4, None, *children)


def _text(element: Element | None) -> str:
    return "" if element is None else element.text().strip()


def _value(new: New, *types: str) -> str:
    """The first value of one of these types."""
    return next((text for type_ in types if (text := _text(new.child(type_)))), "")


def _simple(old: str, new: str, *types: str, also: tuple[str, ...] = ()) -> CardProperty:
    """A text or so: it is written as the first of `types`, and read as any. Several texts are several elements."""

    def to_new(element: Old) -> list[New]:
        text = _text(element)
        return [_n(new, _n(types[0], text))] if text else []

    def to_old(element: New) -> list[Old]:
        found = [_text(value) for value in element.elements() if value.name in types and value.ns == ns.VCARD4]
        return [_o(old, text) for text in found if text]

    return CardProperty((old, *also), new, to_new, to_old)


def _structured(old: str, new: str, parts: tuple[tuple[str, str], ...], *, kinds: bool = False) -> CardProperty:
    def to_new(element: Old) -> list[New]:
        found = [_n(name, text) for other, name in parts if (text := _text(element.child(other)))]
        return [_n(new, _kinds_to_new(element) if kinds else None, *found)] if found else []

    def to_old(element: New) -> list[Old]:
        found = [_o(other, text) for other, name in parts if (text := _text(element.child(name)))]
        return [_o(old, *(_kinds_to_old(element) if kinds else ()), *found)] if found else []

    return CardProperty((old,), new, to_new, to_old)


def _kinds_to_new(old: Old) -> New | None:
    """`<HOME/><PREF/>` as parameters. RFC: 6351 §5"""
    kinds = [_n("text", kind.lower()) for kind in _KINDS if old.child(kind) is not None]
    type_ = _n("type", *kinds) if kinds else None
    pref = _n("pref", _n("integer", "1")) if old.child("PREF") is not None else None
    return _n("parameters", type_, pref) if type_ is not None or pref is not None else None


def _kinds_to_old(new: New) -> list[Old]:
    said = new.child("parameters")
    if said is None:
        return []
    type_, pref = said.child("type"), said.child("pref")
    words = {_text(word).upper() for word in type_.elements("text")} if type_ is not None else set()
    first = [_o("PREF")] if pref is not None and "1" in (_value(pref, "integer"), _text(pref)) else []
    return [*[_o(kind) for kind in _KINDS if kind in words], *first]


def _tel_to_new(old: Old) -> list[New]:
    number = _text(old.child("NUMBER"))
    value = _n("uri", f"tel:{number}") if _TEL.fullmatch(number) else _n("text", number)
    return [_n("tel", _kinds_to_new(old), value)] if number else []


def _tel_to_old(new: New) -> list[Old]:
    number = _value(new, "uri", "text").removeprefix("tel:")
    return [_o("TEL", *_kinds_to_old(new), _o("NUMBER", number))] if number else []


def _email_to_new(old: Old) -> list[New]:
    address = _text(old.child("USERID"))
    return [_n("email", _kinds_to_new(old), _n("text", address))] if address else []


def _email_to_old(new: New) -> list[Old]:
    address = _value(new, "text")
    return [_o("EMAIL", *_kinds_to_old(new), _o("USERID", address))] if address else []


def _jid_to_new(old: Old) -> list[New]:
    jid = _text(old)
    return [_n("impp", _n("uri", f"xmpp:{jid}"))] if jid else []


def _jid_to_old(new: New) -> list[Old]:
    """Of another network there is nothing to say in the older form."""
    scheme, _, jid = _value(new, "uri").partition(":")
    return [_o("JABBERID", jid)] if scheme.lower() == "xmpp" and jid else []


def _day_to_new(old: Old) -> list[New]:
    day = _text(old)
    return [_n("bday", _n("date" if _DATE.fullmatch(day) else "text", day))] if day else []


def _day_to_old(new: New) -> list[Old]:
    day = _value(new, "date", "date-time", "text")
    return [_o("BDAY", day)] if day else []


def _org_to_new(old: Old) -> list[New]:
    units = [_text(unit) for unit in old.elements("ORGUNIT", ns.VCARD)]
    texts = [text for text in (_text(old.child("ORGNAME")), *units) if text]
    return [_n("org", *[_n("text", text) for text in texts])] if texts else []


def _org_to_old(new: New) -> list[Old]:
    texts = [text for value in new.elements("text", ns.VCARD4) if (text := _text(value))]
    return [_o("ORG", _o("ORGNAME", texts[0]), *[_o("ORGUNIT", text) for text in texts[1:]])] if texts else []


def _words_to_new(old: Old) -> list[New]:
    texts = [text for word in old.elements("KEYWORD", ns.VCARD) if (text := _text(word))]
    return [_n("categories", *[_n("text", text) for text in texts])] if texts else []


def _words_to_old(new: New) -> list[Old]:
    texts = [text for value in new.elements("text", ns.VCARD4) if (text := _text(value))]
    return [_o("CATEGORIES", *[_o("KEYWORD", text) for text in texts])] if texts else []


def _geo_to_new(old: Old) -> list[New]:
    uri = f"geo:{_text(old.child('LAT'))},{_text(old.child('LON'))}"
    return [_n("geo", _n("uri", uri))] if _GEO.fullmatch(uri) else []


def _geo_to_old(new: New) -> list[Old]:
    found = _GEO.fullmatch(_value(new, "uri"))
    return [_o("GEO", _o("LAT", found.group(1)), _o("LON", found.group(2)))] if found is not None else []


#: all that is converted; pictures are not: they have nodes of their own (XEP-0084)
PROPERTIES: Final = (
    _simple("FN", "fn", "text"),
    _structured("N", "n", _NAME),
    _simple("NICKNAME", "nickname", "text"),
    CardProperty(("BDAY",), "bday", _day_to_new, _day_to_old),
    _structured("ADR", "adr", _ADDRESS, kinds=True),
    CardProperty(("TEL",), "tel", _tel_to_new, _tel_to_old),
    CardProperty(("EMAIL",), "email", _email_to_new, _email_to_old),
    CardProperty(("JABBERID",), "impp", _jid_to_new, _jid_to_old),
    _simple("TZ", "tz", "text", "uri", "utc-offset"),
    CardProperty(("GEO",), "geo", _geo_to_new, _geo_to_old),
    _simple("TITLE", "title", "text"),
    _simple("ROLE", "role", "text"),
    CardProperty(("ORG",), "org", _org_to_new, _org_to_old),
    CardProperty(("CATEGORIES",), "categories", _words_to_new, _words_to_old),
    _simple("DESC", "note", "text", also=("NOTE",)),
    _simple("UID", "uid", "text", "uri"),
    _simple("URL", "url", "uri"),
)
