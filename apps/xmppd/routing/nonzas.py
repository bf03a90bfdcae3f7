"""nonzas — finds the module that handles a first-level element which is no stanza, by namespace and name.

Way:      c2s → [nonzas] → the handler of a module (gen_mod.nonza), in the client's c2s
Process:  none: handlers stand in the table of hooks
RFC:      6120 §4.1 (first-level elements)
XEP:      0198, 0352 are made of such elements
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from otp.erts.pid import Pid
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmppd.routing import handler_table, hooks
from xmppd.routing.handler_table import HandlerEntry
from xmppd.routing.saved_session import SavedSession
from xmppd.routing.session import C2sSession


@dataclass(frozen=True, slots=True)
class Nonza:
    """One that came from a client that has logged in as `user` (a bare JID); `session` is None before it has bound."""

    element: Element
    user: JID
    session: C2sSession | None = None
    ip: str = ""


@dataclass(frozen=True, slots=True)
class HandOver:
    """An answer before bind: the session that is meant lives in the process `pid` of this node (a c2s of the same
    account), which goes on over this stream's connection; SessionResumedHook there answers the client. If it has ended
    meanwhile nobody handles the nonza."""

    pid: Pid


@dataclass(frozen=True, slots=True)
class Resume:
    """An answer before bind: this stream goes on as the session of the full JID `jid`, whose process is no more, or has
    given it away (`saved`: as what). It is opened in the session table; SessionResumedHook answers the client."""

    jid: JID
    saved: SavedSession | None = None


#: what is written to the client (None: nothing), or how its session goes on
Answer: TypeAlias = Element | tuple[Element, ...] | HandOver | Resume | None
Handler: TypeAlias = Callable[[Nonza], Answer | Awaitable[Answer]]


class NonzaKey(NamedTuple):
    """What handlers are found by: they are for clients before they bind, or after."""

    ns: str
    name: str
    after_bind: bool


def entry(host: str, key: NonzaKey, fn: Callable[..., Any], owner: str) -> HandlerEntry:
    """A handler, as it stands in the table of hooks."""
    return HandlerEntry((host, key), hooks.DEFAULT_SEQ, owner, fn)


async def handler_of(host: str, nonza: Nonza) -> Handler | None:
    """The handler of it on `host`; None if there is none. Of several the first is used."""
    key = NonzaKey(nonza.element.ns, nonza.element.name, nonza.session is not None)
    found = handler_table.chain(hooks.TABLE, (host, key))
    if found is None:
        found = await handler_table.wait_chain(hooks.TABLE, (host, key))
    return found[0].fn if found else None
