"""mod_version — says which software this is.

Way:  router → local → iq → [mod_version]
XEP:  0092
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.stanza import Iq
from xmppd.gen_mod import Mod, iq_handler
from xmppd.routing.iq import LOCAL, SERVICE

XEP = {92: "1.1"}


@dataclass(frozen=True)
class Options:
    """`show_os`: whether strangers may know the operating system."""

    show_os: bool = False


@iq_handler(ns.VERSION, "query", at=(LOCAL, SERVICE), only="get")
def answer(iq: Iq, mod: Mod) -> Iq:
    """Name, version, and the operating system if that is allowed."""
    system = el("os", ns.VERSION, None, platform.system()) if mod.options.show_os else None
    name, number = el("name", ns.VERSION, None, "xmppd"), el("version", ns.VERSION, None, installed())
    return iq.result(el("query", ns.VERSION, None, name, number, system))


def installed() -> str:
    """The version of the distribution; "0" when it runs from loose files."""
    try:
        return version("xmppd")
    except PackageNotFoundError:
        return "0"
