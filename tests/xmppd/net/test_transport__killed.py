"""A connection's owner is killed at any moment of its start: the interpreter lives, the socket is closed.

In an interpreter of its own: what it looks for is a segmentation fault.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

PROGRAM = """
import asyncio, random, socket
from otp.erts import process, runtime
from otp.erts.scheduler import THIS
from xmppd.net.transport import Flusher, Transport

class Sink:
    def feed(self, data): pass
    def lost(self, reason): pass

async def one(listening, flusher, luck):
    client = socket.create_connection(listening.getsockname())
    sock, _ = listening.accept()
    sock.setblocking(False)
    made = Transport(THIS.loop, flusher, "192.0.2.1", 1 << 20)
    if luck.random() < 0.3:
        client.close()
    owner = process.spawn(lambda: made.activate(sock, Sink(), None))
    for _ in range(luck.randrange(4)):
        await asyncio.sleep(0)
    how = luck.randrange(3)
    if how:
        process.exit_(owner, "kill")
    if how != 1:
        made.abort()
    return client, made

async def body():
    luck = random.Random(7)
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    flusher = Flusher(THIS.loop)
    for _ in range(20):
        made = [await one(listening, flusher, luck) for _ in range(50)]
        await asyncio.sleep(0)
        for client, transport in made:
            transport.abort()
            client.close()
        while any(transport.tcp is not None for _, transport in made):
            await process.sleep(0.001)
    print("alive")

runtime.run(body, node="test", loop="uvloop")
"""


def test_a_thousand_owners_killed_between_accept_and_connection_made() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "alive\n", "")
