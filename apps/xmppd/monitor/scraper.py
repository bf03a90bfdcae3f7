"""scraper — answers scrapes: however many come, the nodes are asked by one at a time.

OTP:      gen_server
Way:      monitor.endpoints → [scraper] → monitor.gather, monitor.exposition
Process:  `scraper`, permanent, under xmppd.sup; asking is done by a process that it starts
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from otp.erts import blocking, process
from otp.erts.clock import CLOCK
from otp.erts.pid import Pid
from otp.erts.signals import Exit
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import From, GenServer, NoReply, Reply
from xmppd.metrics import Sample
from xmppd.monitor import gather

NAME: Final = "scraper"
#: seconds for which an answer is good enough for the next one who asks
FRESH: Final = 1.0


@dataclass(frozen=True, slots=True)
class Scrape:
    """Call: (the text, its media type)."""

    openmetrics: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    openmetrics: bool
    answer: tuple[bytes, str]


@dataclass(slots=True)
class ScraperState:
    """`last`: the newest answers with their times, by whether they are OpenMetrics; `working` and `waiting`: likewise
    who asks the nodes, and for whom."""

    last: dict[bool, tuple[float, tuple[bytes, str]]] = field(default_factory=dict)
    working: dict[Pid, bool] = field(default_factory=dict)
    waiting: dict[bool, list[From]] = field(default_factory=dict)


class Scraper(GenServer[ScraperState]):
    """See the head of this file."""

    def init(self) -> ScraperState:
        """Nothing was asked."""
        process.trap_exit(True)
        return ScraperState()

    def handle_call(self, request: object, from_: Any, state: ScraperState) -> Any:
        """Answer with what is fresh, or when it is there."""
        assert isinstance(request, Scrape)
        kind = request.openmetrics
        last = state.last.get(kind)
        if last is not None and CLOCK.monotonic() - last[0] < FRESH:
            return Reply(last[1], state)
        state.waiting.setdefault(kind, []).append(from_)
        if kind not in state.working.values():
            state.working[process.spawn_link(_work, kind, process.self_())] = kind
        return NoReply(state)

    def handle_info(self, message: object, state: ScraperState) -> Any:
        """An answer; or whoever was to bring one has ended, and those who wait do so no longer than they want to."""
        match message:
            case _Found(kind, answer):
                state.last[kind] = (CLOCK.monotonic(), answer)
                for from_ in state.waiting.pop(kind, ()):
                    gen_server.reply(from_, answer)
            case Exit(pid) if pid in state.working:
                state.waiting.pop(state.working.pop(pid), None)
        return NoReply(state)


async def _work(openmetrics: bool, to: Pid) -> None:
    told = await gather.gather(gather.expected())
    process.send(to, _Found(openmetrics, await blocking.run_blocking(_text, told, openmetrics)))


def _text(told: Mapping[str, list[Sample] | None], openmetrics: bool) -> tuple[bytes, str]:
    """On a thread: prometheus_client takes 60 ms and 3 MB, and a server that nobody scrapes does without."""
    answer: tuple[bytes, str] = importlib.import_module("xmppd.monitor.exposition").text(told, openmetrics)
    return answer


async def start_link() -> Pid | None:
    """Start it."""
    return await gen_server.start_link(Scraper, name=NAME)


def spec() -> ChildSpec:
    """As a child of a supervisor."""
    return ChildSpec(NAME, (start_link, ()))


async def scrape(openmetrics: bool = False) -> tuple[bytes, str]:
    """The metrics of all nodes as text, and its media type. Raises CallError."""
    answer: tuple[bytes, str] = await gen_server.call(NAME, Scrape(openmetrics), timeout=8.0)
    return answer
