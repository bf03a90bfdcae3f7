"""mod_time — tells the time of the server.

Way:  router → local → iq → [mod_time]
XEP:  0202, 0082
"""

from __future__ import annotations

from datetime import datetime, timedelta

from otp.erts.clock import CLOCK
from xmpp_core import ns, stamp
from xmpp_core.element import el
from xmpp_core.stanza import Iq
from xmppd.gen_mod import Mod, iq_handler
from xmppd.routing.iq import LOCAL, SERVICE

XEP = {202: "2.0", 82: "1.1.1"}


@iq_handler(ns.TIME, "time", at=(LOCAL, SERVICE), only="get")
def answer(iq: Iq, mod: Mod) -> Iq:
    """The time in UTC, and how far the server's clock on the wall is from it."""
    now = datetime.fromtimestamp(CLOCK.time()).astimezone()
    zone = stamp.format_zone(now.utcoffset() or timedelta())
    return iq.result(
        el(
            "time",
            ns.TIME,
            None,
            el("tzo", ns.TIME, None, zone),
            el("utc", ns.TIME, None, stamp.format_datetime(now)),
        )
    )
