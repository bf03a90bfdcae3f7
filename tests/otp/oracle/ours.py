"""ours — runs the programs of programs.py on otp and writes down what oracle.erl writes down."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from otp.erts import process, runtime
from otp.erts.exits import AlreadyStarted, CallError, Crash, ProcessExit, StartError
from otp.erts.future import LoopFuture
from otp.erts.links import watch
from otp.erts.pid import Pid
from otp.erts.signals import Down, Exit
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_admin import ChildError
from otp.stdlib.child_spec import ChildSpec, SupFlags
from otp.stdlib.gen_server import IGNORE, GenServer, NoReply, Stop, StopInit
from tests.otp.oracle.programs import Program, erlang

QUIET = 0.06
BATCH = 250


@dataclass
class Diary:
    """What happened in one program so far."""

    events: list[list[Any]] = field(default_factory=list)
    pids: dict[str, Pid] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def begin(self, id_: str) -> int:
        """A process of this id has begun; its end will be written down too."""
        n = self.counts[id_] = self.counts.get(id_, 0) + 1
        pid = self.pids[id_] = process.self_()
        self.events.append(["start", id_, n])
        watch(pid, lambda reason: self.events.append(["down", id_, show(reason)]))
        return n


def show(reason: object) -> str:
    """A reason as Erlang prints it."""
    if isinstance(reason, Crash):
        return f"crash:{reason.kind}:{reason.text}"
    return erlang(reason)


class Worker(GenServer[tuple[Any, ...]]):
    """oracle.erl's worker."""

    def init(self, diary: Diary, opts: tuple[Any, ...], id_: str) -> Any:
        trap, end, fails = opts
        match dict(fails).get(diary.begin(id_)):
            case "stop":
                return StopInit("nope")
            case "exit":
                raise ProcessExit("nope")
            case "ignore":
                return IGNORE
        process.trap_exit(trap)
        return (diary, id_, end)

    def handle_cast(self, request: tuple[str, Any], state: tuple[Any, ...]) -> Any:
        match request:
            case ("stop", reason):
                return Stop(reason, state)
            case ("link", pid):
                process.link(pid)
            case ("monitor", pid):
                process.monitor(pid)
        return NoReply(state)

    def handle_info(self, message: Any, state: tuple[Any, ...]) -> Any:
        diary, id_, _ = state
        if isinstance(message, Exit):
            diary.events.append(["got_exit", id_, show(message.reason)])
        elif isinstance(message, Down):
            diary.events.append(["got_down", id_, show(message.reason)])
        return NoReply(state)

    async def terminate(self, reason: object, state: tuple[Any, ...]) -> None:
        diary, id_, end = state
        diary.events.append(["terminate", id_, show(reason)])
        if end == "stuck":
            await process.receive(lambda _m: False)


class Sup(supervisor.Supervisor):
    """oracle.erl's supervisor."""

    def init(self, diary: Diary, tree: tuple[Any, ...]) -> Any:
        _, name, (strategy, intensity, auto), children = tree
        diary.begin(name)
        flags = SupFlags(strategy, intensity, 3600, auto)
        return flags, [spec(diary, child, flags.is_simple) for child in children]


def spec(diary: Diary, child: tuple[Any, ...], simple: bool) -> ChildSpec:
    """A child of a program as a ChildSpec; a template gets its id as an argument when it is started."""
    id_, restart, shutdown, significant, what = child
    time = shutdown / 1000 if isinstance(shutdown, int) else shutdown
    if what[0] == "sup":
        start: Any = (supervisor.start_link, (Sup, diary, what))
        return ChildSpec(id_, start, restart, time, "supervisor", significant)
    args = (Worker, diary, what[1]) if simple else (Worker, diary, what[1], id_)
    return ChildSpec(id_, (gen_server.start_link, args), restart, time, "worker", significant)


async def step(diary: Diary, action: tuple[Any, ...]) -> str:
    """Do one step; the result in Erlang's words."""
    kind = action[0]
    aim = diary.pids.get(action[2] if kind in ("link", "monitor") else action[1])
    if aim is None:
        return "none"
    if not process.is_alive(aim):
        return "dead"
    match action:
        case ("exit", _, reason):
            gen_server.cast(aim, ("stop", reason))
        case ("kill", _):
            process.exit_(aim, "kill")
        case ("signal", _, reason):
            process.exit_(aim, reason)
        case (("link" | "monitor") as word, who, _):
            return await step(diary, ("tell", who, (word, aim)))
        case ("tell", _, message):
            gen_server.cast(aim, message)
        case (verb, _, id_):
            return await on_sup(verb, aim, id_)
    return "ok"


async def on_sup(verb: str, sup: Pid, id_: str) -> str:
    """A request to a supervisor."""
    try:
        match verb:
            case "terminate":
                await supervisor.terminate_child(sup, id_)
            case "restart":
                if await supervisor.restart_child(sup, id_) is None:
                    return "ok"
            case "delete":
                await supervisor.delete_child(sup, id_)
            case "add":
                await supervisor.start_child(sup, [id_])
    except ChildError as error:
        return f"{{error,{error.reason}}}"
    except AlreadyStarted:
        return "{error,already_started}"
    except StartError as error:
        return f"{{error,{show(error.reason)}}}"
    except CallError:
        return "{error,down}"
    return "ok"


async def snapshot(diary: Diary, tree: tuple[Any, ...]) -> list[Any]:
    """Who is alive under each supervisor."""
    _, name, (strategy, _, _), children = tree
    found = [[name, await children_of(diary.pids.get(name), strategy)]]
    for child in children:
        if child[4][0] == "sup":
            found += await snapshot(diary, child[4])
    return found


async def children_of(sup: Pid | None, strategy: str) -> Any:
    """[[id, alive | undefined | restarting]] or, for a simple supervisor, how many are alive."""
    if sup is None:
        return "dead"
    try:
        infos = await supervisor.which_children(sup)
    except CallError:
        return "dead"
    if strategy == "simple_one_for_one":
        return sum(isinstance(i.pid, Pid) for i in infos)
    states = [[str(i.id), "alive" if isinstance(i.pid, Pid) else i.pid or "undefined"] for i in infos]
    return sorted(states)


async def settle(diary: Diary) -> None:
    """Wait until nothing happens any more."""
    size, left = len(diary.events), QUIET
    while left > 0:
        await process.sleep(0.01)
        left = left - 0.01 if len(diary.events) == size else QUIET
        size = len(diary.events)


async def run_one(program: Program) -> dict[str, Any]:
    """Run one program and return its diary."""
    process.trap_exit()
    diary = Diary()
    root = None
    try:
        root = await supervisor.start_link(Sup, diary, program.tree)
        diary.events.append(["started", "root", "ok"])
    except StartError as error:
        diary.events.append(["started", "root", f"{{error,{show(error.reason)}}}"])
    await settle(diary)
    snaps, results = [await snapshot(diary, program.tree)], []
    for action in program.steps:
        results.append(await step(diary, action))
        await settle(diary)
        snaps.append(await snapshot(diary, program.tree))
    if root is not None:
        process.unlink(root)
        process.exit_(root, "shutdown")
    await settle(diary)
    return {"nr": program.nr, "events": diary.events, "results": results, "snaps": snaps}


def run_all(programs: list[Program]) -> list[dict[str, Any]]:
    """Run all programs, many at a time on one node."""

    async def one(program: Program, done: LoopFuture[dict[str, Any]]) -> None:
        done.resolve(await run_one(program))

    async def main() -> list[dict[str, Any]]:
        found = []
        for i in range(0, len(programs), BATCH):
            waiting: list[LoopFuture[dict[str, Any]]] = []
            for program in programs[i : i + BATCH]:
                waiting.append(LoopFuture())
                process.spawn(one, program, waiting[-1])
            found += [await w for w in waiting]
        return found

    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        return runtime.run(main, node="ours")  # type: ignore[no-any-return]
    finally:
        logging.disable(before)
