"""verdict — all users come, all that is missing comes; then what may not be is put into words."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from tests.soak.cast import User, World
from tests.soak.sm_client import Refused, SmClient

#: in the sentences about something that was acknowledged and is missing
LOSSES = (" is lost", " is gone", "half a subscription", ", not [")
#: seconds for what was acknowledged to come
SETTLE = 15.0


async def verdict(users: Sequence[User], world: World, seconds: float = SETTLE, *, ordered: bool = True) -> list[str]:
    """What is wrong, when the users do nothing any more: see ledger, and the facts that the server tells. `ordered`:
    whether the order is looked at."""
    deadline = time.monotonic() + seconds
    while not all(await asyncio.gather(*(user.settle() for user in users))) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    found: dict[tuple[str, ...], str] = {}
    for facts in await asyncio.gather(*(user.facts() for user in users)):
        found |= facts
    ledger = world.ledger
    if not ordered:
        ledger.disordered.clear()
    lost = [f"m{n} of {ledger.messages[n].sender} to {ledger.messages[n].receiver} is lost" for n in ledger.lost()]
    gone = [name for name in world.registered if not await is_there(world, name)]
    wrong = [*ledger.lost()[:2], *ledger.doubled[:2], *ledger.disordered[:2]]
    explained = [line for number in wrong for line in story(world, number)]
    return [
        *lost,
        *(f"m{number} came twice to {ledger.messages[number].receiver}" for number in ledger.doubled),
        *(f"m{number} came behind a later one" for number in ledger.disordered),
        *(f"{key} is {there!r}, not {may}" for key, there, may in ledger.wrong_facts(found)),
        *(f"half a subscription: {text}" for text in halves(found, world.names)),
        *(f"the account {name} is gone" for name in gone),
        *explained,
    ]


def losses(wrong: Sequence[str]) -> list[str]:
    """Of what is wrong, what is missing though it was acknowledged."""
    return [text for text in wrong if any(words in text for words in LOSSES)]


def story(world: World, number: int) -> list[str]:
    """What its sender and its receiver did around the time of a message."""
    message = world.ledger.messages[number]
    who = message.sender, message.receiver, "fault"
    own = [at for at, _, what in world.history if f"m{number} " in f"{what} "]
    if not own:
        return []
    turns = ("bound", "resumed", "drops", "closes", "kill", "worker", "parent", "pause", "all", "restart", "database")
    return [
        f"    {at % 1000:8.3f} {name} {what}"
        for at, name, what in world.history
        if name in who and own[0] - 3 < at < own[-1] + 1 and (f"m{number} " in f"{what} " or what.startswith(turns))
    ][:60]


def halves(found: dict[tuple[str, ...], str], names: Sequence[str]) -> list[str]:
    """The subscriptions of which only one side is stored."""
    wrong = []
    for one in names:
        for other in names:
            to = found.get((one, "subscription", other), "none") in ("to", "both")
            from_ = found.get((other, "subscription", one), "none") in ("from", "both")
            if to != from_:
                wrong.append(f"{one} → {other}: {to} there, {from_} here")
    return wrong


async def is_there(world: World, name: str) -> bool:
    """Whether the account can log in."""
    client = SmClient(lambda: world.port, name, "", lambda *_: None, managed=False)
    try:
        await client.connect()
    except (Refused, OSError):
        return False
    finally:
        client.drop()
    return True
