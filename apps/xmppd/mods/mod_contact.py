"""mod_contact — tells whom to write to about the server, and where to look while it cannot be reached.

Way:  mod_disco → DiscoIdentitiesHook → [mod_contact]
XEP:  0157; 0455
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Final

from xmpp_core import ns
from xmpp_core.dataforms import Field, Form
from xmpp_core.element import Element
from xmpp_core.jid import JID, JidError
from xmppd.gen_mod import Mod, on
from xmppd.routing.hook_points import DiscoIdentitiesHook

XEP = {157: "1.1.1", 455: "0.4.0"}
#: addresses of one kind
MOST: Final = 20
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")


@dataclass(frozen=True)
class Options:
    """Each a list of URIs, "xmpp:admins@example.org" or "mailto:abuse@example.org", that everybody can read: `abuse`
    for complaints, `admin`, `feedback`, `sales`, `security` for holes that somebody has found, `status` for pages that
    tell how the server does, `support`. `outage`: where clients fetch what to tell their users while the server is
    down, JSON of XEP-0455 by HTTP; not on this machine."""

    abuse: tuple[str, ...] = ()
    admin: tuple[str, ...] = ()
    feedback: tuple[str, ...] = ()
    sales: tuple[str, ...] = ()
    security: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    support: tuple[str, ...] = ()
    outage: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError."""
        for kind in fields(self):
            found: tuple[str, ...] = getattr(self, kind.name)
            if len(found) > MOST:
                raise ValueError(f"{kind.name} has more than {MOST} addresses")
            if wrong := next(filter(None, map(problem, found)), ""):
                raise ValueError(f"{kind.name}: {wrong}")
        if wrong := next((uri for uri in self.outage if not uri.lower().startswith(("https://", "http://"))), ""):
            raise ValueError(f'outage: "{wrong}" must begin with https://')


def problem(uri: str) -> str:
    """What is wrong with a URI, in words; "" if nothing."""
    if not _URI.fullmatch(uri):
        near = f' (did you mean "mailto:{uri}" or "xmpp:{uri}"?)' if "@" in uri and ":" not in uri else ""
        return f'"{uri}" is no URI{near}'
    if uri.lower().startswith("xmpp:"):
        try:
            JID.parse(uri[5:].partition("?")[0])
        except JidError as error:
            return f'"{uri}": {error}'
    return ""


@on(DiscoIdentitiesHook)
def contact(acc: tuple[Element, ...], point: DiscoIdentitiesHook, mod: Mod) -> tuple[Element, ...]:
    """The forms, at the host itself."""
    return acc if point.to.local or point.node else (*acc, *forms(mod.options))


def forms(options: Options) -> tuple[Element, ...]:
    """The addresses (XEP-0157 §3), and where the outage is told of (XEP-0455 §2.1); none without any."""
    named = [
        Field(f"{kind.name}-addresses", getattr(options, kind.name), "list-multi")
        for kind in fields(options)
        if kind.name != "outage" and getattr(options, kind.name)
    ]
    outage = [Field("external-status-addresses", options.outage, "list-multi")] if options.outage else []
    both = ((ns.SERVER_INFO, named), (ns.OUTAGE, outage))
    return tuple(
        [Form("result", (Field("FORM_TYPE", (of,), "hidden"), *said)).to_element() for of, said in both if said]
    )
