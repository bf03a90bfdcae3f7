"""Requests of the behaviours cross; what would not be answerable does not."""

from __future__ import annotations

import pytest

from otp.erts.future import LoopFuture
from otp.erts.pid import intern, make_ref
from otp.kernel import codec, stdlib_messages
from otp.stdlib.event_manager import (
    AddHandler,
    CallHandler,
    DeleteHandler,
    HandlerRefused,
    Notify,
    SwapOut,
    SyncNotify,
    Which,
)
from otp.stdlib.gen import Call, Cast, From, System
from otp.stdlib.gen_event import EventHandler
from otp.stdlib.gen_fsm import AllEvent, Event, SyncAllEvent, SyncEvent


def test_requests_cross() -> None:
    stdlib_messages.register()
    pid, ref = intern("w1", 1, 3), make_ref()
    call = codec.decode(codec.encode(Call(From(pid, ref, None), ("get", 1))))
    assert (call.from_.pid, call.from_.ref, call.from_.future) == (pid, ref, None)
    assert call.request == ("get", 1)
    assert codec.decode(codec.encode(Cast("x"))).request == "x"
    system = codec.decode(codec.encode(System(From(pid, ref, None), "get_state", ())))
    assert (system.op, system.args) == ("get_state", ())


def test_events_of_machines_cross() -> None:
    stdlib_messages.register()
    from_ = From(intern("w1", 1, 3), make_ref(), None)
    for event in (Event("x"), AllEvent("x"), SyncEvent(from_, "x"), SyncAllEvent(from_, "x")):
        there = codec.decode(codec.encode(event))
        assert (type(there), there.event) == (type(event), "x")
    assert there.from_.pid is from_.pid


class Handler(EventHandler[None]):
    """One that two nodes know."""


def test_what_an_event_manager_is_asked_crosses() -> None:
    stdlib_messages.register()
    pid = intern("w1", 1, 3)
    for one in (
        Notify("x"),
        CallHandler(Handler, "x"),
        AddHandler((Handler, 1), ("x",), pid),
        DeleteHandler(Handler, "x"),
        Which(),
    ):
        assert codec.decode(codec.encode(one)) == one
    swap = SwapOut(Handler, "x", (Handler, 2), (), None)
    assert codec.decode(codec.encode([swap, HandlerRefused("x")])) == [swap, HandlerRefused("x")]
    from_ = From(pid, make_ref(), None)
    assert codec.decode(codec.encode(SyncNotify("x", from_))).event == "x"


def test_a_class_that_is_not_there_is_unknown() -> None:
    stdlib_messages.register()

    class Local:
        pass

    for name in ("Local", "nobody"):
        Local.__qualname__ = name
        with pytest.raises(codec.UnknownClass, match=name):
            codec.decode(codec.encode(Local))


def test_the_from_of_a_local_call_stays_here() -> None:
    with pytest.raises(codec.CodecError, match="cannot be answered from another"):
        codec.encode(From(intern("w1", 1, 3), make_ref(), LoopFuture()))
