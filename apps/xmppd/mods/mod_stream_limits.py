"""mod_stream_limits — a client is told how large what it sends may be, before its login and after.

Way:      c2s_login → StreamFeaturesHook → [mod_stream_limits]
XEP:      0478
"""

from __future__ import annotations

from functools import lru_cache

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmppd.config.schema import LimitsSection
from xmppd.gen_mod import Mod, on
from xmppd.routing.hook_points import StreamFeaturesHook

XEP = {478: "0.2.0"}


@on(StreamFeaturesHook, seq=90)
def told(features: tuple[Element, ...], point: StreamFeaturesHook, mod: Mod) -> tuple[Element, ...]:
    """In octets of one element."""
    limits = mod.config.limits if mod.config is not None else LimitsSection()
    return (*features, _limits(limits.pre_auth_bytes if point.user is None else limits.stanza_bytes))


@lru_cache(8)
def _limits(octets: int) -> Element:
    """The same object on every stream, so that it is written once."""
    return el("limits", ns.STREAM_LIMITS, None, el("max-bytes", ns.STREAM_LIMITS, None, str(octets)))
