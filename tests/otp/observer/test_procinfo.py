"""test_procinfo — all that may be known of one process, and nothing that may not.

Way:  otp.observer.procinfo
"""

from __future__ import annotations

from typing import Any

from otp.erts import process, runtime
from otp.erts.pid import Pid
from otp.observer import procinfo
from otp.stdlib import gen_server


class Keeper(gen_server.GenServer[Any]):
    def init(self) -> Any:
        process.put("api_key", "s3cret")
        process.put("place", "here")
        return {"password": "s3cret", "rows": 3}

    async def handle_cast(self, request: Any, state: Any) -> Any:
        await process.sleep(30.0)
        return gen_server.NoReply(state)


class Careful(Keeper):
    def format_status(self, state: Any) -> Any:
        return {"rows": state["rows"]}


def told(body: Any) -> Any:
    return runtime.run(body)


def test_all_that_observer_shows_of_a_process_is_there_and_its_secrets_are_not() -> None:
    async def main() -> Any:
        pid = await gen_server.start_link(Keeper, name="keeper")
        assert pid is not None
        return str(pid), str(process.self_()), await procinfo.of(pid)

    pid, me, found = told(main)
    assert found["pid"] == pid
    assert found["registered name"] == "keeper"
    assert found["behaviour"] == "gen_server"
    assert found["initial call"].endswith("Keeper")
    assert found["current function"] == "waits for its next message"
    assert found["status"] == "waiting"
    assert found["mailbox"] == 0
    assert found["memory (bytes)"] > 0
    assert found["reductions"] >= 0
    assert found["ancestors"] == [me]
    assert found["links"] == [me]
    assert found["state"] == "{'password': ***, 'rows': 3}"
    assert found["dictionary"] == ["'api_key': ***", "'place': 'here'"]
    assert "s3cret" not in str(found)


def test_the_module_says_what_of_its_state_may_be_seen() -> None:
    async def main() -> Any:
        pid = await gen_server.start_link(Careful)
        assert pid is not None
        return await procinfo.of(pid)

    assert told(main)["state"] == "{'rows': 3}"


def test_of_one_that_is_busy_the_rest_is_told_and_its_mailbox_keeps_no_question(monkeypatch: Any) -> None:
    monkeypatch.setattr(procinfo, "PATIENCE", 0.05)

    async def main() -> Any:
        pid = await gen_server.start_link(Keeper)
        assert pid is not None
        gen_server.cast(pid, "work")
        gen_server.cast(pid, {"password": "s3cret"})
        await process.sleep(0.01)
        return await procinfo.of(pid)

    found = told(main)
    assert "did not tell" in found["state"]
    assert "sleep" in str(found["stack"])
    assert found["mailbox"] == 1
    assert "s3cret" not in str(found["messages"])


def test_a_plain_function_is_not_asked() -> None:
    async def main() -> Any:
        pid = process.spawn(process.receive)
        await process.sleep(0.0)
        found = await procinfo.of(pid)
        info = process.process_info(pid)
        assert info is not None
        return found, info.message_queue_len

    found, waiting = told(main)
    assert found["behaviour"] == ""
    assert "none to tell" in found["state"]
    assert waiting == 0, "a question would have been a message to it"


def test_pids_bear_names_and_a_crowd_is_counted() -> None:
    async def main() -> Any:
        me = process.self_()
        pids = [process.spawn_link(process.receive) for _ in range(25)]
        found = await procinfo.of(me, lambda pid: f"n{pid.serial}")
        return found["links"], sorted(pids)

    links, pids = told(main)
    assert links[0] == f"{pids[0]} n{pids[0].serial}"
    assert links[-1] == "… 5 more"


def test_of_one_that_has_ended_there_is_nothing() -> None:
    async def main() -> Any:
        return await procinfo.of(Pid("nonode", 1, 10**9))

    assert told(main) is None
