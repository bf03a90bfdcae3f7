"""test_seed_flow — the project's seed document, item by item, on a booted server: start-up (1 to 7), the stream's two
processes (8 to 11), the machine of a client's stream (12 to 16). docs/seed-flow.md has the whole table.
"""

from __future__ import annotations

import os
import re
import signal
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otp.stdlib.gen_fsm import GenFsm
from otp.stdlib.gen_server import GenServer
from tests.support.booted import ROOT, Booted
from tests.support.wire import SASL, STREAM, Ended, Wire, local, names
from xmppd.net.receiver import Receiver
from xmppd.stream.c2s import C2s

WORKERS = ("w1", "w2")
HEADER = f"<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='{STREAM[1:-1]}'>"


def applications(server: Booted, worker: str = "w1") -> list[str]:
    """The applications that a worker reported as started, in that order."""
    lines = [line for line in server.log().splitlines() if line.split(" ")[2:3] == [worker]]  # time, level, node
    return re.findall(r"application (\S+) \S+ started", "\n".join(lines))


def started(server: Booted, worker: str = "w1") -> list[str]:
    """The supervised processes of a worker in the order in which they were made: pids count upwards."""
    found: list[tuple[int, str]] = []

    def walk(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            found.append((int(row["pid"].strip("<>").split(".")[-1]), row["id"]))
            walk(row["children"])

    walk(server.ask("tree")[worker])
    return [name for _, name in sorted(found)]


def children(server: Booted, name: str, worker: str) -> int:
    return int(server.eval(f"len(await supervisor.which_children({name!r}))", worker))


def count(server: Booted, name: str) -> int:
    return sum(children(server, name, worker) for worker in WORKERS)


def states(server: Booted) -> list[str]:
    """The names of the states that the clients' streams are in now."""
    source = "[(await introspect.get_state(c.pid))[0] for c in await supervisor.which_children('c2s_sup')]"
    return [name for worker in WORKERS for name in re.findall(r"'(\w+)'", server.eval(source, worker))]


def find(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The children of a supervisor in what `tree` gives."""
    for row in rows:
        if row["name"] == name:
            return list(row["children"])
        if below := find(row["children"], name):
            return below
    return []


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Booted]:
    """A server of one's own, for tests that count its streams or end it."""
    server = Booted.start(tmp_path, workers=2)
    yield server
    server.drop_all()
    server.stop()


# -- 1: start-up


def test_item_1_the_application_is_organised_by_its_resource_file(server: Booted) -> None:
    """Item 1: xmppd.app.toml names what starts it and, unlike the seed's, what it needs."""
    resource = tomllib.loads((ROOT / "apps/xmppd/xmppd.app.toml").read_text())
    assert resource["mod"] == "xmppd.app:XmppdApp"
    for needed in resource["applications"]:
        assert applications(server).index(needed) < applications(server).index("xmppd"), needed
    for name in {*resource["registered"]} - {"keepalive"}:  # that one runs where [keepalive] asks for it
        assert server.eval(f"process.whereis({name!r}) is not None") == "True", name


def test_item_2_the_application_is_started_after_what_it_needs(server: Booted) -> None:
    """Item 2: application:start(xmppd), its dependencies first."""
    assert applications(server) == ["kernel", "stdlib", "xmpp_core", "xmppd"]


def test_item_3_the_start_callback_gives_the_top_supervisor(server: Booted) -> None:
    """Item 3: XmppdApp.start starts xmppd_sup, which supervises all the rest."""
    found = server.eval("[c.id for c in await supervisor.which_children('xmppd_sup')]")
    assert {"hooks", "store", "auth", "router", "iq", "sm", "c2s_sup", "receiver_sup", "listener_sup"} <= set(
        re.findall(r"'(\w+)'", found)
    )


def test_item_4_the_listeners_come_last(alone: Booted) -> None:
    """Item 4: no connection is accepted before every module has put its hooks in place."""
    order = started(alone)
    modules = [name for name in order if name.startswith("mod_")]
    assert len(modules) >= 2 * 11, "two hosts"
    last_module = max(i for i, name in enumerate(order) if name.startswith("mod_"))
    first_listener = min(i for i, name in enumerate(order) if name.startswith(("listener:", "acceptor:")))
    assert last_module < first_listener
    stations = ["hooks", "store", "auth", "router", "iq", "sm", "c2s_sup", "listener_sup"]
    assert [name for name in order if name in stations] == stations


def test_item_5_each_configured_listener_serves_its_module(server: Booted) -> None:
    """Item 5: [[listen]] names c2s or component; each is a child of listener_sup on every worker."""
    for worker in WORKERS:
        found = server.eval("[c.id for c in await supervisor.which_children('listener_sup')]", worker)
        for module, port in (
            ("c2s", server.plain),
            ("c2s", server.tls),
            ("c2s", server.direct),
            ("component", server.component),
        ):
            assert f"'listener:{module}:127.0.0.1:{port}'" in found
            assert f"'acceptor:{module}:127.0.0.1:{port}'" in found
    with Wire(server.plain) as wire:
        assert names([wire.open()]) == ["features"]


def test_item_6_a_connection_gets_its_two_processes_and_loses_them_with_it(alone: Booted) -> None:
    """Item 6: after accept a receiver and a c2s under their supervisors; both are temporary."""
    assert (count(alone, "receiver_sup"), count(alone, "c2s_sup")) == (0, 0)
    wires = [alone.wire() for _ in range(3)]
    for wire in wires:
        wire.open()
    assert (count(alone, "receiver_sup"), count(alone, "c2s_sup")) == (3, 3)
    wires[0].close()
    wires[1].drop()
    wires[2].send("<nonsense>")
    wires[2].send("</other>")
    assert wires[2].end() == "not-well-formed"
    assert (count(alone, "receiver_sup"), count(alone, "c2s_sup")) == (0, 0)


def test_item_7_no_byte_is_lost_before_the_machine_is_there(server: Booted) -> None:
    """Item 7: receiver, then c2s, then the socket is read; what is sent with the first packet is answered."""
    for _ in range(20):
        wire = server.wire()
        wire.send(f"<?xml version='1.0'?>{HEADER}<auth xmlns='{SASL}' mechanism='NONE'/>")
        assert [local(wire.next()), local(wire.next())] == ["features", "failure"]


def test_supervision_a_stream_that_crashes_is_not_restarted_and_harms_nobody(alone: Booted) -> None:
    """Section 1 (a): temporary children never count towards escalation: thirty crashes, and the worker lives."""
    pids = alone.worker_pids()
    for _ in range(30):
        wire = alone.client(user="")
        wire.send("<iq type='get' id='1'><end xmlns='urn:xmppd:probe'/></iq>")
        assert wire.end() == "internal-server-error"
    assert alone.worker_pids() == pids
    assert count(alone, "c2s_sup") == 0


def test_supervision_b_a_listener_that_crashes_comes_back(server: Booted) -> None:
    """Section 1 (b): a killed acceptor serves again, and its port was never closed."""
    name = f"acceptor:c2s:127.0.0.1:{server.plain}"
    for worker in WORKERS:
        server.eval(f"process.exit_(process.whereis({name!r}), 'kill')", worker)
    for _ in range(10):
        with Wire(server.plain) as wire:
            wire.open()


def test_supervision_c_too_many_crashes_of_a_part_end_the_worker_and_it_is_made_again(alone: Booted) -> None:
    """Section 1 (c): beyond the intensity the worker ends; the parent starts the next generation."""
    before = alone.worker_pids()
    alone.eval(
        "async def go():\n"
        "    for _ in range(40):\n"
        "        pid = process.whereis('iq')\n"
        "        if pid is not None: process.exit_(pid, 'kill')\n"
        "        await process.sleep(0.01)\n"
        "process.spawn(go)",
        "w2",
    )
    after = alone.await_workers(lambda now: set(now) == set(before) and now["w2"] != before["w2"])
    assert after["w1"] == before["w1"]
    for _ in range(8):
        alone.wire().open()


def test_stopping_closes_the_listeners_tells_the_clients_and_ends_in_order(alone: Booted) -> None:
    """Section 1, the way down: prep_stop shuts the listeners, clients hear system-shutdown, then the tree ends."""
    clients = [alone.client().online() for _ in range(4)]
    waiting = alone.wire()
    waiting.open()
    os.kill(alone.process.pid, signal.SIGTERM)
    assert [client.end() for client in clients] == ["system-shutdown"] * 4
    with pytest.raises(Ended):
        waiting.next()
    assert alone.process.wait(15) == 0
    with pytest.raises(ConnectionRefusedError):
        alone.wire()


# -- 2: two processes for each stream


def test_item_8_the_receiver_is_a_gen_server(alone: Booted) -> None:
    """Item 8: one per connection, under receiver_sup."""
    assert issubclass(Receiver, GenServer)
    alone.wire().open()
    rows = [row for worker in WORKERS for row in find(alone.ask("tree")[worker], "receiver_sup")]
    assert [row["module"] for row in rows] == ["Receiver"]


def test_item_9_bytes_become_elements_however_they_come(server: Booted) -> None:
    """Item 9: one byte at a time, or all in one write."""
    wire = server.client()
    for byte in "<iq type='get' id='b1'><ping xmlns='urn:xmpp:ping'/></iq>":
        wire.send(byte)
    assert wire.next().get("id") == "b1"
    wire.send("".join(f"<iq type='get' id='b{i}'><ping xmlns='urn:xmpp:ping'/></iq>" for i in range(2, 50)))
    assert [wire.next().get("id") for _ in range(2, 50)] == [f"b{i}" for i in range(2, 50)]


def test_item_10_what_is_parsed_reaches_the_machine_in_order(server: Booted) -> None:
    """Item 10: header, elements, the end, each once and in order, also all at once."""
    wire = server.wire()
    wire.send(f"{HEADER}<auth xmlns='{SASL}' mechanism='A'/><auth xmlns='{SASL}' mechanism='B'/></stream:stream>")
    assert [local(wire.next()) for _ in range(3)] == ["features", "failure", "failure"]
    assert wire.end() is None


def test_item_11_the_state_changes_by_events_only(alone: Booted) -> None:
    """Item 11: between two events the machine rests in its state; what other processes send does not move it."""
    wire = alone.wire()
    wire.open()
    assert states(alone) == ["wait_for_feature_request"]
    for worker in WORKERS:
        alone.eval("[process.send(c.pid, 'nonsense') for c in await supervisor.which_children('c2s_sup')]", worker)
    assert states(alone) == ["wait_for_feature_request"]
    wire.login(alone.account())
    assert states(alone) == ["session_established"]


# -- 3: the machine


def test_item_12_the_stream_is_a_gen_fsm() -> None:
    """Item 12: C2s has one method per state, by the seed's names."""
    assert issubclass(C2s, GenFsm)
    for name in ("wait_for_stream", "wait_for_auth", "wait_for_feature_request", "wait_for_sasl_response",
                 "wait_for_bind", "wait_for_session", "session_established", "wait_for_resume"):  # fmt: skip
        assert callable(getattr(C2s, name))


def test_item_13_it_begins_in_wait_for_stream(alone: Booted) -> None:
    """Item 13."""
    alone.wire()
    alone.settled(lambda: states(alone) == ["wait_for_stream"])


def test_item_14_it_goes_through_the_seeds_states(alone: Booted) -> None:
    """Item 14: each step of a SCRAM login, looked at from within. wait_for_session is passed without waiting."""
    user = alone.account()
    wire = alone.wire()
    wire.open()
    assert states(alone) == ["wait_for_feature_request"]
    wire.auth("SCRAM-SHA-256", f"n,,n={user},r=abcdefgh")
    assert local(wire.next()) == "challenge"
    assert states(alone) == ["wait_for_sasl_response"]
    wire.send(f"<abort xmlns='{SASL}'/>")
    assert local(wire.next()) == "failure"
    assert states(alone) == ["wait_for_feature_request"]
    wire.authenticate(user, "secret", "SCRAM-SHA-256")
    assert states(alone) == ["wait_for_stream"]
    wire.open()
    assert states(alone) == ["wait_for_bind"]
    wire.bind()
    assert states(alone) == ["session_established"]


def test_item_15_modules_take_part_in_what_clients_send(server: Booted) -> None:
    """Item 15: a module's handler of UserSendPacketHook changes a message on its way."""
    romeo, juliet = server.client(), server.client()
    romeo.send(f"<message to='{juliet.jid}'><change xmlns='urn:xmppd:probe'/></message>")
    got = juliet.next()
    assert [local(child) for child in got] == ["change", "first", "second"]


def test_item_16_hooks_are_run_as_a_fold(server: Booted) -> None:
    """Item 16: what one handler returns goes to the next, and a handler may end the chain with a value."""
    romeo, juliet = server.client(), server.client()
    romeo.send(f"<message to='{juliet.jid}'><drop xmlns='urn:xmppd:probe'/></message>")
    juliet.nothing_from(romeo)
