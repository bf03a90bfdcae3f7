"""scripted_children — supervisors and workers to try things on: scripted starts, ends that are written down.

A test makes a `Script`; `worker(script, id)` is the spec of a child that enters its life in `script.log`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from otp.erts.pid import Pid
from otp.erts.process import exit_, receive, trap_exit
from otp.erts.signals import Exit
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import ChildSpec, StartCall, SupFlags
from otp.stdlib.gen_server import GenServer, NoReply, Reply, Stop
from otp.stdlib.supervisor import ChildInfo, Supervisor
from tests.support.node import until


class Script:
    """What children do and did. `starts[id]` are the next answers of its init, after that it starts."""

    def __init__(self) -> None:
        self.log: list[tuple[object, ...]] = []
        self.starts: dict[object, list[Any]] = {}

    def of(self, kind: str) -> list[object]:
        """The ids that did `kind` ("start" or "stop"), in order."""
        return [entry[1] for entry in self.log if entry[0] == kind]


class Worker(GenServer[tuple[Script, object]]):
    """Traps exits, writes down its start and its end."""

    def init(self, script: Script, id: object, *extra: object) -> Any:
        answers = script.starts.get(id)
        if answers:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            if answer is not None:
                return answer
        trap_exit()
        script.log.append(("start", id, *extra))
        return script, id

    def handle_call(self, request: Any, from_: Any, state: tuple[Script, object]) -> Any:
        return Reply(state[1], state)

    def handle_cast(self, reason: Any, state: tuple[Script, object]) -> Any:
        return Stop(reason, state)

    def handle_info(self, message: Any, state: tuple[Script, object]) -> Any:
        return NoReply(state)

    def terminate(self, reason: object, state: tuple[Script, object]) -> None:
        state[0].log.append(("stop", state[1], reason))


def worker(script: Script, id: object, **more: Any) -> ChildSpec:
    """The spec of a Worker."""
    return ChildSpec(cast(Any, id), StartCall(gen_server.start_link, (Worker, script, id)), **more)


class Any_(Supervisor):
    """A supervisor of whatever it is given."""

    def init(self, answer: Any) -> Any:
        return answer


async def start(flags: SupFlags, specs: Sequence[ChildSpec], name: str | None = None) -> Pid:
    """A supervisor with these children; the caller traps exits from now on."""
    trap_exit()
    pid = await supervisor.start_link(Any_, (flags, specs), name=name)
    assert pid is not None
    return pid


async def children(sup: Pid) -> dict[Any, Any]:
    """id -> pid, "restarting" or None."""
    return {info.id: info.pid for info in await supervisor.which_children(sup)}


async def pids(sup: Pid) -> list[Pid]:
    """The pids of the running children, in order."""
    infos: list[ChildInfo] = await supervisor.which_children(sup)
    return [info.pid for info in infos if isinstance(info.pid, Pid)]


async def end(sup: Pid, id: Any, reason: object) -> None:
    """Have a child end by itself for `reason` ("kill": by force) and wait until the supervisor has seen it."""
    pid = (await children(sup))[id]
    await end_pid(pid, reason)


async def end_pid(pid: Pid, reason: object) -> None:
    """The same, by pid."""
    if reason == "kill":
        exit_(pid, "kill")
    else:
        gen_server.cast(pid, reason)
    await until(lambda: pid.target is None)


async def exit_reason(pid: Pid) -> object:
    """Wait for the exit signal of a linked process."""
    message = await receive(lambda m: isinstance(m, Exit) and m.pid is pid, 5)
    return message.reason
