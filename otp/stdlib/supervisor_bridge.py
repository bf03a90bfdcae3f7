"""supervisor_bridge — puts something that is not a behaviour into a supervision tree.

OTP:      supervisor_bridge.erl
Differs:  what is bridged may be a process, or an asyncio future: a task, a server's wait_closed(), a subprocess
Process:  one per bridged subsystem, child of a supervisor; ends with what it bridges, and ends it

    your module                 the bridge                        the subsystem
    init(*args)   <-----------  start_link
      (pid or future, state)    links, or watches  -------------->
                                ends for the same reason  <-------  ends
    terminate     <-----------  exit signal of the supervisor

Something that asyncio runs, in a tree:

>>> import asyncio
>>> from otp.stdlib.supervisor_bridge import SupervisorBridge, start_link
>>> from otp.erts import process, runtime
>>> class Ticker(SupervisorBridge[asyncio.Future]):
...     async def init(self, word):
...         finished = asyncio.get_event_loop().create_future()
...         asyncio.get_event_loop().call_later(0.01, finished.set_result, None)
...         return finished, word
...     def terminate(self, reason, word):
...         print(word, "ends:", reason)
>>> async def main():
...     process.trap_exit()
...     bridge = await start_link(Ticker, "tick")
...     return (await process.receive()).reason
>>> runtime.run(main)
tick ends: normal
'normal'
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from otp.erts import exits
from otp.erts.exits import reason_of
from otp.erts.pid import Pid
from otp.erts.process import link, self_, send, trap_exit, unlink
from otp.erts.registry import Name
from otp.erts.signals import Exit
from otp.stdlib import gen_server
from otp.stdlib.callback import BAD, Callbacks, bad_return, callbacks
from otp.stdlib.gen_server import IGNORE, GenServer, NoReply, Stop, StopInit

log = logging.getLogger("otp.supervisor_bridge")
S = TypeVar("S")


class SupervisorBridge(Callbacks, Generic[S]):
    """The callback module. It holds no attributes: its state goes in and comes out."""

    def init(self, *args: Any) -> Any:
        """Start the subsystem; return (Pid or asyncio.Future, state), IGNORE or StopInit(reason). May be async."""
        raise NotImplementedError(f"{type(self).__qualname__} has no init")

    def terminate(self, reason: object, state: S) -> Any:
        """Stop the subsystem. Runs for every end of the bridge but `kill`. May be async."""


@dataclass(slots=True)
class _Bridged:
    module: SupervisorBridge[Any]
    part: Pid | asyncio.Future[Any]
    state: Any


@dataclass(frozen=True, slots=True)
class _Settled:
    reason: object


class _Server(GenServer[_Bridged]):
    async def init(self, module: type[SupervisorBridge[Any]], args: tuple[Any, ...]) -> Any:
        trap_exit()
        bridge = callbacks(module, SupervisorBridge)
        answer = bridge.init(*args)
        if inspect.isawaitable(answer):
            answer = await answer
        match answer:
            case (Pid() as part, state):
                link(part)
            case (asyncio.Future() as part, state):
                me = self_()
                part.add_done_callback(lambda future: send(me, _Settled(_reason(future))))
            case _ if answer is IGNORE or isinstance(answer, StopInit):
                return answer
            case _:
                raise bad_return(
                    bridge, "init", None, answer, "(pid or future, state), IGNORE or StopInit(reason)", BAD
                )
        return _Bridged(bridge, part, state)

    def handle_info(self, message: Any, bridged: _Bridged) -> Any:
        if isinstance(message, _Settled) or (isinstance(message, Exit) and message.pid is bridged.part):
            return Stop(message.reason, bridged)
        log.error("supervisor bridge of %s got an unexpected message: %.200r", type(bridged.module).__name__, message)
        return NoReply(bridged)

    def terminate(self, reason: object, bridged: _Bridged) -> Any:
        if isinstance(bridged.part, Pid):
            unlink(bridged.part)
        return bridged.module.terminate(reason, bridged.state)


def _reason(future: asyncio.Future[Any]) -> object:
    """Why a bridged future is done, as an exit reason."""
    if future.cancelled():
        return exits.SHUTDOWN
    exc = future.exception()
    return exits.NORMAL if exc is None else reason_of(exc)


async def start_link(module: type[SupervisorBridge[Any]], *args: Any, name: Name | None = None) -> Pid:
    """Start a bridge linked to the caller. Raises StartError; Ignored if init said IGNORE."""
    return await gen_server.start_link(_Server, module, args, name=name)
