"""The checks of exercise 10: the server with the module in it, and a client. Reading them gives the answer away."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

from tests.support.server import config, serving
from xmppd import gen_mod, gen_mod_config
from xmppd.auth import auth
from xmppd.testing.client import Client

NAME = "learner.mod_dice"


class Player:
    """A client who rolls."""

    def __init__(self, client: Client) -> None:
        self.client, self.count = client, 0

    async def ask(self, attributes: str, type_: str = "get") -> str:
        self.count += 1
        id_ = f"q{self.count}"
        self.client.send(
            f"<iq type='{type_}' id='{id_}' to='localhost'><dice xmlns='urn:example:dice'{attributes}/></iq>"
        )
        try:
            return await self.client.expect(f"<iq[^>]*id='{id_}'.*?</iq>|<iq[^>]*id='{id_}'[^>]*/>", 2.0)
        except AssertionError:
            raise AssertionError(f"<dice{attributes}/> of type '{type_}' was not answered") from None

    async def roll(self, attributes: str) -> tuple[str, int]:
        """The sides and the number of a result."""
        answer = await self.ask(attributes)
        found = re.search(r"<dice xmlns='urn:example:dice' sides='(\d+)'>(\d+)</dice>", answer)
        assert found is not None, f"<dice{attributes}/> was answered with {answer}"
        return found[1], int(found[2])


@contextlib.asynccontextmanager
async def playing(exercise: ModuleType, options: dict[str, Any] | None = None) -> AsyncIterator[Player]:
    sys.modules[NAME] = exercise
    try:
        gen_mod_config.options_of(NAME, options or {})
    except gen_mod.ModError as error:
        raise AssertionError(f"the options {options} were refused: {error}") from None
    async with serving(config(modules={NAME: options or {}, "mod_disco": {}})) as port:
        await auth.create_user("juliet", "localhost", "secret")
        client = await Client.connect(port)
        await client.login("juliet", "balcony")
        yield Player(client)


async def check_six_sides(exercise: ModuleType) -> None:
    """A die of six sides shows 1 to 6, each now and then."""
    async with playing(exercise) as player:
        rolls = [await player.roll(" sides='6'") for _ in range(120)]
    numbers = {number for _, number in rolls}
    assert numbers <= set(range(1, 7)), f"a die of 6 sides showed {sorted(numbers)}"
    assert len(numbers) == 6, f"120 rolls showed only {sorted(numbers)}"


async def check_more_sides(exercise: ModuleType) -> None:
    """A die of two sides shows 1 and 2; the answer says how many sides there were."""
    async with playing(exercise) as player:
        rolls = [await player.roll(" sides='2'") for _ in range(60)]
    assert {sides for sides, _ in rolls} == {"2"}, f"two sides were asked for, the answer says sides='{rolls[0][0]}'"
    assert {number for _, number in rolls} == {1, 2}, f"a die of 2 sides showed {sorted({n for _, n in rolls})}"


async def check_option(exercise: ModuleType) -> None:
    """Without `sides` it is the module's option that counts, and 6 without an option."""
    for options, expected in (({}, "6"), ({"sides": 20}, "20")):
        async with playing(exercise, options) as player:
            sides, _ = await player.roll("")
        assert sides == expected, f"with the options {options} and no wish the die had {sides} sides"


async def check_bad_requests(exercise: ModuleType) -> None:
    """Sides that cannot be are refused with bad-request, and the session goes on."""
    async with playing(exercise) as player:
        for wish in ("1", "1001", "0", "-6", "six", "", "6.5"):
            answer = await player.ask(f" sides='{wish}'")
            assert "<bad-request" in answer, f"sides='{wish}' was answered with {answer}"
        await player.ask(" sides='6'")


async def check_set(exercise: ModuleType) -> None:
    """A request of type 'set' is refused with not-allowed."""
    async with playing(exercise) as player:
        answer = await player.ask(" sides='6'", type_="set")
    assert "<not-allowed" in answer, f"type 'set' was answered with {answer}"


async def check_announced(exercise: ModuleType) -> None:
    """The server announces the namespace: it is registered with @iq_handler, and by nothing else."""
    async with playing(exercise) as player:
        player.client.send(
            "<iq type='get' id='d' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
        )
        answer = await player.client.expect("<iq[^>]*id='d'.*?</iq>")
    assert "<feature var='urn:example:dice'/>" in answer, "urn:example:dice is not among the server's features"
