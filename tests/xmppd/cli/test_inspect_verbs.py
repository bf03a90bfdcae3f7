"""test_inspect_verbs — tree, top, trace and crash against a booted server of two workers.

Way:  xmppd.cli.inspect_verbs
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.support.booted import ROOT, Booted
from tests.support.terminal import play
from tests.support.wire import Wire
from xmppd.commands import EXIT_FAILED, EXIT_PERMISSION, EXIT_USAGE, CommandError

DEVELOPMENT = '[node]\nprofile = "development"\nalarm_seconds = 1\nrestart_seconds = 4\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    with Booted.start(tmp_path_factory.mktemp("look"), workers=2, more=DEVELOPMENT) as booted:
        yield booted
        booted.drop_all()


def cli(server: Booted, *words: str) -> subprocess.CompletedProcess[str]:
    """A verb in words; its output is not looked at."""
    command = [sys.executable, "-m", "xmppd.cli.main", *words, "--home", str(server.home)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, check=False)


def during(act: Callable[[], None], look: Callable[[], Any]) -> Any:
    """What `look` gives while `act` is done again and again beside it."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(0.2):
            act()

    beside = threading.Thread(target=repeat)
    beside.start()
    try:
        return look()
    finally:
        over.set()
        beside.join()


def pair(server: Booted) -> tuple[Wire, Wire]:
    """Two clients on different workers."""
    romeo, juliet = server.account("romeo"), server.account("juliet")
    one, two = server.on_worker("w1", romeo, "orchard"), server.on_worker("w2", juliet, "balcony")
    two.send("<presence/>")
    return one, two


def test_the_tree_in_every_form(server: Booted) -> None:
    text = cli(server, "tree").stdout
    for words in ("main\n", "w1\n", "w2\n", "xmppd_sup <w1.1.", "c2s_sup", "(simple_one_for_one)"):
        assert words in text
    assert cli(server, "tree", "--mermaid").stdout.startswith("flowchart LR\n")
    assert cli(server, "tree", "--dot").stdout.startswith("digraph tree {\n")
    assert cli(server, "tree", "--svg").stdout.startswith("<svg ")
    found = server.cli("tree", "--under", "xmppd_sup", "--node", "w2", "--limit", "2", "--first", "1")
    assert [child["id"] for child in found["w2"][0]["children"]] == ["store", "auth"]
    wrong = cli(server, "tree", "--under", "nobody")
    assert (wrong.returncode, wrong.stderr) == (EXIT_FAILED, "xmppd: no supervisor nobody\n")


def test_top_once_for_scripts(server: Booted) -> None:
    client = server.client()
    ping = "<iq id='p' type='get'><ping xmlns='urn:xmpp:ping'/></iq>"
    found = during(lambda: client.send(ping), lambda: server.cli("top", "--once", "--seconds", "0.5", "-n", "50"))
    assert [node["node"] for node in found["nodes"]] == ["main", "w1", "w2"]
    mine = next(row for row in found["rows"] if row["who"] == client.jid)
    assert (mine["label"], mine["rate"] > 0) == ("C2s", True)
    assert "MAILBOX" in cli(server, "top", "--seconds", "0.05", "--by", "memory").stdout
    assert cli(server, "top", "--once", "--by", "size").returncode == EXIT_USAGE


def test_a_trace_of_a_jid_shows_stanzas_both_ways_and_no_password(server: Booted) -> None:
    one, two = pair(server)
    secret = "<query xmlns='jabber:iq:register'><username>x</username><password>tiger</password></query>"

    def say() -> None:
        one.send(f"<message to='{two.jid}' id='t'><body>hello</body></message><iq id='s' type='set'>{secret}</iq>")

    text = during(say, lambda: cli(server, "trace", one.jid, "--count", "8").stdout)
    assert f"{one.jid} <w1." in text
    assert "←: message <message" in text
    assert " → <w2." in text
    assert "tiger" not in text
    assert "<password>***</password>" in text
    only = during(say, lambda: cli(server, "trace", one.jid, "--kind", "message", "--direction", "out", "--count", "2"))
    assert [line.partition(" → ")[2][:3] for line in only.stdout.splitlines()] == ["<w2", "<w2"]


def test_a_trace_of_a_name_ends_with_its_time_and_shows_json(server: Booted) -> None:
    client = server.client()
    lines = during(
        lambda: client.send("<presence><priority>1</priority></presence><presence type='unavailable'/>"),
        lambda: cli(server, "trace", "sm", "--seconds", "1.5", "--json").stdout.splitlines(),
    )
    events = [json.loads(line) for line in lines]
    assert {"UpdateSession"} <= {event["kind"] for event in events}
    assert {event["who"] for event in events} == {"sm"}
    assert cli(server, "trace", "nobody").returncode == EXIT_FAILED
    assert cli(server, "trace").returncode == EXIT_USAGE


def test_the_chart_of_a_message_between_workers(server: Booted, tmp_path: Path) -> None:
    one, two = pair(server)
    svg, mermaid = tmp_path / "way.svg", tmp_path / "way.mmd"
    found = during(
        lambda: one.send(f"<message to='{two.jid}' type='chat' id='c{time.monotonic_ns()}'><body>hi</body></message>"),
        lambda: server.cli("trace", one.jid, "--chart", "--svg", str(svg), "--mermaid", str(mermaid)),
    )
    assert (found["sender"], found["kind"]) == (one.jid, "message")
    places = [arrow["to"].partition(" ")[0] for arrow in found["arrows"]]
    order = [places.index(place) for place in ("receiver", "c2s", "router", "link", "transport", "client")]
    assert order == sorted(order), places
    times = [arrow["at_us"] for arrow in found["arrows"]]
    assert times == sorted(times)
    assert 0 < found["us"] < 1e6
    assert ElementTree.parse(svg).getroot().tag.endswith("svg")
    assert mermaid.read_text().startswith("sequenceDiagram\n")
    nothing = cli(server, "trace", "nobody@localhost", "--chart", "--seconds", "0.3")
    assert (nothing.returncode, nothing.stderr) == (EXIT_FAILED, "xmppd: no stanza of nobody@localhost within 0.3 s\n")


@pytest.mark.parametrize(("how", "reason"), [("kill", "killed"), ("raise", "OnPurpose"), ("exit", "normal")])
def test_a_crash_shows_the_tree_with_reason_and_intensity(server: Booted, how: str, reason: str) -> None:
    text = cli(server, "crash", "router", how, "--node", "w1").stdout
    assert text.startswith(f"{how}: router <w1.")
    assert " restarts in 10 s]" in text
    (line,) = [line for line in text.splitlines() if "─ router" in line]
    assert "restarts=" in line
    assert f" ago: {reason}" in line


def test_a_flooded_and_a_hanging_process_are_still_there(server: Booted) -> None:
    for how in ("flood", "hang"):
        found = server.cli("crash", "mod_ping@localhost", how, "--node", "w2", "--seconds", "0.1", "--count", "500")
        assert found["tree"]["w2"][0]["children"], how
    assert cli(server, "crash", "router", "kill").returncode == EXIT_USAGE, "it is on both workers"


def test_a_production_node_refuses_to_break_anything(tmp_path: Path) -> None:
    with Booted.start(tmp_path, workers=1) as production:
        with pytest.raises(CommandError, match="production node") as refused:
            production.ask("crash", {"target": "router", "how": "kill"})
        assert refused.value.status == EXIT_PERMISSION


def test_a_worker_whose_loop_stands_still_is_told_of_and_started_again(server: Booted) -> None:
    before = server.worker_pids()
    said = cli(server, "crash", "hooks", "block", "--node", "w2", "--seconds", "60")
    assert (said.returncode, "─ hooks <w2." in said.stdout) == (0, True)
    deadline = time.monotonic() + 20
    while (now := server.worker_pids()).get("w2") in (None, before["w2"]):
        assert time.monotonic() < deadline, server.log()[-3000:]
        time.sleep(0.1)
    assert now["w1"] == before["w1"]
    log = server.log()
    assert "the loop stands still for" in log
    assert "hooks (HookTable)" in log
    assert "crash.py" in log
    assert "('exit_status', 71" in log


def test_the_observer_has_a_tab_of_sessions(server: Booted) -> None:
    client = server.client()
    command = [sys.executable, "-m", "xmppd.cli.main", "observer", "--home", str(server.home)]
    user = client.jid.partition("@")[0]
    assert play(command, (["xmppd observer", "Sessions"], b"7"), ([f"{user}@localhost/"], b"q")) == 0
