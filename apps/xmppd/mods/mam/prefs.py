"""prefs — what an owner wants kept: read, written, and asked of a JID.

Way:      mod_mam → [prefs]
XEP:      0441
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError

DEFAULTS: Final = ("always", "never", "roster")
#: JIDs in both lists together
MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Wishes:
    """`default`: for who is in no list. JIDs as text, bare or full."""

    default: str = "always"
    always: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()

    def wants(self, peer: JID) -> bool | None:
        """Whether what is said to and by `peer` is kept; None: if it is in the roster. An entry with a resource is
        compared as it is, one without stands for all resources. XEP: 0441 §2.3"""
        if self.never and (peer.full in self.never or peer.bare in self.never):
            return False
        if self.always and (peer.full in self.always or peer.bare in self.always):
            return True
        return None if self.default == "roster" else self.default == "always"

    def to_element(self) -> Element:
        """<prefs/>, as it is in force."""
        lists = [
            el(name, ns.MAM, None, *[el("jid", ns.MAM, None, jid) for jid in sorted(jids)])
            for name, jids in (("always", self.always), ("never", self.never))
        ]
        return el("prefs", ns.MAM, {"default": self.default}, *lists)


def parse(element: Element) -> Wishes:
    """What a <prefs/> wants. Raises StanzaError: bad-request, jid-malformed, policy-violation (too many)."""
    default = element.get("default") or ""
    if default not in DEFAULTS:
        raise StanzaError("bad-request", f"default is one of {', '.join(DEFAULTS)}")
    always, never = [_jids(element, name) for name in ("always", "never")]
    if len(always) + len(never) > MOST:
        raise StanzaError("policy-violation", f"at most {MOST} addresses")
    return Wishes(default, always, never)


def _jids(element: Element, name: str) -> frozenset[str]:
    found = element.child(name)
    try:
        return frozenset([JID.parse(child.text()).full for child in found.elements("jid", ns.MAM)] if found else ())
    except JidError as error:
        raise StanzaError("jid-malformed", str(error)) from None
