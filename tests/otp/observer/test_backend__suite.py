"""What an observer shows of a node, and that it disturbs nobody, by the case of observer_SUITE."""

from __future__ import annotations

import json
from typing import Any

from otp.erts import process, trace
from otp.erts.process import process_info, receive, send, spawn
from otp.erts.process_info import ITEMS
from otp.erts.trace import Trace
from otp.observer import pictures, top, tree
from otp.stdlib import ets, gen_server, introspect, supervisor
from otp.stdlib.child_spec import ChildSpec, SupFlags
from otp.stdlib.gen_server import GenServer, NoReply
from otp.stdlib.supervisor import Supervisor
from tests.support.node import run, until


class Worker(GenServer[dict[str, int]]):
    def init(self, name: str) -> dict[str, int]:
        ets.new(f"{name}_table")[name] = 1
        return {name: 1}

    async def handle_info(self, message: Any, state: dict[str, int]) -> Any:
        if message == "hang":
            await receive(lambda _m: False)
        return NoReply(state)


class Sup(Supervisor):
    def init(self) -> Any:
        names = ("one", "two", "three")
        specs = [ChildSpec(n, (gen_server.start_link, (Worker, n), {"name": n})) for n in names]
        return SupFlags(), specs


def test_observer__basic() -> None:
    """Each tab of a node with a hanging, a suspended and a dead process: system, load, applications, processes,
    tables, trace. Nothing of it asks the observed: the hanging one is as well shown as the others."""

    async def body() -> None:
        sup = await supervisor.start_link(Sup, name="sup")
        assert sup is not None
        dead = spawn(lambda: None)
        send("two", "hang")
        await introspect.suspend("three")
        for n in range(5):
            send("two", n)
            send("three", n)
        await process.sleep(0.002)
        before, handled = top.counts(), {pid: pid.target.reductions for pid in process.processes()}

        nodes = list(tree.walk(tree.tree()))  # applications
        assert [n.name for n in nodes] == ["sup", "one", "two", "three"]
        assert {n.status for n in nodes} == {"running"}
        assert nodes[2].mailbox == 5
        as_json = json.loads(json.dumps([tree.as_dict(n) for n in tree.tree()]))
        assert as_json[0]["children"][1]["name"] == "two"
        assert "three" in pictures.mermaid({"test": as_json})

        rows = top.rows(before, 1.0, by="mailbox", limit=3)  # load, processes
        assert rows[0].name == "two"
        assert all(row.memory > 0 for row in rows)
        for pid in process.processes():
            items = process_info(pid, list(ITEMS))
            assert items["message_queue_len"] == len(items["messages"])
        assert process_info(dead) is None
        module, function, _line = process_info(process.whereis("two"), "current_function")  # type: ignore[arg-type]
        assert (module, function) == ("otp.erts.process", "receive")

        assert sorted(ets.all_tables()) == ["one_table", "three_table", "two_table"]  # tables
        assert dict(ets.lookup_table("one_table").items()) == {"one": 1}
        assert {pid: pid.target.reductions for pid in process.processes()} == handled

        told: list[Trace] = []  # trace
        trace.trace(process.whereis("one"), {"receive"}, tracer=told.append)  # type: ignore[arg-type]
        send("one", "traced")
        assert [t.what for t in told] == ["traced"]
        assert await introspect.get_state("one") == {"one": 1}  # what is asked for by hand, is asked
        process.exit_(process.whereis("two"), "kill")  # type: ignore[arg-type]
        await until(lambda: process.whereis("two") is not None)
        again = {n.name: n for n in tree.walk(tree.tree())}
        assert again["two"].restarts == 1
        assert again["two"].mailbox == 0
        await introspect.resume("three")

    run(body)
