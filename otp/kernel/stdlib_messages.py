"""stdlib_messages — lets the messages of the behaviours cross between nodes.

OTP:      nothing: there every term may cross
Way:      gen.call, gen.cast → [codec, told by this file] → another node
"""

from __future__ import annotations

import sys

from otp.erts.pid import Pid, Ref
from otp.kernel import codec
from otp.kernel.codec import CodecError, UnknownClass
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
from otp.stdlib.gen import Call, Cast, Failed, From, System
from otp.stdlib.gen_fsm import AllEvent, Event, SyncAllEvent, SyncEvent


def register() -> None:
    """Enter what gen_server, gen_statem, gen_fsm and gen_event send into the codec; again is harmless.

    A class crosses as its name, as a module does in Erlang: handlers of gen_event are known by theirs.
    """
    codec.register(From, 32, _from_fields, _from)
    codec.register(Call, 33, lambda call: (call.from_, call.request), Call)
    codec.register(Cast, 34, lambda cast: (cast.request,), Cast)
    codec.register(System, 35, lambda system: (system.from_, system.op, system.args), System)
    codec.message(Failed)
    codec.register(Event, 36, lambda event: (event.event,), Event)
    codec.register(AllEvent, 37, lambda event: (event.event,), AllEvent)
    codec.register(SyncEvent, 38, lambda event: (event.from_, event.event), SyncEvent)
    codec.register(SyncAllEvent, 39, lambda event: (event.from_, event.event), SyncAllEvent)
    codec.register(type, "class", lambda cls: (cls.__module__, cls.__qualname__), _class)
    codec.register(Notify, "gen_event.notify", lambda one: (one.event,), Notify)
    codec.register(SyncNotify, "gen_event.sync_notify", lambda one: (one.event, one.from_), SyncNotify)
    codec.register(CallHandler, "gen_event.call", lambda one: (one.handler, one.request), CallHandler)
    codec.register(AddHandler, "gen_event.add_handler", lambda one: (one.handler, one.args, one.parent), AddHandler)
    codec.register(DeleteHandler, "gen_event.delete_handler", lambda one: (one.handler, one.why), DeleteHandler)
    codec.register(
        SwapOut, "gen_event.swap_handler", lambda one: (one.old, one.why, one.new, one.args, one.parent), SwapOut
    )
    codec.register(Which, "gen_event.which_handlers", lambda _one: (), Which)
    codec.message(HandlerRefused)


def _class(module: str, name: str) -> type:
    found: object = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if not isinstance(found, type):
        raise UnknownClass(f"class {module}.{name} is not loaded here")
    return found


def _from_fields(from_: From) -> tuple[Pid | None, Ref | None]:
    if from_.future is not None:
        raise CodecError("the From of a call within a node cannot be answered from another one")
    return (from_.pid, from_.ref)


def _from(pid: Pid | None, ref: Ref | None) -> From:
    return From(pid, ref, None)
