"""placed — one process for each key on all workers together: a room, a pubsub node, whatever may exist only once.

OTP:      gen_server; cf. global, and the rooms of ejabberd's mod_muc_room under mod_muc_sup
Way:      services → a module's stanza handler → [Placed.deliver] → locator of the worker that has the key → the process
Process:  the caller's; the process for a key is a PlacedServer, started by the locator when it is needed, under the
          module's own supervisor
Differs:  which worker has a key is computed (placement), not asked. When a worker comes or goes, keys move and their
          state is handed over (locator)

    class Room(PlacedServer[State]):
        async def init(self, mod, key): …                      # what is on disk; it may be the second time
        def handle_stanza(self, stanza, state): …              # the next state
        def hand_over(self, state): return state.subject       # what the successor on another worker must know
        def take_over(self, value, state): …                   # what the predecessor has left

    ROOMS = Placed("room", Room)                               # in the module's file: gen_mod starts what it needs

    @stanza_handler
    async def handle(stanza, mod): await ROOMS.deliver(mod, stanza)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol

from otp.erts import process
from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.kernel import codec, pace, pg
from otp.kernel.pace import BEHIND
from otp.stdlib import gen_server
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Stanza
from xmppd.routing import faults
from xmppd.routing.deliver import Deliver
from xmppd.routing.placed.placed_server import PlacedServer, RequestRefused
from xmppd.routing.placement import node_for

_TRIES: Final = 400
_PAUSE: Final = 0.005
_PATIENCE: Final = 5.0  # seconds for a process that is asked


class HasOwner(Protocol):
    """What a Placed wants to know of a module on a host: gen_mod.Mod."""

    @property
    def owner(self) -> str:
        """The registered name of its process."""


@codec.message
@dataclass(frozen=True, slots=True)
class Whereis:
    """A call to a locator: the process for `key`, started if need be; None if the locator is not the one to ask."""

    key: str


@codec.message
@dataclass(frozen=True, slots=True)
class PlaceRefused:
    """The answer of a locator: the process cannot be had; `condition` is that of a stanza error."""

    condition: str


def bare_jid(stanza: Stanza) -> str:
    """The key of most: what the stanza is addressed to, without its resource."""
    assert stanza.to is not None
    return stanza.to.bare


@dataclass(frozen=True, slots=True)
class Placed:
    """A kind of processes of a module, one for each key; `key`: whose a stanza is."""

    name: str
    server: type[PlacedServer[Any]]
    key: Callable[[Stanza], str] = bare_jid

    def group(self, mod: HasOwner) -> str:
        """The pg group of the locators, and the registered name of each."""
        return f"{self.name}@{mod.owner}"

    def sup_name(self, mod: HasOwner) -> str:
        """The registered name of the supervisor of the processes on this node."""
        return f"{self.name}_sup@{mod.owner}"

    async def deliver(self, mod: HasOwner, stanza: Stanza) -> None:
        """Hand a stanza to the process that has it, wherever that is; what it raises is told to the sender.

        Raises StanzaError if no worker can take it now.
        """
        key = self.key(stanza)
        locator = await self._locator(mod, key)
        if BEHIND:
            await pace.turn(locator.node)
            locator = await self._locator(mod, key)
        process.send(locator, Deliver(stanza))

    async def whereis(self, mod: HasOwner, key: str) -> Pid:
        """The process for a key, started if need be. It may be gone when it is used: `call` tries again.

        Raises StanzaError if it cannot be had now.
        """
        for _ in range(_TRIES):
            locator = await self._locator(mod, key)
            try:
                found = await gen_server.call(locator, Whereis(key), _PATIENCE)
            except CallError as error:
                if error.why == "timeout":
                    break
                found = None
            match found:
                case Pid():
                    return found
                case PlaceRefused(condition):
                    raise StanzaError(condition)
            await process.sleep(_PAUSE)
        raise _unavailable()

    async def call(self, mod: HasOwner, key: str, request: object, timeout: float = _PATIENCE) -> Any:
        """Ask the process for a key; `request` and the answer cross between nodes (codec.message). It is asked once
        more if it ends meanwhile.

        Raises CallError, StanzaError.
        """
        try:
            answer = await gen_server.call(await self.whereis(mod, key), request, timeout)
        except CallError as error:
            if error.why == "timeout":
                raise
            answer = await gen_server.call(
                await self.whereis(mod, key), request, timeout
            )  # it has moved, or was killed
        if isinstance(answer, RequestRefused):
            raise StanzaError(answer.condition, answer.text, type_=answer.type)
        return answer

    async def _locator(self, mod: HasOwner, key: str) -> Pid:
        group = self.group(mod)
        for _ in range(_TRIES):
            if locators := pg.get_members(group):
                return place(key, tuple(locators))
            await process.sleep(_PAUSE)
        raise _unavailable()


def _unavailable() -> StanzaError:
    return StanzaError("resource-constraint", faults.LATER, type_="wait")


@lru_cache(16384)
def place(key: str, locators: tuple[Pid, ...]) -> Pid:
    """The one of the locators, one on each node, that has a key."""
    by_node = {pid.node: pid for pid in locators}
    return by_node[node_for(key, by_node)]
