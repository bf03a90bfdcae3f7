"""test_crash — processes are broken on purpose, where that is allowed.

Way:  otp.observer.crash
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from otp.erts import process
from otp.erts.process import process_info
from otp.kernel import application_master
from otp.observer import backend, crash, plugin
from otp.stdlib import supervisor
from otp.stdlib.child_spec import SupFlags
from tests.support.node import run, until
from tests.support.scripted_children import Any_, Script, pids, worker


class Says(plugin.Plugin):
    """Refuses with these words, or nothing."""

    def __init__(self, refusal: str) -> None:
        self.words = refusal

    def refusal(self, pid: Any) -> str:
        return self.words


def beside(body: Any, refusal: str = "") -> Any:
    """Run a body on a node that refuses with these words, beside a supervisor `top` of workers a and b."""

    async def main() -> Any:
        plugin.install(Says(refusal))
        process.trap_exit()
        script = Script()
        top = await supervisor.start_link(
            Any_, (SupFlags(intensity=9), [worker(script, "a"), worker(script, "b")]), name="top"
        )
        return await body(top, script)

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
        await until(lambda: backend.trees(str(top))[0]["recent"] == 1)
        child = backend.trees(str(top))[0]["children"][0]
        assert child["last_exit"].startswith(reason)
        assert child["status"] == "running"
        assert crash.do(str(victim), how, 1.0, 1) == {"error": f"{victim} has ended already"}

    beside(body)


def test_terminate_runs_for_who_raises_and_not_for_who_is_killed() -> None:
    async def body(top: Any, script: Script) -> None:
        a, b = await pids(top)
        crash.break_(a, "raise", 0, 0)
        crash.break_(b, "kill", 0, 0)
        await until(lambda: backend.trees("top")[0]["recent"] == 2)
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
        assert [root["id"] for root in backend.trees()] == ["top"]

    beside(body)


def test_a_program_may_refuse() -> None:
    async def body(top: Any, script: Script) -> None:
        victim = (await pids(top))[0]
        assert crash.do(str(victim), "kill", 0, 0) == {"error": "refused: this is the real shop"}
        assert process.is_alive(victim)

    beside(body, "this is the real shop")


@pytest.mark.parametrize("how", crash.WAYS)
def test_what_holds_the_node_is_refused_and_lives(how: str) -> None:
    async def body(top: Any, script: Script) -> None:
        assert crash.refusal((await pids(top))[0]) == ""
        master = process.spawn(application_master.run, process.self_(), None)
        root = process.self_()
        for pid, why in ((top, "top supervisor"), (master, "holds an application"), (root, "or the node")):
            error = crash.do(str(pid), how, 0.0, 1)["error"]
            assert error.startswith("refused: ")
            assert why in error
            assert process.is_alive(pid)
        process.exit_(master, "kill")

    beside(body)
