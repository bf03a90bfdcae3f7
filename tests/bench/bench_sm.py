"""bench_sm — what stream management costs a message, in instructions of the server's process.

    python -m tests.bench.bench_sm [MESSAGES]

Pairs of clients, in a process of their own, write to each other over real sockets, one message for each read, once
without stream management and once with it: then each client asks `<r/>` behind every tenth message, and answers the
server's at once. valgrind counts what the server executes for MESSAGES messages and for half as many; half of the
messages cost the difference, whatever the start costs. Times would depend on what else the machine does.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Final

from tests.support import node
from xmpp_core import ns
from xmppd.archive import writer
from xmppd.mods.stream_management import confirmations, managed_stream
from xmppd.routing import safe_rounds
from xmppd.testing.client import Client
from xmppd.testing.server import serve

PAIRS: Final = 4
ASK_AFTER: Final = 10
#: how much slower a program runs under valgrind: times in which a client is expected to answer, and messages for the
#: disk gather, are as much longer
SLOWER: Final = 50
TEXT: Final = (
    "<message to='{to}' id='abcdef{n}' type='chat'>"
    "<body>hello there, this is a message of usual length</body></message>"
)
_ASKED: Final = f"<r xmlns='{ns.SM}'/>".encode()


class Player(asyncio.Protocol):
    """Takes the place of a client that has logged in: answers each message with one, and each request with a count."""

    def __init__(self, client: Client, to: str, managed: bool, count: int, over: Callable[[], None]) -> None:
        self.transport, self.managed, self.left, self.over = client.transport, managed, count, over
        self.text = TEXT.format(to=to, n=7).encode()
        self.got = self.sent = 0

    def say(self) -> None:
        self.sent += 1
        ask = self.managed and self.sent % ASK_AFTER == 0
        self.transport.write(self.text + _ASKED if ask else self.text)

    def data_received(self, data: bytes) -> None:
        came = data.count(b"</message>")
        self.got += came
        if self.managed and _ASKED in data:
            self.transport.write(f"<a xmlns='{ns.SM}' h='{self.got}'/>".encode())
        for _ in range(came):
            if self.left:
                self.left -= 1
                self.say()
            elif self.left == 0:
                self.left = -1
                self.over()


async def play(port: int, managed: bool, count: int) -> None:
    """`count` messages between the clients."""
    clients = []
    for number in range(PAIRS * 2):
        client = await Client.connect(port)
        await client.login(f"user{number}", "r")
        client.send("<presence/>")
        await client.expect("<presence ")
        if managed:
            client.send(f"<enable xmlns='{ns.SM}' resume='true'/>")
            await client.expect("<enabled [^>]*>")
        clients.append(client)
    over = asyncio.Event()
    ended: list[int] = []

    def one_is_over() -> None:
        ended.append(1)
        if len(ended) == PAIRS:
            over.set()

    for number, client in enumerate(clients):
        player = Player(
            client, f"user{number ^ 1}@localhost/r", managed, count // (PAIRS * 2) - number % 2, one_is_over
        )
        client.transport.set_protocol(player)
        if number % 2 == 0:
            player.say()
    await asyncio.wait_for(over.wait(), 300)
    for client in clients:
        client.transport.abort()


def server() -> None:
    """The server, until its input ends."""

    async def body() -> None:
        managed_stream.ASK_WITHIN *= SLOWER  # type: ignore[misc]  # Final for all others
        managed_stream.ASK_AGAIN *= SLOWER  # type: ignore[misc]  # likewise
        confirmations.PATIENCE *= SLOWER  # type: ignore[misc]  # likewise
        confirmations.AT_MOST *= SLOWER  # type: ignore[misc]  # likewise
        safe_rounds._SILENCE *= SLOWER  # type: ignore[misc]  # likewise
        writer.GATHER *= SLOWER  # type: ignore[misc]  # likewise
        async with serve(limits={"rate": None}) as running:
            for number in range(PAIRS * 2):
                await running.account(f"user{number}")
            print(running.port, flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

    node.run(body)


def instructions(managed: bool, count: int) -> int:
    """What a server executes from its start to its end."""
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    program = [sys.executable, "-m", "tests.bench.bench_sm", "serve"]
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, *program], stdin=pipe, stdout=pipe, stderr=pipe, text=True) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        asyncio.run(play(int(running.stdout.readline()), managed, count))
        _, told = running.communicate()
    found = re.search(r"I\s+refs:\s+([\d,]+)", told)
    assert found is not None, told
    return int(found[1].replace(",", ""))


def cost(managed: bool, count: int) -> float:
    """Instructions for one message."""
    return (instructions(managed, count) - instructions(managed, count // 2)) / (count - count // 2)


def main() -> None:
    if sys.argv[1:] == ["serve"]:
        server()
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    without, with_ = cost(False, count), cost(True, count)
    print(f"{without:.0f} instructions without, {with_:.0f} with: {with_ / without - 1:+.1%}")


if __name__ == "__main__":
    main()
