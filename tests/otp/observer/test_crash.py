"""test_crash — processes are broken on purpose, where that is allowed.

Way:  xmppd.ctl.look.crash
"""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import pytest

from otp.erts import process
from otp.erts.process import process_info
from otp.kernel import application, application_master
from otp.stdlib import supervisor
from otp.stdlib.child_spec import SupFlags
from tests.support.node import run, until
from tests.support.scripted_children import Any_, Script, pids, worker
from tests.support.server import config
from xmppd.commands import EXIT_PERMISSION, CommandError
from xmppd.config.schema import NodeSection
from xmppd.ctl.look import crash, nodes


def beside(body: Any, profile: str = "development") -> Any:
    """Run a body on a node of that profile, beside a supervisor `top` of workers a and b."""
    chosen = dataclasses.replace(config(Path("/nowhere")), node=NodeSection(profile=profile))

    async def main() -> Any:
        application.set_env("xmppd", "config", chosen)
        process.trap_exit()
        script = Script()
        top = await supervisor.start_link(
            Any_, (SupFlags(intensity=9), [worker(script, "a"), worker(script, "b")]), name="top"
        )
        try:
            return await body(top, script)
        finally:
            application.forget_env("xmppd")

    return run(main)


@pytest.mark.parametrize(
    ("how", "reason"), [("kill", "killed"), ("raise", "OnPurpose: an operator"), ("exit", "normal")]
)
def test_it_ends_as_told_and_the_tree_tells_so(how: str, reason: str) -> None:
    async def body(top: Any, script: Script) -> None:
        victim = (await pids(top))[0]
        found = crash.find(str(victim))
        assert found == {"pid": str(victim), "who": "Worker", "supervisor": str(top)}
        assert crash.do(str(victim), how, 1.0, 1) == {"done": how}
        await until(lambda: crash.around(str(top))[0]["recent"] == 1)
        child = crash.around(str(top))[0]["children"][0]
        assert child["last_exit"].startswith(reason)
        assert child["status"] == "running"
        assert crash.do(str(victim), how, 1.0, 1) == {"error": f"{victim} has ended already"}

    beside(body)


def test_terminate_runs_for_who_raises_and_not_for_who_is_killed() -> None:
    async def body(top: Any, script: Script) -> None:
        a, b = await pids(top)
        crash.break_(a, "raise", 0, 0)
        crash.break_(b, "kill", 0, 0)
        await until(lambda: crash.around("top")[0]["recent"] == 2)
        assert script.of("stop") == ["a"]

    beside(body)


def test_who_hangs_lets_its_mailbox_fill_and_comes_back() -> None:
    async def body(top: Any, script: Script) -> None:
        victim = (await pids(top))[0]
        crash.break_(victim, "hang", 0.05, 0)
        await process.sleep(0.01)
        crash.break_(victim, "flood", 0, 40)

        def waiting() -> int:
            info = process_info(victim)
            return info.message_queue_len if info is not None else -1

        await until(lambda: waiting() == 40)
        await until(lambda: waiting() == 0)
        assert (await pids(top))[0] is victim

    beside(body)


def test_who_blocks_holds_up_the_loop() -> None:
    async def body(top: Any, script: Script) -> None:
        crash.break_((await pids(top))[0], "block", 0.1, 0)
        before = time.monotonic()
        await process.sleep(0)
        assert time.monotonic() - before >= 0.1

    beside(body)


def test_a_plain_function_can_only_be_killed_or_flooded() -> None:
    async def body(top: Any, script: Script) -> None:
        pid = process.spawn(process.receive)
        assert "no callbacks" in crash.do(str(pid), "raise", 0, 0)["error"]
        assert crash.do(str(pid), "kill", 0, 0) == {"done": "kill"}
        assert crash.find("nobody") is None
        found = crash.find(str(process.self_()))
        assert found is not None
        assert found["supervisor"] is None
        assert [root["id"] for root in crash.around(None)] == ["top"]

    beside(body)


def test_a_production_node_refuses() -> None:
    async def body(top: Any, script: Script) -> None:
        assert "production" in crash.do(str(top), "kill", 0, 0)["error"]
        assert process.is_alive(top)

    beside(body, "production")


def test_the_parent_finds_the_node_breaks_and_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    class Parent:
        workers = ("w1", "w2")
        config = dataclasses.replace(config(Path("/nowhere")), node=NodeSection(profile="development"))

    here = {"pid": "<w1.1.7>", "who": "router", "supervisor": "<w1.1.2>"}
    finds: dict[str, Any] = {"main": None, "w1": here, "w2": here}

    async def each(fn: str, target: str, only: Any) -> dict[str, Any]:
        return {name: finds[name] for name in only if target == "router"}

    async def one(name: str, fn: str, *args: Any) -> Any:
        return {"do": {"done": "kill"}, "around": ["the tree"]}[fn.rpartition(":")[2]]

    for name, value in (("each", each), ("one", one), ("state", Parent)):
        monkeypatch.setattr(nodes, name, value)
    monkeypatch.setattr(crash, "state", Parent)
    monkeypatch.setattr(crash, "SETTLE", 0.0)

    async def body() -> None:
        with pytest.raises(CommandError, match="router is on w1, w2"):
            await crash.crash("router", "kill", 1.0, 1, None)
        with pytest.raises(CommandError, match="there is no process nobody"):
            await crash.crash("nobody", "kill", 1.0, 1, None)
        with pytest.raises(CommandError, match='did you mean "kill"'):
            await crash.crash("router", "kil", 1.0, 1, None)
        found = await crash.crash("router", "kill", 1.0, 1, "w2")
        assert (found["node"], found["tree"]) == ("w2", {"w2": ["the tree"]})
        with pytest.raises(CommandError) as refused:
            crash.allow("production")
        assert refused.value.status == EXIT_PERMISSION

    run(body)


@pytest.mark.parametrize("how", crash.WAYS)
def test_what_holds_the_node_is_refused_and_lives(how: str) -> None:
    async def body(top: Any, script: Script) -> None:
        assert crash.refusal((await pids(top))[0]) == ""
        master = process.spawn(application_master.run, process.self_(), None)
        for pid, why in ((top, "top supervisor"), (master, "holds an application")):
            error = crash.do(str(pid), how, 0.0, 1)["error"]
            assert error.startswith("refused: ")
            assert why in error
            assert process.is_alive(pid)
        process.exit_(master, "kill")

    beside(body)
