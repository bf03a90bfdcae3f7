"""The real server, 50 clients logged in: one of its processes is killed, and we count.

python docs/learn/programs/10_xmppd.py [NAME [TIMES]]     a registered name, mod_roster@localhost if none is given
"""

import asyncio
import base64
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from otp.erts import process, runtime
from otp.erts.process import receive, self_, send, spawn_link, whereis
from otp.erts.scheduler import THIS
from otp.kernel import pg
from otp.observer import tree
from otp.stdlib import gen_server
from xmppd import sup
from xmppd.auth import auth
from xmppd.config.schema import Config, Listen, Paths, StoreSection
from xmppd.net import listener
from xmppd.routing.sm import sm

CLIENTS = 50
HEADER = (
    "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
)
BIND = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
WORDS = {b"type='result'": "answered", b"type='error'": "refused", b"lost": "connection lost"}
ROSTER = "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>"


class Wire(asyncio.Protocol):
    """A connection whose bytes become messages to the process that opened it."""

    def __init__(self):
        self.owner = self_()

    def data_received(self, data):
        send(self.owner, data)

    def connection_lost(self, exc):
        send(self.owner, b"lost")


async def client(port, user, boss):
    """Logs in, then asks for its roster whenever it is told to."""
    transport, _ = await THIS.loop.create_connection(Wire, "127.0.0.1", port)

    async def say(text, until):
        if not transport.is_closing():
            transport.write(text.encode())
        seen = b""
        while not (found := re.search(until + b"|lost", seen)):
            seen += await receive(lambda message: isinstance(message, bytes))
        return found[0]

    token = base64.b64encode(f"\0{user}\0secret".encode()).decode()
    await say(HEADER, b"</stream:features>")
    await say(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{token}</auth>", b"<success")
    await say(HEADER, b"</stream:features>")
    await say(BIND, b"</iq>")
    send(boss, "ready")
    while await receive(lambda message: message == "ask"):
        send(boss, WORDS[await say(ROSTER, b"type='(?:result|error)'")])


async def hear():
    """What the clients say, one word each: how often each word, and the milliseconds it took."""
    began = time.perf_counter()
    words = Counter([await receive(lambda message: isinstance(message, str)) for _ in range(CLIENTS)])
    return dict(words), (time.perf_counter() - began) * 1000


async def kill(name):
    """Kill the process of that name; the milliseconds until another bears it."""
    victim, began = whereis(name), time.perf_counter()
    process.exit_(victim, "kill")
    while whereis(name) in (None, victim):
        await process.sleep(0)
    return (time.perf_counter() - began) * 1000


def way(node, name):
    """The ids from a node of the tree down to `name`."""
    if node.name == name:
        return [name]
    return next(([node.name, *below] for child in node.children if (below := way(child, name))), [])


def restarts(top):
    return {node.id: node.restarts for node in tree.walk(tree.tree(top)) if node.restarts}


def sessions():
    """Full JID -> pid of its stream's process."""
    return {s.jid: s.pid for n in range(CLIENTS) for s in sm.sessions(f"user{n}@localhost")}


async def main(name="mod_roster@localhost", times="1"):
    listen = Listen(module="c2s", ip="127.0.0.1", port=0, tls="off", plain_without_tls=True)
    config = Config(paths=Paths(Path(tempfile.mkdtemp())), listen=(listen,), store=StoreSection(backend="memory"))
    await pg.start_link()
    top = await sup.start_link(config)
    port = (await listener.get_socket("listener:c2s:127.0.0.1:0")).getsockname()[1]
    for n in range(CLIENTS):
        await auth.create_user(f"user{n}", "localhost", "secret")
    clients = [spawn_link(client, port, f"user{n}", self_()) for n in range(CLIENTS)]
    await hear()
    before = sessions()
    print("clients logged in:", len(before))
    print("the way down the tree:", " > ".join(way(tree.tree(top)[0], name)))

    longest = max([await kill(name) for _ in range(int(times))])
    print(f"killed {name}, {times} in a row: nobody bore the name for {longest:.1f} ms at most")
    for pid in clients:
        send(pid, "ask")
    words, waited = await hear()
    print(f"rosters asked for, at once: {words} within {waited:.1f} ms")
    kept = sum(sessions().get(jid) is pid for jid, pid in before.items())
    print(f"sessions kept, each in the process it had: {kept} of {len(before)}")
    print("restarts, as the supervisors count them:", restarts(top))

    for pid in clients:
        process.unlink(pid)
    process.unlink(top)
    await gen_server.stop(top, "shutdown")


runtime.run(lambda: main(*sys.argv[1:]))
