"""hops — a node's half of `trace --chart`: measures where each stanza is at which moment, while somebody asks.

OTP:      seq_trace
Way:      inspect.chart (parent) → rpc → [hops] → call_trace on the stations, message_trace on mailboxes
Process:  none: what is measured runs where the stanza is

The stations are those of docs/stanza.md. A stanza is known by its key: what it says and who says it, the same on every
node; before it is stamped with its sender, by the element that the parser has made. Answers to an IQ bear its key; what
is sent back as an error has a key of its own, and its entry says `of` which stanza it is the end. The handler of a hook
that takes a stanza or refuses it is named. The clock is the machine's monotonic one, so that times of different workers
can be compared. Everything is swapped back when the chart is drawn, or SPARE seconds after it should have been.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from types import FrameType
from typing import Any, Final
from zlib import crc32

from otp.erts import message_trace, process
from otp.erts.pid import HERE, Pid
from otp.erts.scheduler import THIS
from otp.erts.timer import TIMERS
from otp.kernel import rpc
from otp.stdlib import call_trace
from otp.stdlib.call_trace import CallTrace, ReturnedCall
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq, Stanza
from xmppd.net.transport import Transport
from xmppd.net.xml_stream import XmlStream
from xmppd.routing import faults, hooks, iq, packets, router, users
from xmppd.routing.account.stages import ForAccount, FromAccount
from xmppd.routing.deliver import Deliver, Older
from xmppd.routing.handler_table import HandlerEntry
from xmppd.routing.hook_kinds import Fold
from xmppd.routing.sm import sm
from xmppd.stream import c2s_session

#: messages between processes by which a stanza goes on
_CARRIERS: Final = frozenset({Deliver, ForAccount, FromAccount})
#: stanzas that are remembered at a time
KEPT: Final = 500
SPARE: Final = 5.0
#: modules between the code that sends a stanza back and the tracer
_BETWEEN: Final = frozenset({__name__, call_trace.__name__, faults.__name__})

#: (at in ns, node, station, pid, what happened)
Note = tuple[int, str, str, str, str]
Chain = Callable[[tuple[HandlerEntry, ...], Fold[Any, Any], Any], Any]


class Hops:
    """The measuring on this node. `keys` are the stanzas on their way, each with its notes, oldest first."""

    def __init__(self, seconds: float) -> None:
        self.keys: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._parsed: OrderedDict[int, tuple[Element, Note, Note]] = OrderedDict()
        self._unsent: dict[int, list[str]] = {}
        self._now: dict[Pid, str] = {}
        self._calls, self._tracer = CallTrace(), self._message
        self._put()
        message_trace.add(self._tracer)
        self._timer = TIMERS.after(seconds + SPARE, self.end)

    def _put(self) -> None:
        trace = self._calls.trace
        trace(XmlStream, "feed", self._fed)
        trace(c2s_session, "send_on", None, self._taken)
        trace(hooks, "run_fold", self._hook)
        self._calls.replace(hooks, "begin_chain", self._chain)
        self._calls.replace(hooks, "begin_fold", lambda _: lambda *fold: hooks.run_fold(*fold))  # every fold by one
        trace(faults, "bounce", self._sent_back)
        self._calls.replace(packets, "send_now", lambda _: packets.send_packet)  # every message by the stations
        trace(router, "dispatch", None, self._routed)
        trace(users, "route", None, self._at("users", "to an account"))
        trace(iq, "process", self._answered, self._at("iq", "the handler of its namespace"))
        trace(sm, "sessions", self._looked_up)
        trace(c2s_session, "begin_write", self._written, self._begins)
        trace(c2s_session, "write_received", self._written_later)
        trace(Transport, "flush", self._flushed)

    def end(self) -> None:
        """Put everything back. Idempotent."""
        self._calls.stop()
        message_trace.remove(self._tracer)
        TIMERS.cancel(self._timer)

    # -- the stations, in the order of the way

    def _fed(self, called: ReturnedCall) -> None:
        size = len(called.args[1])
        for event in called.result:
            if type(event) is Element:
                read = (called.begin, HERE.node, "receiver", "", f"{size} bytes read")
                done = (called.end, HERE.node, "receiver", "", f"parsed: <{event.name}/>")
                self._parsed[id(event)] = (event, read, done)
                _shrink(self._parsed)

    def _taken(self, args: tuple[Any, ...], now: int) -> None:
        data, session, element = args
        parsed = self._parsed.pop(id(element), None)
        key = key_of(element, session.jid, _to(element))
        owner = str(getattr(data.connection, "receiver", ""))
        for note in parsed[1:] if parsed is not None else ():
            self._note(key, (*note[:3], owner, note[4]), session.jid, element)
        self._note(key, self._here(now, "c2s", "takes it up"), session.jid, element)

    def _hook(self, called: ReturnedCall) -> None:
        point, stanza = called.args[1], called.args[2]
        if isinstance(stanza, Stanza) and called.result is not None:  # its recipient has been recorded
            self._of(stanza, called.end, "hooks", f"{type(point).__name__}: {_us(called)}")

    def _chain(self, original: Chain) -> Chain:
        def chain(found: tuple[HandlerEntry, ...], point: Fold[Any, Any], acc: Any) -> Any:
            if isinstance(acc, Stanza):
                found = tuple([dataclasses.replace(entry, fn=self._handler(entry)) for entry in found])
            return original(found, point, acc)

        return chain

    def _handler(self, entry: HandlerEntry) -> Callable[[Any, Any], Any]:
        """A handler of a hook that tells of a stanza which it does not hand on."""

        def handler(acc: Any, point: Any) -> Any:
            begin = time.monotonic_ns()
            try:
                result = entry.fn(acc, point)
            except StanzaError as error:
                refused(acc, point, error)
                raise
            return later(result, acc, point, begin) if inspect.isawaitable(result) else given(result, acc, point, begin)

        async def later(result: Any, acc: Any, point: Any, begin: int) -> Any:
            try:
                return given(await result, acc, point, begin)
            except StanzaError as error:
                refused(acc, point, error)
                raise

        def given(result: Any, acc: Any, point: Any, begin: int) -> Any:
            end = time.monotonic_ns()
            if isinstance(acc, Stanza) and (result.value if isinstance(result, hooks.Stop) else result) is None:
                took = f"{type(point).__name__}: takes it: {(end - begin) / 1000:.1f} µs"
                self._of(acc, end, entry.owner or "?", took)
            return result

        def refused(acc: Any, point: Any, error: StanzaError) -> None:
            if isinstance(acc, Stanza):
                what = f"{type(point).__name__}: refuses: {error.condition}"
                self._of(acc, time.monotonic_ns(), entry.owner or "?", what)

        return handler

    def _sent_back(self, called: ReturnedCall) -> None:
        stanza, error, answer = called.args[0], called.args[1], called.result
        if answer is None:
            return
        self._of(stanza, called.end, _who_calls(), f"refuses: {error.condition}")
        if answer.kind != "iq":  # its key is the question's
            self._entry(key_of_stanza(answer))["of"] = key_of_stanza(stanza)

    def _routed(self, args: tuple[Any, ...], now: int) -> None:
        self._of(args[0], now, "router", "dispatch()")

    def _at(self, station: str, text: str) -> Callable[[tuple[Any, ...], int], None]:
        def before(args: tuple[Any, ...], now: int) -> None:
            key = self._of(args[0], now, station, text)
            if key is not None and THIS.running is not None:
                self._now[THIS.running.pid] = key

        return before

    def _answered(self, called: ReturnedCall) -> None:
        if isinstance(called.result, Iq):
            self._of(called.result, called.end, "iq", f"answers: {called.result.type}")

    def _looked_up(self, called: ReturnedCall) -> None:
        key = self._now.pop(process.self_(), None) if THIS.running is not None else None
        if key is not None:
            count = len(called.result)
            text = f"{count} session{'' if count == 1 else 's'} of {called.args[0]}: {_us(called)}"
            self._note(key, self._here(called.end, "sm", text))

    def _message(self, event: message_trace.TraceEvent) -> None:
        if event.kind == "message" and type(event.what) in _CARRIERS and event.from_ is not event.to:
            away = event.to.target is None
            station = "link" if away else "mailbox"
            name = type(event.what).__name__
            text = f"{name}, to {event.to.node}" if away else name
            note = (event.at, HERE.node, station, str(event.to), text)
            self._note(key_of_stanza(event.what.stanza), note)

    def _begins(self, args: tuple[Any, ...], now: int) -> None:
        self._of(args[2].stanza, now, "recipient", "takes it up")

    def _written(self, called: ReturnedCall) -> None:
        if called.result is None:  # else the rest is left to write_received
            self._leaves(called, called.args[2])

    def _written_later(self, called: ReturnedCall) -> None:
        self._leaves(called, called.args[1])

    def _leaves(self, called: ReturnedCall, message: Deliver | Older) -> None:
        key = self._of(message.stanza, called.end, "recipient", f"written: {_us(called)}")
        if key is not None:
            self._unsent.setdefault(id(getattr(called.args[0].connection, "transport", None)), []).append(
                f"{key}\n{process.self_()}"
            )

    def _flushed(self, called: ReturnedCall) -> None:
        for entry in self._unsent.pop(id(called.args[0]), ()):
            key, _, pid = entry.rpartition("\n")
            self._note(key, (called.begin, HERE.node, "transport", pid, "to the socket"))
            self._note(key, (called.end, HERE.node, "client", pid, "written to the socket"))

    # -- notes

    def _of(self, stanza: Stanza, now: int, station: str, text: str) -> str | None:
        key = key_of_stanza(stanza)
        self._note(key, self._here(now, station, text))
        return key if key in self.keys else None

    def _here(self, now: int, station: str, text: str) -> Note:
        running = THIS.running
        return (now, HERE.node, station, str(running.pid) if running is not None else "", text)

    def _note(self, key: str, note: Note, sender: JID | None = None, element: Element | None = None) -> None:
        entry = self._entry(key)
        if sender is not None and element is not None:
            entry["sender"], entry["kind"] = sender.full, element.name
        entry["notes"].append(note)

    def _entry(self, key: str) -> dict[str, Any]:
        entry = self.keys.get(key)
        if entry is None:
            entry = self.keys[key] = {"sender": None, "kind": None, "notes": []}
            _shrink(self.keys)
        return entry


def key_of_stanza(stanza: Stanza) -> str:
    """The key of a stanza that has been stamped."""
    return key_of(stanza.el, stanza.from_, stanza.to)


def key_of(element: Element, from_: JID | None, to: JID | None) -> str:
    """What the stanza is known by on every node. Of an IQ it is the pair of its ends, whichever way it goes."""
    sender = from_.full if from_ is not None else ""
    id_, type_ = element.attrs.get("id", ""), element.attrs.get("type", "")
    if element.name == "iq":
        other = to.full if to is not None else (from_.bare if from_ is not None else "")
        return "/".join(["iq", id_, *sorted((sender, other))])
    first = next((child for child in element.children if isinstance(child, Element)), None)
    said = crc32(repr(first.to_wire()).encode()) if first is not None else 0
    return f"{element.name}/{type_}/{id_}/{sender}/{said}"


def _to(element: Element) -> JID | None:
    text = element.attrs.get("to")
    try:
        return JID.parse(text) if text else None
    except ValueError:
        return None


def _who_calls() -> str:
    """The module that sends a stanza back, as a station."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "") in _BETWEEN:
        frame = frame.f_back
    name = frame.f_globals.get("__name__", "?") if frame is not None else "?"
    return str(name).removeprefix("xmppd.").partition(".")[2] or str(name)


def _us(called: ReturnedCall) -> str:
    return f"{(called.end - called.begin) / 1000:.1f} µs"


def _shrink(table: OrderedDict[Any, Any]) -> None:
    while len(table) > KEPT:
        table.popitem(last=False)


_current: list[Hops] = []


@rpc.exported
def begin(seconds: float) -> int:
    """Measure from now on; gives the time on the common clock."""
    end()
    _current.append(Hops(seconds))
    return time.monotonic_ns()


@rpc.exported
def notes() -> dict[str, Any]:
    """What was measured until now, by key."""
    return {key: dict(entry) for hops in _current for key, entry in hops.keys.items()}


@rpc.exported
def end() -> None:
    """Measure no more."""
    while _current:
        _current.pop().end()
