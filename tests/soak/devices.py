"""devices — accounts with two devices each, cut off, resumed and killed with their workers, under load: what each shows
in the end, held against the archive.

    python -m tests.soak.devices --minutes 5 [--every 8] [--accounts 6] [--seed 1] [--faults worker] [--json FILE]

A device shows what it has said when it says it, and what comes to it, as a message or as a copy, once each. In the end
each shows all that its account's archive has, in the order of the archive but for what it has said itself: that it
shows before the server has it, and for what a client has said again, of which the archive has both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from tests.soak.cast import World
from tests.soak.faults import FAULTS, Stage
from tests.soak.sm_client import Out, Refused, SmClient
from tests.support.booted import Booted
from tests.support.wire import local

CARBONS, MAM, RSM = "urn:xmpp:carbons:2", "urn:xmpp:mam:2", "http://jabber.org/protocol/rsm"
BODY = "{jabber:client}body"
FORWARDED = "{urn:xmpp:forward:0}forwarded"
#: messages of a page
PAGE = 100
PING = "<ping xmlns='urn:xmpp:ping'/>"


class Device:
    """One of an account's two. `shown`: texts in the order in which it shows them; `said`: its own; `safe`: those of
    them that the server has acknowledged; `page`: what the archive is telling now."""

    def __init__(self, world: World, user: str, resource: str) -> None:
        self.world, self.user = world, user
        self.random = random.Random(f"{world.seed}/{user}/{resource}")
        self.client = SmClient(lambda: world.port, user, resource, self.got)
        self.shown: dict[str, None] = {}
        self.said: list[str] = []
        self.safe: set[str] = set()
        self.refused: list[str] = []
        self.page: list[str] = []
        self.name = f"{user}/{resource}"

    def got(self, element: Element, count: int) -> None:
        """A stanza from the server."""
        if local(element) != "message":
            return
        if element.get("type") == "error":
            self.refused.append(element.get("id") or "")
            return
        result = element.find(f"{{{MAM}}}result")
        if result is not None:
            self.page += [body.text or "" for body in result.iter(BODY)]
            return
        for body in element.iter(BODY):
            self.shown.setdefault(body.text or "")

    async def live(self) -> None:
        """Until the world is quiet."""
        number = 0
        while not self.world.quiet:
            if not self.client.up:
                await self.come()
                continue
            if self.random.random() < 0.1:
                self.client.drop()
                await asyncio.sleep(self.random.choice((0.0, 0.1, 0.5, 2.0)))
                continue
            for _ in range(self.random.randint(1, 4)):
                number += 1
                self.say(f"{self.name}:{number}")
            self.client.write("<r xmlns='urn:xmpp:sm:3'/>")
            await asyncio.sleep(self.random.random() * 0.2)

    def say(self, text: str) -> None:
        """To somebody else."""
        to = self.random.choice([name for name in self.world.names if name != self.user])
        body = f"<message type='chat' id='{text}' to='{to}@localhost'><body>{text}</body></message>"
        self.said.append(text)
        self.shown.setdefault(text)
        self.client.send(Out(body, lambda: self.safe.add(text)))

    async def come(self) -> None:
        """Connect: the session goes on, or a new one begins, which is wrong here."""
        while True:
            had = bool(self.client.stream_id)
            try:
                resumed = await self.client.connect()
            except (Refused, OSError):
                await asyncio.sleep(0.02 + self.random.random() * 0.1)
                continue
            break
        if not resumed:
            if had:
                self.world.complaints.append(f"{self.name}: a session was not resumed: {self.client.why_not}")
            self.client.send(Out(f"<iq type='set' id='carbons'><enable xmlns='{CARBONS}'/></iq>"))
            self.client.send(Out("<presence/>"))

    async def settle(self) -> bool:
        """Be there, and have all acknowledged; whether that is so."""
        if not self.client.up:
            await self.come()
        self.client.say_count()
        if await self.client.ask("get", PING, "localhost") is None:
            return False
        self.client.write("<r xmlns='urn:xmpp:sm:3'/>")
        await asyncio.sleep(0.5)
        return not self.client.unacknowledged

    async def archive(self) -> Counter[str]:
        """What the account's archive has, in the order of the first of each, and how often."""
        found: Counter[str] = Counter()
        after = ""
        while True:
            self.page.clear()
            page = f"<set xmlns='{RSM}'><max>{PAGE}</max>{after}</set>"
            answer = await self.client.ask("set", f"<query xmlns='{MAM}'>{page}</query>")
            assert answer is not None, "the archive does not answer"
            found.update(self.page)
            last = answer.findtext(f".//{{{RSM}}}last")
            fin = answer.find(f"{{{MAM}}}fin")
            assert fin is not None, answer
            if fin.get("complete") == "true" or last is None:
                return found
            after = f"<after>{last}</after>"


@dataclass
class Verdict:
    """What came of it."""

    figures: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def text(self) -> str:
        """For people."""
        lines = [f"  {name:14} {value}" for name, value in self.figures.items()]
        lines += [f"  faults         {len(self.faults)}", *(f"  WRONG {one}" for one in self.wrong[:30])]
        return "\n".join(lines)


def disorder(shown: list[str], history: list[str]) -> list[str]:
    """Of texts that both have, those that are shown behind one which the archive has later."""
    place = {text: number for number, text in enumerate(history)}
    last, wrong = -1, []
    for text in shown:
        if text in place:
            if place[text] < last:
                wrong.append(text)
            last = max(last, place[text])
    return wrong


async def judge(devices: list[Device]) -> Verdict:
    """When all is quiet."""
    found, everything = Verdict(), {text for one in devices for text in one.safe}
    until = time.monotonic() + 40.0
    while not all(await asyncio.gather(*(one.settle() for one in devices))) and time.monotonic() < until:
        pass
    archives = {one.user: await one.archive() for one in devices}
    lost = everything.difference(*archives.values())
    twice = sum(often > 1 for history in archives.values() for often in history.values())
    found.wrong += [f"{text} was acknowledged and is in no archive" for text in sorted(lost)]
    missing, disordered = [], []
    for one in devices:
        history, own = archives[one.user], set(one.said)
        there = [text for text in history if text not in own]
        once = [text for text in there if history[text] == 1]
        missing += [f"{one.name} does not show {text}" for text in there if text not in one.shown]
        late = disorder([text for text in one.shown if text not in own], once)
        disordered += [f"{one.name} shows {text} too late" for text in late]
    found.wrong += missing + disordered
    found.figures = {
        "said": sum(len(one.said) for one in devices),
        "acknowledged": len(everything),
        "lost": len(lost),
        "missing": len(missing),
        "disordered": len(disordered),
        "archived twice": twice,
        "refused": sum(len(one.refused) for one in devices),
        "resumed": sum(one.client.resumed for one in devices),
    }
    return found


async def act(stage: Stage, devices: list[Device], minutes: float, every: float, kinds: list[str]) -> Verdict:
    """Load and faults, rest, and the verdict."""
    await asyncio.gather(*(one.settle() for one in devices))
    acting = [asyncio.create_task(one.live()) for one in devices]
    end, number = time.monotonic() + minutes * 60, 0
    while (left := end - time.monotonic()) > 0:
        await asyncio.sleep(min(every, left))
        if kinds and time.monotonic() < end:
            await stage.strike(kinds[number % len(kinds)])
            number += 1
    stage.world.quiet = True
    await asyncio.gather(*acting)
    found = await judge(devices)
    found.wrong += stage.world.complaints
    found.faults = [one.kind for one in stage.struck]
    await asyncio.gather(*(one.client.close() for one in devices))
    return found


def play(
    folder: Path, minutes: float, every: float = 8.0, accounts: int = 6, seed: int = 1, faults: str = ""
) -> Verdict:
    """Boot a server of two workers in `folder`, and play it."""
    world = World(0, names=[f"user{number}" for number in range(accounts)], seed=seed)
    with Booted.start(folder, 2, limits="worker_restarts = 1000") as server:
        world.port = server.plain
        for name in [*world.names, "visitor"]:
            server.ask("user add", {"user": f"{name}@localhost", "password": "secret"})
        devices = [Device(world, name, resource) for name in world.names for resource in "ab"]
        stage = Stage(server, world, None, random.Random(seed))
        return asyncio.run(act(stage, devices, minutes, every, [kind for kind in faults.split(",") if kind]))


def folders(home: Path | None) -> Iterator[Path]:
    """Where the server is at home: a folder that stays, or one that goes."""
    if home is not None:
        home.mkdir(parents=True, exist_ok=True)
        yield home
    else:
        with tempfile.TemporaryDirectory(prefix="devices-") as name:
            yield Path(name)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="devices", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--every", type=float, default=8.0, help="seconds between two faults")
    parser.add_argument("--accounts", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default="worker", help="kinds in turn, separated by commas (tests.soak.faults)")
    parser.add_argument("--home", type=Path, help="a folder to leave the server's files in")
    parser.add_argument("--json", type=Path, help="a file for the report")
    said = parser.parse_args()
    unknown = {kind for kind in said.faults.split(",") if kind} - FAULTS.keys()
    if unknown:
        parser.error(f"there is no fault {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
    for folder in folders(said.home):
        found = play(folder, said.minutes, said.every, said.accounts, said.seed, said.faults)
        print(found.text())
        if said.json is not None:
            report: dict[str, Any] = {"figures": found.figures, "faults": found.faults, "wrong": found.wrong}
            said.json.write_text(json.dumps(report, indent=1))
        if found.wrong:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
