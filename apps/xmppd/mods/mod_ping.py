"""mod_ping — answers pings.

Way:  router → iq → [mod_ping]
XEP:  0199
"""

from __future__ import annotations

from xmpp_core import ns
from xmpp_core.stanza import Iq
from xmppd.gen_mod import Mod, iq_handler
from xmppd.routing.iq import LOCAL, SERVICE, SM

XEP = {199: "2.0.1"}


@iq_handler(ns.PING, "ping", at=(LOCAL, SM, SERVICE), only="get")
def ping(iq: Iq, mod: Mod) -> Iq:
    """Pong."""
    return iq.result()
