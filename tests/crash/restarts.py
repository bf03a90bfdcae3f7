"""restarts — what dies, what must happen, what must not, and how long it takes: one function for each row of the table.

    python -m tests.crash.restarts [--json]        # the table, as measured on this machine now

Each function injects its fault into a booted server of two workers, asserts what must hold, and returns the seconds
that the row is about. AIMS says what they should be; tests/crash/test_restarts.py allows ten times as much.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.booted import Booted
from tests.support.wire import Ended, Wire, condition, local

SM = "urn:xmpp:sm:3"
PING = "<ping xmlns='urn:xmpp:ping'/>"
MODULES = '"tests.support.mod_poison" = {}\n"tests.proof.mod_tiny_room" = {}'
MORE = f'{MODULES}\n\n[node]\nalarm_seconds = 1\nrestart_seconds = 3\nend_seconds = "off"'
LIMITS = "worker_restarts = 1000"
#: seconds in which a session whose own process has crashed is another's
ADOPTED = 3.0

#: row → seconds within which it should happen
AIMS: dict[str, float] = {
    "c2s": 0.1,
    "receiver": 0.1,
    "module": 0.2,
    "caller of a module": 0.2,
    "room": 1.0,
    "session table": 0.2,
    "worker: a new client": 0.05,
    "worker: back": 1.5,
    "store": 1.0,
    "blocked loop: told": 1.5,
    "blocked loop: back": 5.0,
    "parent: nothing left": 2.0,
    "parent: served again": 1.5,
}


def managed(wire: Wire) -> str:
    """Enable stream management; the id of the stream."""
    wire.send(f"<enable xmlns='{SM}' resume='true'/>")
    enabled = wire.next()
    assert enabled.tag == f"{{{SM}}}enabled", enabled.tag
    return enabled.get("id") or ""


def resume(server: Booted, user: str, stream_id: str, h: int) -> Wire:
    """Another connection for the session."""
    wire = server.wire()
    wire.open()
    assert local(wire.authenticate(user, "secret")) == "success"
    wire.open()
    until_ = time.monotonic() + ADOPTED
    while True:
        wire.send(f"<resume xmlns='{SM}' previd='{stream_id}' h='{h}'/>")
        answer = wire.next()
        if answer.tag == f"{{{SM}}}resumed" or time.monotonic() > until_:
            break
        time.sleep(0.02)
    assert answer.tag == f"{{{SM}}}resumed", (answer.tag, condition(answer))
    return wire


def until(condition_: Callable[[], object], what: str, seconds: float = 15.0) -> None:
    """Wait for something to become true. Raises AssertionError."""
    deadline = time.monotonic() + seconds
    while not condition_():
        assert time.monotonic() < deadline, what
        time.sleep(0.002)


def ended(wire: Wire) -> None:
    """Wait for the end of the stream, whatever came before."""
    with contextlib.suppress(Ended, ConnectionError):
        while True:
            wire.next()


def body_of(wire: Wire) -> str:
    """The body of the next message; <r/> and presence are passed over."""
    while True:
        element = wire.next()
        if local(element) == "message":
            return element.findtext("{jabber:client}body") or ""


def answers(wire: Wire) -> bool:
    """Whether a request is still answered."""
    return wire.ask("get", PING).get("type") == "result"


#: runs on a worker: kill a process by its name while it is suspended and somebody waits for its answer
KILLED = """
async def killed(name):
    from otp.erts.clock import CLOCK
    before, me = process.whereis(name), process.self_()
    await introspect.suspend(before)

    async def ask():
        try:
            await gen_server.call(before, "x", 5.0)
        finally:
            process.send(me, ("told", CLOCK.monotonic()))

    process.spawn(ask)
    await process.sleep(0.02)
    begun = CLOCK.monotonic()
    process.exit_(before, "kill")
    told = await process.receive(lambda m: isinstance(m, tuple) and m[0] == "told", 5.0)
    while process.whereis(name) in (None, before):
        await process.sleep(0.001)
    return f"{told[1] - begun:.6f} {CLOCK.monotonic() - begun:.6f}"
"""

# -- the rows


def c2s(server: Booted) -> dict[str, float]:
    """A client's process crashes at a stanza: its stream ends, its session waits and is resumed without that stanza."""
    user, other = server.account("poisoned"), server.client("sender")
    victim = server.client(resource="v", user=user)
    stream_id = managed(victim)
    victim.send("<presence/>")
    victim.skip_own()
    other.send(f"<message to='{victim.jid}' type='chat' id='b'><body>before</body></message>")
    assert body_of(victim) == "before"
    begun = time.monotonic()
    other.send(f"<message to='{victim.jid}' type='chat' id='p'><body>poison-for-the-receiver</body></message>")
    ended(victim)
    took = time.monotonic() - begun
    assert victim.error is not None
    assert local(victim.error[0]) == "internal-server-error"
    other.send(f"<message to='{victim.jid}' type='chat' id='a'><body>after</body></message>")
    again = resume(server, user, stream_id, 2)
    assert body_of(again) == "after"
    assert "which is not handled again; sha256 " in server.log()
    return {"c2s": took}


def receiver(server: Booted) -> dict[str, float]:
    """The process that reads a connection ends: as when the connection is lost."""
    user = server.account("read")
    victim = server.on_worker("w1", user, "v")
    stream_id = managed(victim)
    server.eval("children = await supervisor.which_children('receiver_sup')")
    begun = time.monotonic()
    server.eval("[process.exit_(child.pid, 'kill') for child in children]")
    ended(victim)
    took = time.monotonic() - begun
    assert list(server.sessions(user)) == [victim.jid]
    resume(server, user, stream_id, 0)
    return {"receiver": took}


def module(server: Booted) -> dict[str, float]:
    """A module's process ends while somebody waits for it: that one is told at once, another takes its place."""
    server.eval(KILLED)
    told, back = (float(text) for text in re.findall(r"\d+\.\d+", server.eval("await killed('mod_roster@localhost')")))
    wire = server.client("rostered")
    assert wire.ask("get", "<query xmlns='jabber:iq:roster'/>").get("type") == "result"
    return {"module": back, "caller of a module": told}


def room(server: Booted) -> dict[str, float]:
    """A room's process ends: the next who needs it has it started again, and who was in it is in it."""
    wire = server.client("guest")
    at = "den@rooms.localhost"
    wire.send(f"<presence to='{at}/guest'/>")
    wire.next()
    server.eval("from tests.proof import mod_tiny_room as rooms; from xmppd import gen_mod_sup")
    server.eval("mods = gen_mod_sup.mods_of(application.get_env('xmppd', 'config'), 'localhost')")
    server.eval("mod = next(mod for mod in mods if mod.name == rooms.__name__)")
    server.eval(f"process.exit_(await rooms.ROOMS.whereis(mod, '{at}'), 'kill')")
    begun = time.monotonic()
    wire.send(f"<message type='groupchat' to='{at}'><body>still here</body></message>")
    while body_of(wire) != "still here":
        pass
    return {"room": time.monotonic() - begun}


def session_table(server: Booted) -> dict[str, float]:
    """The session manager of a worker ends: it is built again from the sessions, of which none is dropped."""
    one, other = server.on_worker("w1", server.account("a"), "r"), server.on_worker("w2", server.account("b"), "r")
    for wire in (one, other):
        wire.send("<presence/>")
        wire.skip_own()
    server.eval("process.exit_(process.whereis('sm'), 'kill')")
    begun = time.monotonic()
    other.send(f"<message to='{one.jid}' type='chat'><body>found</body></message>")
    assert body_of(one) == "found"
    took = time.monotonic() - begun
    assert answers(one)
    assert answers(other)
    return {"session table": took}


def worker(server: Booted) -> dict[str, float]:
    """A whole worker is killed: the other serves new clients at once, the dead one's session is resumed there."""
    user, waiting, names = server.account("moved"), server.account("visitor"), server.worker_pids()
    victim = server.on_worker("w1", user, "v")
    stream_id = managed(victim)
    begun = time.monotonic()
    os.kill(names["w1"], signal.SIGKILL)
    while True:
        with contextlib.suppress(AssertionError, OSError):
            server.client(user=waiting)
            break
    served = time.monotonic() - begun
    resume(server, user, stream_id, 0)
    until(lambda: server.worker_pids().get("w1") not in (None, names["w1"]), "w1 is not back")
    back = time.monotonic() - begun
    return {"worker: a new client": served, "worker: back": back}


def store(server: Booted) -> dict[str, float]:
    """The process of the store ends: it is opened again; who asks meanwhile is told to try again, sessions stay."""
    wire = server.on_worker("w1", server.account("storing"))
    server.eval("process.exit_(process.whereis('store'), 'kill')")
    begun = time.monotonic()
    vcard = "<vCard xmlns='vcard-temp'><FN>x</FN></vCard>"
    until(lambda: wire.ask("set", vcard).get("type") == "result", "the store is not back")
    return {"store": time.monotonic() - begun}


def blocked_loop(server: Booted) -> dict[str, float]:
    """A loop does not turn: the log says who holds it up and where; the worker is ended and started again, the other
    serves meanwhile."""
    names, before = server.worker_pids(), len(server.log())
    server.eval("async def blocks():\n    import time\n    await process.receive()\n    time.sleep(60)\n")
    bystander = server.on_worker("w2", server.account("bystander"))
    begun = time.monotonic()
    server.eval("process.spawn(lambda: process.send_after(0.05, process.spawn(blocks), 'now'))")
    until(lambda: "the loop stands still for" in server.log()[before:], "nothing was told")
    told = time.monotonic() - begun
    assert "blocks" in server.log()[before:]
    assert answers(bystander)
    until(lambda: server.worker_pids().get("w1") not in (None, names["w1"]), "w1 is not back", 40)
    return {"blocked loop: told": told, "blocked loop: back": time.monotonic() - begun}


def parent(server: Booted) -> dict[str, float]:
    """The parent is killed: its workers end, their ports are free, and a start serves again."""
    pids = server.worker_pids()
    wire = server.client("orphan")
    begun = time.monotonic()
    server.process.kill()
    server.process.wait()
    ended(wire)
    until(lambda: not any(lives(pid) for pid in pids.values()), "orphans")
    gone = time.monotonic() - begun
    begun = time.monotonic()
    server.again()
    user = wire.bare.partition("@")[0]
    server.client(user=user)
    return {"parent: nothing left": gone, "parent: served again": time.monotonic() - begun}


def lives(pid: int) -> bool:
    """Whether the process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


ROWS: tuple[Callable[[Booted], dict[str, float]], ...] = (
    c2s, receiver, module, room, session_table, worker, store, blocked_loop, parent,
)  # fmt: skip


def start(folder: Path) -> Booted:
    """The server that the rows want."""
    return Booted.start(folder, 2, more=MORE, limits=LIMITS)


def main() -> int:
    """Measure all rows and print them."""
    measured: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="restarts-") as folder, start(Path(folder)) as server:
        for row in ROWS:
            server.await_workers(lambda now: set(now) == {"w1", "w2"})
            measured |= row(server)
    if "--json" in sys.argv:
        print(json.dumps({name: {"seconds": took, "aim": AIMS[name]} for name, took in measured.items()}, indent=1))
    else:
        for name, took in measured.items():
            print(f"{name:24} {took * 1000:8.1f} ms   aim {AIMS[name] * 1000:6.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
