"""tree — the picture is right, and taken without a message to anybody.

OTP:  observer_SUITE (basic), as far as the tree goes
"""

import json
from typing import Any

from otp.erts.exits import Crash
from otp.erts.process import exit_, process_info, send, whereis
from otp.observer.tree import as_dict, as_text, reason_text, tree, walk
from otp.stdlib import gen_server, introspect, supervisor
from otp.stdlib.child_spec import Strategy, SupFlags
from otp.stdlib.gen_server import StopInit
from tests.support.node import run, until
from tests.support.scripted_children import Any_, Script, end, pids, start, worker

SIMPLE = SupFlags(Strategy.SIMPLE_ONE_FOR_ONE, 9, 3600)


async def plant(script: Script) -> Any:
    crowd = supervisor.spec(Any_, (SIMPLE, [worker(script, "w")]), id="crowd", name="crowd")
    return await start(SupFlags(intensity=9), [worker(script, "a"), crowd, worker(script, "b")], name="top")


def test_tree_shows_who_runs_under_whom() -> None:
    async def body() -> None:
        top = await plant(Script())
        for n in range(3):
            await supervisor.start_child("crowd", (n,))
        (node,) = tree(limit=2)
        assert (node.id, node.pid, node.type, node.strategy, node.count) == (
            "top",
            top,
            "supervisor",
            "one_for_one",
            2 + 1,
        )
        a, crowd = node.children
        assert (a.id, a.module, a.status, a.restarts) == ("a", "Worker", "running", 0)
        assert (crowd.id, crowd.name, crowd.count, len(crowd.children)) == ("crowd", "crowd", 3, 2)
        assert [one.id for one in walk((node,))] == ["top", "a", "crowd", "", ""]

    run(body)


def test_tree_of_one_supervisor() -> None:
    async def body() -> None:
        top = await plant(Script())
        crowd = whereis("crowd")
        assert [node.id for node in tree(crowd)] == ["crowd"]
        assert tree((await pids(top))[0]) == ()

    run(body)


def test_tree_counts_restarts_and_shows_what_is_down() -> None:
    async def body() -> None:
        script = Script()
        top = await plant(script)
        await end(top, "a", "kill")
        await until(lambda: tree(top)[0].children[0].restarts == 1)
        await supervisor.terminate_child(top, "b")
        assert [node.status for node in tree(top)[0].children] == ["running", "running", "down"]
        script.starts["a"] = [StopInit("no")] * 2
        await end(top, "a", "kill")
        await until(lambda: tree(top)[0].children[0].restarts == 4)

    run(body)


def test_tree_tells_why_a_child_ended_and_how_near_its_supervisor_is_to_giving_up() -> None:
    async def body() -> None:
        top = await plant(Script())
        await end(top, "a", "kill")
        await until(lambda: tree(top)[0].children[0].restarts == 1)
        node = tree(top)[0]
        assert (node.recent, node.intensity, node.period) == (1, 9, 5.0)
        assert node.children[0].last_exit == "killed"
        assert node.children[0].last_exit_ago is not None
        lines = as_text((node,)).splitlines()
        assert lines[0].endswith("restarts 1 of 9 in 5 s")
        assert lines[1].endswith("restarts=1 last exit: killed")

    run(body)


def test_tree_of_a_crowd_tells_of_the_last_that_left_it_and_turns_pages() -> None:
    async def body() -> None:
        await plant(Script())
        crowd = whereis("crowd")
        assert crowd is not None
        for n in range(5):
            await supervisor.start_child("crowd", (n,))
        shown = [child.pid for child in tree(crowd, limit=100)[0].children]
        assert [child.pid for child in tree(crowd, limit=2, first=3)[0].children] == shown[3:]
        exit_(shown[0], "kill")  # type: ignore[arg-type]
        await until(lambda: tree(crowd)[0].last_exit == "killed")

    run(body)


def test_reasons_are_one_short_line() -> None:
    assert reason_text(Crash("ValueError", "no\nsuch row", "…")) == "ValueError: no such row"
    assert reason_text(("shutdown", "why")) == "('shutdown', 'why')"
    assert len(reason_text("x" * 1000)) == 160


def test_tree_shows_mailboxes_without_asking() -> None:
    async def body() -> None:
        top = await plant(Script())
        a = (await pids(top))[0]
        await introspect.get_state(a)
        before = process_info(a)
        for n in range(3):
            send(a, n)
        node = tree(top)[0].children[0]
        assert before is not None
        assert (node.mailbox, node.reductions) == (3, before.reductions), "it has not run in between"

    run(body)


def test_tree_as_text_and_json() -> None:
    async def body() -> None:
        top = await plant(Script())
        for n in range(3):
            await supervisor.start_child("crowd", (n,))
        nodes = tree(limit=3)
        lines = as_text(tree(top, limit=2)).splitlines()
        assert lines[0] == f"top {top} one_for_one"
        assert lines[1].startswith("├─ a <")
        assert lines[2].startswith("├─ crowd <")
        assert lines[2].endswith("simple_one_for_one (3 children)")
        assert lines[-2:] == ["│  └─ … 1 more", "└─ … 1 more"]
        again = json.loads(json.dumps(as_dict(nodes[0])))
        assert [child["id"] for child in again["children"]] == ["a", "crowd", "b"]
        assert again["pid"] == str(top)

    run(body)


def test_tree_is_empty_when_all_has_ended() -> None:
    async def body() -> None:
        await gen_server.stop(await plant(Script()), "shutdown")
        assert tree() == ()
        assert as_text(tree()) == ""

    run(body)
