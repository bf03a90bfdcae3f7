"""placed_counter — processes for keys that count what they get, for tests; and what plays them without a module."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from otp.kernel import codec
from otp.stdlib import supervisor
from otp.stdlib.child_spec import Strategy, SupFlags
from otp.stdlib.gen_server import StopInit
from otp.stdlib.supervisor import Supervisor
from tests.support.core_server import CoreServer, config_of, play
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Message, Stanza, make_message
from xmppd.routing import router
from xmppd.routing.placed import placed_sup
from xmppd.routing.placed.placed import Placed
from xmppd.routing.placed.placed_server import PlacedServer
from xmppd.routing.routes import ServiceRoute


@codec.message
@dataclass(frozen=True, slots=True)
class HowMany:
    """A call: how many stanzas have come."""


@codec.message
@dataclass(frozen=True, slots=True)
class End:
    """A call: how many stanzas have come; it is needed no more."""


class Counter(PlacedServer[int]):
    """Counts; text "refuse" is refused, "end" ends it."""

    def init(self, mod: Any, key: str) -> Any:
        return StopInit("item-not-found") if key.startswith("nobody") else 0

    def handle_request(self, request: Any, state: int) -> tuple[Any, int]:
        match request:
            case HowMany():
                return state, state
            case End():
                return state, -1
        raise StanzaError("not-acceptable", "only HowMany and End")

    def handle_stanza(self, stanza: Stanza, state: int) -> int:
        assert isinstance(stanza, Message)
        if stanza.body == "refuse":
            raise StanzaError("forbidden")
        return -1 if stanza.body == "end" else state + 1

    def is_needed(self, state: int) -> bool:
        return state >= 0

    def hand_over(self, state: int) -> int:
        return state

    def take_over(self, value: int, state: int) -> int:
        return state + value


@dataclass(frozen=True)
class Module:
    """In place of a Mod."""

    owner: str = "mod_count@localhost"


MOD = Module()
COUNTERS = Placed("counter", Counter)


class Top(Supervisor):
    """What gen_mod makes of a Placed."""

    def init(self) -> Any:
        return SupFlags(Strategy.ONE_FOR_ONE, 10, 10.0), [placed_sup.spec(MOD, COUNTERS)]


async def deliver(stanza: Stanza) -> Stanza | None:
    await COUNTERS.deliver(MOD, stanza)
    return None


def message(text: str, to: str = "one@count.localhost") -> Message:
    return make_message(JID.parse(to), text, type_="chat", from_=JID.parse("romeo@localhost/r"))


def play_counters(body: Callable[[CoreServer], Awaitable[None]]) -> None:
    """Run body(core) on a node where count.localhost has counters."""

    async def whole(core: CoreServer) -> None:
        await supervisor.start_link(Top)
        route = ServiceRoute("count.localhost", "localhost", MOD.owner, deliver)
        await router.register_service(MOD.owner, route)
        await body(core)

    play(whole, config_of(()))
