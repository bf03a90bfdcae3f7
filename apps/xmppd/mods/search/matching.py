"""matching — the names in a card, and whether they are those that are looked for.

Way:      mod_search → [matching]
XEP:      0055 §4 (fields); 0054 §3
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element

FIELDS: Final = ("first", "last", "nick", "email")
#: characters of a name that are kept
MOST: Final = 200


def names_of(card: Element) -> dict[str, str]:
    """The names in a vCard, "" for those that it has not."""
    name, email = card.child("N", ns.VCARD), card.child("EMAIL", ns.VCARD)
    found = {
        "first": name.child_text("GIVEN") if name is not None else None,
        "last": name.child_text("FAMILY") if name is not None else None,
        "nick": card.child_text("NICKNAME") or card.child_text("FN"),
        "email": email.child_text("USERID") if email is not None else None,
    }
    return {field: (text or "").strip()[:MOST] for field, text in found.items()}


def matches(wanted: Mapping[str, str], names: Mapping[str, str]) -> bool:
    """Whether each field that is asked for has the text in it, in whatever case."""
    return all(text.casefold() in names[field].casefold() for field, text in wanted.items() if text)
