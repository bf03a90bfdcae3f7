"""stream_play — a stream machine played like a scene: what comes in, what is done about it.

Way:  tests of stream_*.py → Play(...).header().on(event) → the actions, and the state it is in
"""

from __future__ import annotations

from typing import TypeVar

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.jid import JID
from xmpp_core.parser import StreamStart
from xmpp_core.sasl.base import Success
from xmpp_core.stream_events import (
    Action,
    BindResult,
    CloseStream,
    Event,
    SaslResult,
    SendElement,
    SessionOpened,
)
from xmpp_core.stream_fsm import step
from xmpp_core.stream_state import StateName, StreamConfig, StreamState

Kind = TypeVar("Kind")
HOST = "localhost"
OPEN = StreamConfig(hosts={HOST}, tls="off", plain_without_tls=True)
JULIET = JID.parse("juliet@localhost/balcony")


def start(default_ns: str = ns.CLIENT, stream_ns: str = ns.STREAM, **attrs: str | None) -> StreamStart:
    """A client's header; an attribute given as None is left out."""
    given: dict[str, str | None] = {"to": HOST, "version": "1.0", **attrs}
    kept = {key.rstrip("_").replace("_", ":"): value for key, value in given.items() if value is not None}
    return StreamStart(stream_ns, "stream", kept, {"": default_ns, "stream": stream_ns})


def sasl(name: str, text: str | None = None, mechanism: str | None = None) -> Element:
    """<auth/>, <response/> or <abort/>."""
    return el(name, ns.SASL, {"mechanism": mechanism}, text)


def iq(type_: str = "set", *children: Element, id_: str | None = "1", **attrs: str) -> Element:
    """An IQ of the client."""
    return el("iq", ns.CLIENT, {"type": type_, "id": id_, **attrs}, *children)


class Play:
    """One stream under one configuration."""

    def __init__(self, config: StreamConfig = OPEN, state: StreamState | None = None) -> None:
        self.config = config
        self.state = state or StreamState()

    @property
    def name(self) -> StateName:
        """The state the stream is in."""
        return self.state.name

    def on(self, event: Event) -> list[Action]:
        """The actions that follow from event."""
        self.state, actions = step(self.state, event, self.config)
        return actions

    def header(self, **attrs: str | None) -> list[Action]:
        """A stream header comes in."""
        return self.on(start(**attrs))

    def logged_in(self) -> Play:
        """Up to wait_for_bind."""
        self.header()
        self.on(sasl("auth", "AGEAYg==", "PLAIN"))
        self.on(SaslResult(Success("juliet")))
        self.header()
        assert self.name is StateName.WAIT_FOR_BIND
        return self

    def established(self) -> Play:
        """Up to session_established, as juliet@localhost/balcony."""
        self.logged_in()
        self.on(iq("set", el("bind", ns.BIND)))
        self.on(BindResult(JULIET))
        self.on(SessionOpened())
        assert self.name is StateName.SESSION_ESTABLISHED
        return self


def only(actions: list[Action], kind: type[Kind]) -> Kind:
    """The one action of that kind."""
    found = [action for action in actions if isinstance(action, kind)]
    assert len(found) == 1, actions
    return found[0]


def xml(actions: list[Action]) -> list[str]:
    """The elements that are sent, written."""
    return [action.element.to_xml() for action in actions if isinstance(action, SendElement)]


def end(actions: list[Action]) -> str | None:
    """The condition a stream is closed with; None: without an error."""
    error = only(actions, CloseStream).error
    return error.condition if error is not None else None
