"""placed_server — the process for one key.

OTP:      gen_server
Way:      locator → [placed_server] → router → whoever it writes to
Process:  under the KeySup of its module, on the worker that has the key; temporary: the locator starts it again
Differs:  an exception at a stanza or a request goes to who has sent it and does not end the process. When its key has
          moved to another worker it is asked for what its successor must know
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from otp.erts import process
from otp.erts.pid import Pid
from otp.kernel import codec
from otp.stdlib.gen_server import GenServer, NoReply, Reply, Stop
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Stanza
from xmppd.routing import faults, router
from xmppd.routing.deliver import Deliver

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Relocate:
    """To the process for a key: it is to go on elsewhere. Tell `to` GivenUp and end."""

    to: Pid


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The answer to Relocate: `value`, which crosses between nodes, is what the successor must know."""

    pid: Pid
    value: object


@codec.message
@dataclass(frozen=True, slots=True)
class TakeOver:
    """From the locator of the predecessor to that of the successor, and to the successor itself."""

    key: str
    value: Any


@codec.message
@dataclass(frozen=True, slots=True)
class RequestRefused:
    """The answer to a request that raised: what a StanzaError is made of, which Placed.call raises."""

    condition: str
    text: str
    type: str


class PlacedServer(GenServer[S], Generic[S]):
    """The process for one key. What it must not lose when it crashes it keeps in the store.

    It ends when nobody needs it; the next message starts it again. A subclass that overrides handle_info or terminate
    calls these for what is not theirs.
    """

    def init(self, mod: Any, key: str) -> Any:
        """The state, from what is on disk. `mod`: the module on its host. StopInit(condition), the condition of a
        stanza error, refuses it to the sender."""
        raise NotImplementedError(f"{type(self).__qualname__} has no init")

    def handle_stanza(self, stanza: Stanza, state: S) -> S | Awaitable[S]:
        """What follows of a stanza: the next state. What it raises is answered to the sender, and the state stays as it
        was."""
        raise StanzaError("service-unavailable")

    def handle_request(self, request: Any, state: S) -> tuple[Any, S] | Awaitable[tuple[Any, S]]:
        """What Placed.call is answered, and the next state. What it raises goes to the caller as a StanzaError, and the
        state stays as it was."""
        raise StanzaError("service-unavailable")

    def is_needed(self, state: S) -> bool:
        """Whether there is anything to be known in memory; asked after each stanza and request. False ends the
        process."""
        return True

    def hand_over(self, state: S) -> Any:
        """The process goes on at another worker: what is to be told to its successor (codec)."""
        return None

    def take_over(self, value: Any, state: S) -> S:
        """What the predecessor has told, before any stanza, unless it was cut off: then this may come at any time."""
        return state

    async def handle_call(self, request: Any, from_: Any, state: S) -> Any:
        """Requests."""
        answer: Any
        try:
            result = self.handle_request(request, state)
            answer, state = await result if isinstance(result, Awaitable) else result
        except Exception as error:
            told = faults.stanza_error(error, f"answering {type(request).__qualname__}")
            answer = RequestRefused(told.condition, told.text, told.type_)
        return Reply(answer, state) if self.is_needed(state) else Stop("normal", state, answer)

    async def handle_info(self, message: Any, state: S) -> Any:
        """Stanzas, and the change of the place."""
        match message:
            case Deliver(stanza):
                return await self._on_stanza(stanza, state)
            case TakeOver(_, value):
                return NoReply(state if value is None else self.take_over(value, state))
            case Relocate(to):
                process.send(to, GivenUp(process.self_(), self.hand_over(state)))
                return Stop("normal", state)
        return super().handle_info(message, state)

    async def _on_stanza(self, stanza: Stanza, state: S) -> Any:
        try:
            result = self.handle_stanza(stanza, state)
            state = await result if isinstance(result, Awaitable) else result
        except Exception as error:
            answer = faults.answer(stanza, error)
            if answer is not None:
                await router.route(answer)
        return NoReply(state) if self.is_needed(state) else Stop("normal", state)

    async def terminate(self, reason: object, state: S) -> None:
        """What has come too late finds the successor."""
        late = [message.stanza for message in await process.flush() if isinstance(message, Deliver)]
        if late:
            process.spawn(_route, late)


async def _route(stanzas: list[Stanza]) -> None:
    for stanza in stanzas:
        await router.route(stanza)
