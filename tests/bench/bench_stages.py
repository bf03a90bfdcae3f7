"""bench_stages — what one plain listener at AccountReceivesHook costs a chat message, in one process.

    python -m tests.bench.bench_stages [LISTENERS]

Twenty clients write to each other's accounts over real sockets; measured is the CPU time of the whole process, clients
included, for a message. Rounds with and without the listeners alternate, so that both see the same machine; printed
are the best of each, the share by which they differ, and the median of the differences of neighbours.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from typing import Any, Final

from otp.erts.scheduler import THIS
from tests.support import node
from xmpp_core.stanza import Stanza
from xmppd.routing import hooks
from xmppd.routing.hook_points import AccountReceivesHook
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve

CLIENTS: Final = 20
ROUNDS, TURNS, AT_ONCE = 60, 10, 10
TEXT: Final = (
    "<message to='user{to}@localhost' id='abcdef{to}' type='chat'>"
    "<body>hello there, this is a message of usual length {to}</body></message>"
)


class Counter(asyncio.Protocol):
    """Takes the place of a client that has logged in, and only counts what comes."""

    def __init__(self) -> None:
        self.left = 0
        self.done: asyncio.Future[None] = THIS.loop.create_future()

    def begin(self, count: int) -> asyncio.Future[None]:
        self.left, self.done = count, THIS.loop.create_future()
        return self.done

    def data_received(self, data: bytes) -> None:
        self.left -= data.count(b"</message>")
        if self.left <= 0 and not self.done.done():
            self.done.set_result(None)


def plain(stanza: Stanza | None, point: AccountReceivesHook) -> Stanza | None:
    """The listener: it looks, and lets pass."""
    return stanza


def listeners(count: int) -> list[Any]:
    return [lambda stanza, point: plain(stanza, point) for _ in range(count)]


async def one_round(clients: list[Client], counter: Counter) -> float:
    """µs of CPU for a message."""
    texts = [TEXT.format(to=(number + 1) % CLIENTS).encode() * AT_ONCE for number in range(CLIENTS)]
    began = time.process_time()
    for _ in range(TURNS):
        done = counter.begin(CLIENTS * AT_ONCE)
        for client, text in zip(clients, texts, strict=True):
            client.transport.write(text)
        await done
    return (time.process_time() - began) / (TURNS * CLIENTS * AT_ONCE) * 1e6


async def measure(server: Server, count: int, rounds: int = ROUNDS) -> tuple[list[float], list[float]]:
    """µs of a message in each round: without listeners, with `count` of them."""
    clients = [await server.client(f"user{number}", "r") for number in range(CLIENTS)]
    for client in clients:
        client.send("<presence/>")
    await server.settle()
    counter = Counter()
    for client in clients:
        client.transport.set_protocol(counter)
    without, with_ = list[float](), list[float]()
    for _ in range(rounds):
        without.append(await one_round(clients, counter))
        added = listeners(count)
        for fn in added:
            await hooks.add("localhost", AccountReceivesHook, fn)
        with_.append(await one_round(clients, counter))
        for fn in added:
            await hooks.delete("localhost", AccountReceivesHook, fn)
    for client in clients:
        client.transport.set_protocol(client)
    return without, with_


def report(without: list[float], with_: list[float]) -> str:
    """In words."""
    share = min(with_) / min(without) - 1
    between = statistics.median(b - a for a, b in zip(without, with_, strict=True))
    return f"{min(without):.2f} µs without, {min(with_):.2f} µs with: {share:+.1%}; median difference {between:+.2f} µs"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1

    async def body() -> None:
        async with serve(limits={"rate": None}) as server:
            print(report(*await measure(server, count)))

    node.run(body)


if __name__ == "__main__":
    main()
