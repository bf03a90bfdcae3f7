"""heart — has a node started again when it dies, hangs, or asks for it.

OTP:      heart.erl
Way:      [heart] → heart_port (an OS process) → the command
Process:  `heart`, one per node that wants it; beats as long as the loop turns and the callback, if any, says ok
Differs:  the command is an argument vector, not a line for a shell; it is given at the start, not by the environment

    await heart.start_link(["./rel/xmppd", "start"], timeout=60.0)
    heart.set_callback(lambda: database_answers())
    await heart.shutdown()                     # before an end that is wanted; boot.stop() is one, boot.reboot() is not
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from otp.erts.exits import CallError, passes
from otp.erts.pid import Pid
from otp.erts.process import self_, send, send_after, trap_exit
from otp.erts.scheduler import THIS
from otp.erts.signals import Exit
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Reply, Stop

log = logging.getLogger("otp.heart")

NAME: Final = "heart"
#: longest command, in bytes of JSON
LONGEST: Final = 8192
Callback = Callable[[], Any]


class _Beat:
    """Time to beat."""


@dataclass(frozen=True, slots=True)
class _PortEnded:
    status: int


class _Port(asyncio.SubprocessProtocol):
    """The pipe to the program."""

    def __init__(self, owner: Pid) -> None:
        self.owner = owner
        self.transport: asyncio.SubprocessTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def process_exited(self) -> None:
        assert self.transport is not None
        send(self.owner, _PortEnded(self.transport.get_returncode() or 0))

    def tell(self, line: str) -> None:
        """Write one line."""
        pipe: Any = self.transport.get_pipe_transport(0) if self.transport is not None else None
        if pipe is not None:
            pipe.write(f"{line}\n".encode())


@dataclass(slots=True)
class _State:
    port: _Port
    first: list[str]
    command: list[str]
    interval: float
    callback: Callback | None = None


# -- API


async def start_link(command: Sequence[str], timeout: float = 60.0) -> Pid | None:
    """Start the program, and begin to beat every third of `timeout` seconds; `command` starts the node again.

    Raises: StartError if the program cannot be started or the command is none.
    """
    return await gen_server.start_link(Heart, list(command), timeout, name=NAME)


async def set_cmd(command: Sequence[str]) -> None:
    """Have another command started instead of the first one. Raises: ValueError for what is none; CallError."""
    if not _is_command(command):
        raise ValueError(f"no command: {str(command)[:100]}")
    await gen_server.call(NAME, ("set_cmd", list(command)))


async def clear_cmd() -> None:
    """Back to the first command. Raises: CallError."""
    await gen_server.call(NAME, ("set_cmd", None))


async def get_cmd() -> list[str]:
    """The command that would be started now. Raises: CallError."""
    command: list[str] = await gen_server.call(NAME, "get_cmd")
    return command


async def set_callback(callback: Callback) -> None:
    """Call a function, plain or async, before each beat: unless it returns True, there is none. Raises: TypeError,
    CallError."""
    if not callable(callback):
        raise TypeError(f"{callback!r} cannot be called")
    await gen_server.call(NAME, ("set_callback", callback))


async def clear_callback() -> None:
    """Ask nobody before a beat. Raises: CallError."""
    await gen_server.call(NAME, ("set_callback", None))


async def get_callback() -> Callback | None:
    """Who is asked. Raises: CallError."""
    callback: Callback | None = await gen_server.call(NAME, "get_callback")
    return callback


async def shutdown() -> None:
    """The end that comes is wanted: nothing will be started. Nothing happens without a heart."""
    try:
        await gen_server.call(NAME, "shutdown")
    except CallError as exc:
        log.debug("no heart to tell of the end: %s", exc)


# -- callbacks


class Heart(GenServer[_State]):
    """See the head of the file."""

    async def init(self, command: list[str], timeout: float) -> Any:
        """Start the program."""
        if not _is_command(command):
            return gen_server.StopInit(("no_command", command))
        trap_exit()
        me = self_()
        program = (sys.executable, "-m", "otp.kernel.heart_port", str(os.getpid()), str(timeout))
        _transport, port = await THIS.loop.subprocess_exec(lambda: _Port(me), *program, stderr=None)
        port.tell(f"command {json.dumps(command)}")
        send(me, _Beat())
        return _State(port, command, command, timeout / 3)

    def handle_call(self, request: Any, from_: Any, state: _State) -> Reply[_State]:
        """Commands and callbacks."""
        match request:
            case "get_cmd":
                return Reply(state.command, state)
            case "get_callback":
                return Reply(state.callback, state)
            case ("set_cmd", command):
                state.command = state.first if command is None else command
                state.port.tell(f"command {json.dumps(state.command)}")
            case ("set_callback", callback):
                state.callback = callback
            case "shutdown":
                state.port.tell("shutdown")
            case _:
                return Reply(("unknown_request", repr(request)[:100]), state)
        return Reply("ok", state)

    async def handle_info(self, message: Any, state: _State) -> Any:
        """Beat; without its program heart ends, and so does who is linked to it."""
        if isinstance(message, _Beat):
            if await _says_ok(state.callback):
                state.port.tell("beat")
            send_after(state.interval, self_(), message)
        elif isinstance(message, _PortEnded):
            return Stop(("heart_port_ended", message.status), state)
        elif not isinstance(message, Exit):
            return super().handle_info(message, state)
        return NoReply(state)


# -- internals


async def _says_ok(callback: Callback | None) -> bool:
    if callback is None:
        return True
    try:
        answer = callback()
        answer = await answer if inspect.isawaitable(answer) else answer
    except BaseException as exc:
        if passes(exc):
            raise
        answer = exc
    if answer is not True:
        log.error("no beat: the callback says %r", answer)
    return answer is True


def _is_command(command: Any) -> bool:
    if not isinstance(command, (list, tuple)) or not command:
        return False
    return all(isinstance(part, str) and part for part in command) and len(json.dumps(command)) <= LONGEST
