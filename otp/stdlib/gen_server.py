"""gen_server — a process that serves: state in, state out, one message at a time.

OTP:      gen_server.erl
Differs:  the tagged tuples are small classes; call is awaited; a callback may be `async def`, and while it waits
          its own mailbox waits, as in Erlang

    your module (a GenServer)          the generic server                 clients
    init            <----------------  start_link    <------------------  await start_link(Module, ...)
    handle_call     <----------------  Call          <------------------  await call(pid, request)
       Reply(v, s)  ---------------->                ------------------>  v
    handle_cast     <----------------  Cast          <------------------  cast(pid, request)
    handle_info     <----------------  anything else <------------------  process.send(pid, message)
    handle_continue <----------------  continue_
    terminate       <----------------  Stop, a crash, stop(), the parent's exit (if it traps exits)

A stack, whole:

>>> from otp.erts import runtime
>>> from otp.stdlib import gen_server
>>> from otp.stdlib.gen_server import GenServer, NoReply, Reply
>>> class Stack(GenServer[list]):
...     def init(self, *items):
...         return list(items)
...     def handle_call(self, request, from_, items):
...         return Reply(items[-1], items[:-1])
...     def handle_cast(self, item, items):
...         return NoReply([*items, item])
>>> async def main():
...     stack = await gen_server.start_link(Stack, "hello")
...     gen_server.cast(stack, "world")
...     return [await gen_server.call(stack, "pop"), await gen_server.call(stack, "pop")]
>>> runtime.run(main)
['world', 'hello']
"""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Hashable, Iterable
from dataclasses import dataclass
from types import CoroutineType
from typing import Any, Final, Generic, Literal, NoReturn, TypeVar, Unpack

from otp.erts import exits
from otp.erts.clock import CLOCK
from otp.erts.current import nodes as connected
from otp.erts.exits import StartError
from otp.erts.pid import HERE, Pid, Ref
from otp.erts.registry import Name
from otp.stdlib import behaviour, gen
from otp.stdlib.behaviour import Behaviour, FollowUp, StartOptions
from otp.stdlib.callback import BAD, BadReturn, bad_return, callbacks
from otp.stdlib.child_spec import ChildSpec, Restart, Shutdown, spec_of
from otp.stdlib.gen import IGNORE, Call, Cast, From, Request, Throw, call, cast, reply, stop
from otp.stdlib.requests import (
    Replied,
    RequestId,
    abandon,
    check_response,
    receive_response,
    send_request,
    wait_response,
)
from otp.stdlib.status import Formats

__all__ = [
    "IGNORE",
    "From",
    "GenServer",
    "Init",
    "NoReply",
    "Reply",
    "Request",
    "Stop",
    "StopInit",
    "Throw",
    "abcast",
    "call",
    "cast",
    "check_response",
    "enter_loop",
    "multi_call",
    "receive_response",
    "reply",
    "send_request",
    "spec",
    "start",
    "start_link",
    "start_monitor",
    "stop",
    "wait_response",
]

S = TypeVar("S")
#: seconds until Timeout(), "hibernate" to sleep until the next message, None for neither
Wait = float | Literal["hibernate"] | None
log = logging.getLogger("otp.gen_server")
_ABSENT: Final[Any] = gen.ABSENT


@dataclass(slots=True)
class Init(Generic[S]):
    """{ok, State, …}: with a timeout in seconds, or something to continue with before the first message."""

    state: S
    timeout: Wait = None
    continue_: Any = _ABSENT


@dataclass(slots=True)
class StopInit:
    """{stop, Reason} from init: the caller gets StartError(reason)."""

    reason: object


@dataclass(slots=True)
class Reply(Generic[S]):
    """{reply, Value, State, …}."""

    value: object
    state: S
    timeout: Wait = None
    continue_: Any = _ABSENT


@dataclass(slots=True)
class NoReply(Generic[S]):
    """{noreply, State, …}: a call so answered is replied to later with reply(from_, value)."""

    state: S
    timeout: Wait = None
    continue_: Any = _ABSENT


@dataclass(slots=True)
class Stop(Generic[S]):
    """{stop, Reason, State} or, with `reply`, {stop, Reason, Reply, State}: terminate, reply, exit."""

    reason: object
    state: S
    reply: Any = _ABSENT


class GenServer(Formats, Generic[S]):
    """The callback class. It holds no attributes: its state goes in and comes out.

    A returned `timeout` (seconds) brings Timeout() to handle_info unless any message comes first; "hibernate" in its
    place puts the server to sleep until the next message. Any callback may be `async def`; raising Throw(result)
    anywhere in one is the same as returning it.
    """

    def init(self, *args: Any) -> Any:
        """Make the state. Returns it, or Init(state, …), StopInit(reason), IGNORE. Required."""
        raise NotImplementedError(f"{type(self).__qualname__} has no init")

    def handle_call(self, request: Any, from_: From, state: S) -> Any:
        """Answer a call: Reply, NoReply or Stop."""
        raise exits.ProcessExit(("undef", "handle_call", request))

    def handle_cast(self, request: Any, state: S) -> Any:
        """Handle a cast: NoReply or Stop."""
        raise exits.ProcessExit(("undef", "handle_cast", request))

    def handle_info(self, message: Any, state: S) -> Any:
        """Any other message: NoReply or Stop. Without one, the message is logged and dropped."""
        log.warning("%s got an unexpected message: %.200r", type(self).__qualname__, message)
        return NoReply(state)

    def handle_continue(self, arg: Any, state: S) -> Any:
        """What init or a callback wanted done before the next message: NoReply or Stop."""
        raise exits.ProcessExit(("undef", "handle_continue", arg))

    def terminate(self, reason: object, state: S) -> Any:
        """Clean up. Never runs on `kill`, nor on the parent's exit unless the process traps exits."""

    def code_change(self, old_vsn: object, state: S, extra: object) -> S:
        """Make the state of this version from that of another."""
        return state


class GenServerProcess(Behaviour):
    """The generic half."""

    kind = "gen_server"

    def accept_init(self, result: Any) -> FollowUp | None:
        """Init, StopInit or the bare state."""
        cls = type(result)
        if cls is StopInit:
            raise StartError(result.reason)
        if cls is not Init:
            self.state = result
            return None
        if result.continue_ is _ABSENT:
            self._settle(result.state, result.timeout, _ABSENT)
            return None
        self.state = result.state
        return lambda: self._settle(result.state, result.timeout, result.continue_)

    def receive_message(self, message: Any) -> Coroutine[Any, Any, Any] | None:
        """Dispatch to the callbacks."""
        if self._timer is not None:
            self.stop_waiting()
        cls = type(message)
        if cls is Cast:
            result = self.module.handle_cast(message.request, self.state)
        elif cls is Call:
            result = self.module.handle_call(message.request, message.from_, self.state)
            if type(result) is Reply:
                self.state = result.state
                gen.reply(message.from_, result.value)
                if result.timeout is None and result.continue_ is _ABSENT:
                    return None
                return self._settle(result.state, result.timeout, result.continue_)
            return self._result(result, message.from_, message)
        else:
            result = self.module.handle_info(message, self.state)
        return self._result(result, None, message)

    def take_return(self, result: Any, message: Any) -> Coroutine[Any, Any, Any] | None:
        """A thrown result."""
        return self._result(result, message.from_ if type(message) is Call else None, message)

    def _result(self, result: Any, from_: From | None, message: Any) -> Coroutine[Any, Any, Any] | None:
        cls = type(result)
        if cls is NoReply:
            self.state = result.state
            if result.timeout is None and result.continue_ is _ABSENT:
                return None
            return self._settle(result.state, result.timeout, result.continue_)
        if isinstance(result, CoroutineType):
            return self._finish(result, from_, message)
        if cls is Stop and (result.reply is _ABSENT or from_ is not None):
            self.state = result.state
            if result.reply is _ABSENT or from_ is None:
                return self._stop_with(result.reason, None)
            value = result.reply
            return self._stop_with(result.reason, lambda: gen.reply(from_, value))
        if cls is Reply and from_ is not None:
            gen.reply(from_, result.value)
            return self._settle(result.state, result.timeout, result.continue_)
        raise _wrong(self.module, message, result)

    def _stop_with(self, reason: object, after: Any) -> Coroutine[Any, Any, Any] | None:
        if not exits.is_clean(reason):
            self.report_crash(reason)
        return self.end(reason, after)

    async def _finish(self, code: Any, from_: From | None, message: Any) -> None:
        after = self._result(await code, from_, message)
        if after is not None:
            await after

    def _settle(self, state: Any, timeout: Wait, continue_: Any) -> Coroutine[Any, Any, Any] | None:
        self.state = state
        if continue_ is not _ABSENT:
            message = ("continue", continue_)
            return self._result(self.module.handle_continue(continue_, state), None, message)
        if timeout == "hibernate":
            self.hibernate()
        elif timeout is not None:
            self.wait(timeout)
        return None

    def call_terminate(self, reason: object) -> Any:
        """The callback's terminate."""
        return self.module.terminate(reason, self.state)


_DUE: Final = {
    "handle_call": "Reply(value, state), NoReply(state) or Stop(reason, state)",
    "handle_cast": "NoReply(state) or Stop(reason, state)",
    "handle_info": "NoReply(state) or Stop(reason, state)",
    "handle_continue": "NoReply(state) or Stop(reason, state)",
}


def _wrong(module: Any, message: Any, result: Any) -> BadReturn:
    """The error for a callback that returned none of its results."""
    callback, asked = "handle_info", message
    if type(message) is Call or type(message) is Cast:
        callback, asked = "handle_call" if type(message) is Call else "handle_cast", message.request
    elif isinstance(message, tuple) and len(message) == 2 and message[0] == "continue":
        callback, asked = "handle_continue", message[1]
    due = _DUE[callback]
    if type(result) is Reply:
        due += "; nobody waits for an answer here"
    return bad_return(module, callback, asked, result, due, BAD)


def spec(
    module: type[GenServer[Any]],
    *args: Any,
    id: Hashable = None,
    name: Name | None = None,
    restart: Restart = Restart.PERMANENT,
    shutdown: Shutdown | None = None,
) -> ChildSpec:
    """The spec of a server as child of a supervisor; its id is `id`, else `name`, else the class's name."""
    return spec_of(start_link, module, args, id, name, restart, shutdown)


async def start_link(module: type[GenServer[Any]], *args: Any, **options: Unpack[StartOptions]) -> Pid:
    """Start a server linked to the caller and wait for its init; see behaviour.start for results and errors."""
    return await behaviour.start(lambda: GenServerProcess(callbacks(module, GenServer)), args, options, link=True)


async def start(module: type[GenServer[Any]], *args: Any, **options: Unpack[StartOptions]) -> Pid:
    """start_link without the link."""
    return await behaviour.start(lambda: GenServerProcess(callbacks(module, GenServer)), args, options)


async def start_monitor(module: type[GenServer[Any]], *args: Any, **options: Unpack[StartOptions]) -> tuple[Pid, Ref]:
    """start, with a monitor of the server."""
    return await behaviour.start_monitor(lambda: GenServerProcess(callbacks(module, GenServer)), args, options)


def enter_loop(
    module: type[GenServer[S]],
    state: S,
    *,
    name: Name | None = None,
    timeout: Wait = None,
    continue_: Any = _ABSENT,
    hibernate_after: float | None = None,
) -> NoReturn:
    """The running process, started by proc_lib, becomes a server with this state; `name` is one it has already.

    Never returns: the code that calls it is dropped. Raises: ProcessExit if the process cannot become one.
    """
    behaviour.enter_loop(
        GenServerProcess, callbacks(module, GenServer), name, hibernate_after, Init(state, timeout, continue_)
    )


# -- servers of one name on several nodes


def abcast(nodes: Iterable[str] | None, name: str, request: object) -> None:
    """Cast to the servers of one name on these nodes; None: on this node and all it is connected with. Never fails.

    Raises: CodecError if the request may not cross.
    """
    for node in _all_nodes(nodes):
        cast((name, node), request)


async def multi_call(
    nodes: Iterable[str] | None, name: str, request: object, timeout: float | None = None
) -> tuple[list[tuple[str, Any]], list[str]]:
    """Ask the servers of one name on several nodes at once: ([(node, answer), …], [node that gave none, …]).

    `nodes`: None is this node and all it is connected with. `timeout`: seconds for all of them together, None for ever.
    A node that is not connected, has no such server, or whose server ends before it answers is among the second at
    once. An answer that comes too late is dropped. Both lists are in the order of `nodes`.
    Raises: NotAProcess outside of a process; CodecError if the request may not cross.
    """
    requests: list[tuple[str, RequestId]] = []
    due = None if timeout is None else CLOCK.monotonic() + timeout
    replies, bad = [], []
    try:
        requests.extend((node, send_request((name, node), request)) for node in _all_nodes(nodes))
        for node, id_ in requests:
            outcome = await receive_response(id_, None if due is None else max(due - CLOCK.monotonic(), 0.0))
            if isinstance(outcome, Replied):
                replies.append((node, outcome.value))
            else:
                bad.append(node)
    finally:  # of what went wrong, nothing is left in the mailbox
        for _node, id_ in requests:
            abandon(id_)
    return replies, bad


def _all_nodes(nodes: Iterable[str] | None) -> Iterable[str]:
    return [HERE.node, *connected()] if nodes is None else nodes
