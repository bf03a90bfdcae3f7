"""mod_probe — a module for tests on the wire: what happens to a server when a module changes, drops, or breaks.

Configured as [modules."tests.support.mod_probe"]. Its namespace is `urn:xmppd:probe`:
an IQ `crash` has a bug, `spin` never ends, `end` ends the stream, `where` tells the worker; a message with `<change/>`
gets a mark, one with `<drop/>` vanishes, one with `<break/>` meets a handler that fails, and is to arrive nevertheless.

Way:  c2s → UserSendPacketHook → [mod_probe]; router → iq → [mod_probe]
"""

from __future__ import annotations

import contextlib

from otp.erts import process
from xmpp_core.element import el
from xmpp_core.stanza import Iq, Message, Stanza
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.routing import hooks
from xmppd.routing.hook_points import UserSendPacketHook

XEP: dict[int, str] = {}
NS = "urn:xmppd:probe"


@iq_handler(NS, "crash")
def crash(iq: Iq, mod: Mod) -> Iq:
    """A bug: neither a StanzaError nor anything else that a handler may raise."""
    raise ZeroDivisionError("a bug, on purpose")


@iq_handler(NS, "end")
def end(iq: Iq, mod: Mod) -> None:
    """The stream that asks ends, for a reason that is nobody's order."""
    process.exit_(process.self_(), "broken")


@iq_handler(NS, "spin")
def spin(iq: Iq, mod: Mod) -> Iq:
    """Computes for ever and does not give way, whatever usual exception comes."""
    while True:
        with contextlib.suppress(Exception):
            sum(range(1000))


@iq_handler(NS, "where")
def where(iq: Iq, mod: Mod) -> Iq:
    """The worker that answers."""
    return iq.result(el("where", NS, {"node": process.node()}))


def _wants(stanza: Stanza | None, name: str) -> bool:
    return isinstance(stanza, Message) and stanza.el.child(name, NS) is not None


@on(UserSendPacketHook, seq=10)
def first(stanza: Stanza | None, point: UserSendPacketHook, mod: Mod) -> object:
    """The lower number runs first."""
    return _marked(stanza, "first") if _wants(stanza, "change") else stanza


@on(UserSendPacketHook, seq=20)
def second(stanza: Stanza | None, point: UserSendPacketHook, mod: Mod) -> object:
    """Runs after `first`, fails for <break/>, ends the chain for <drop/>."""
    if _wants(stanza, "break"):
        raise ZeroDivisionError("a bug in a hook, on purpose")
    if _wants(stanza, "drop"):
        return hooks.Stop(None)
    return _marked(stanza, "second") if _wants(stanza, "change") else stanza


@on(UserSendPacketHook, seq=30)
def third(stanza: Stanza | None, point: UserSendPacketHook, mod: Mod) -> object:
    """Comes after one that failed."""
    return _marked(stanza, "third") if _wants(stanza, "break") else stanza


def _marked(stanza: Stanza | None, word: str) -> Stanza:
    assert stanza is not None
    return stanza.with_el(stanza.el.with_children(*stanza.el.children, el(word, NS)))
