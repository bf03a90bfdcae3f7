"""stdlib_messages — lets the messages of the behaviours cross between nodes.

OTP:      nothing: there every term may cross
Way:      gen.call, gen.cast → [codec, told by this file] → another node
"""

from __future__ import annotations

from otp.erts.pid import Pid, Ref
from otp.kernel import codec
from otp.kernel.codec import CodecError
from otp.stdlib.gen import Call, Cast, Failed, From, System
from otp.stdlib.gen_fsm import AllEvent, Event, SyncAllEvent, SyncEvent


def register() -> None:
    """Enter Call, Cast, From, System and its answer, and gen_fsm's events into the codec; again is harmless."""
    codec.register(From, 32, _from_fields, _from)
    codec.register(Call, 33, lambda call: (call.from_, call.request), Call)
    codec.register(Cast, 34, lambda cast: (cast.request,), Cast)
    codec.register(System, 35, lambda system: (system.from_, system.op, system.args), System)
    codec.message(Failed)
    codec.register(Event, 36, lambda event: (event.event,), Event)
    codec.register(AllEvent, 37, lambda event: (event.event,), AllEvent)
    codec.register(SyncEvent, 38, lambda event: (event.from_, event.event), SyncEvent)
    codec.register(SyncAllEvent, 39, lambda event: (event.from_, event.event), SyncAllEvent)


def _from_fields(from_: From) -> tuple[Pid | None, Ref | None]:
    if from_.future is not None:
        raise CodecError("the From of a call within a node cannot be answered from another one")
    return (from_.pid, from_.ref)


def _from(pid: Pid | None, ref: Ref | None) -> From:
    return From(pid, ref, None)
