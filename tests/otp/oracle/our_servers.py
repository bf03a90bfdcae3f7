"""our_servers — runs the programs of servers.py on otp and writes down what server.erl writes down."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from otp.erts import process, runtime
from otp.erts.exits import AlreadyStarted, CallError, Ignored, StartError
from otp.erts.future import LoopFuture
from otp.erts.links import remove_watcher, signal_exit, watch
from otp.erts.pid import Pid
from otp.erts.signals import Exit
from otp.erts.timer import TIMERS
from otp.stdlib import gen_server, introspect
from tests.otp.oracle.our_server import SHORT, Callee, Counter, PlainServer, Server, Trial, asked, patience, show
from tests.otp.oracle.servers import Program

#: seconds at the end, in which nothing may come any more
QUIET = 0.03
#: seconds after which a time-out that does not come is lost
LOST = 5.0
#: seconds after which a program has come to no end
HUNG = 30.0
BATCH = 250


async def start(trial: Trial) -> None:
    """Start the server, as the program says."""
    answer = trial.inits.pop(0) if trial.inits else ("ok", "none")
    trial.armed = trial.suspended = False
    options: Any = {"name": trial.name}
    if answer == ("hang",):
        options["timeout"] = SHORT
    begin = gen_server.start_link if trial.link else gen_server.start
    try:
        pid = await begin(Server if trial.is_async else PlainServer, trial, answer, **options)
    except AlreadyStarted:
        trial.note("starts", "already_started")
    except Ignored:
        trial.note("starts", "ignore")
    except StartError as error:
        trial.note("starts", ("error", show(error.reason)))
    else:
        trial.note("starts", "ok")
        trial.server, trial.is_up = pid, True


async def settle(trial: Trial) -> None:
    """Wait until the server has handled all, and the time-out that it waits for has come."""
    before = -1
    while trial.is_up:
        try:
            await introspect.get_state(trial.server, None)
        except CallError:
            trial.is_up = False
            trial.note("ends", show(trial.end))
            return
        if trial.size != before:
            before = trial.size
        elif trial.armed and not trial.suspended:
            await time_out(trial)
            before = -1
        else:
            if trial.armed:
                await process.sleep(SHORT * 2)
            return


async def time_out(trial: Trial) -> None:
    """Wait for the time-out."""
    end = time.monotonic() + LOST
    while trial.armed and process.is_alive(trial.server):
        if time.monotonic() > end:
            trial.armed = False
            trial.note("server", "time_out_lost")
        await process.sleep(0.001)


async def step(action: Any, trial: Trial) -> None:
    """Do one step."""
    server = trial.server
    match action:
        case ("burst", messages):
            for message in messages:
                send(message, trial)
        case ("call", id_, how, slot):
            request = id_ if how == "short" else ("late", id_)
            await helped(trial, ("answer", slot), lambda: gen_server.call(server, request, patience(server)))
        case ("stop", reason):
            await helped(trial, "results", lambda: gen_server.stop(server, reason))
        case ("no_debug",):
            await helped(trial, "results", lambda: introspect.no_debug(server))
        case ("peer", what, reason):
            await tell_peer(trial, what, reason)
        case ("poll", id_, count):
            gen_server.cast(server, id_)
            await process.sleep(0)
            for _ in range(count):
                process.spawn(introspect.get_state, server, None)
                process.spawn(time.sleep, SHORT * 1.5)
                await process.sleep(0)
        case ("start",) if not trial.is_up:
            await start(trial)
        case ("start",) if trial.name is not None:
            await start_again(trial)


async def start_again(trial: Trial) -> None:
    """A name is taken: init does not run."""
    try:
        await gen_server.start(Callee, name=trial.name)
    except AlreadyStarted:
        trial.note("starts", "already_started")


async def tell_peer(trial: Trial, what: str, reason: Any = None) -> None:
    """Have the other process do something, and wait until it is done."""
    done: LoopFuture[Any] = LoopFuture()
    ref = watch(trial.peer, done.resolve)
    process.send(trial.peer, (what, reason, done))
    await done
    remove_watcher(ref, trial.peer)


async def helped(trial: Trial, channel: Any, question: Callable[[], Awaitable[Any]]) -> None:
    """Ask from a process of its own, and wait for it."""
    done: LoopFuture[None] = LoopFuture()
    process.spawn(helper, trial, channel, question, done)
    await done


async def helper(trial: Trial, channel: Any, question: Any, done: LoopFuture[None] | None) -> None:
    """A process that asks, and writes down the answer; none comes a second time."""
    result = await asked(question, whole=done is not None and channel != "results")
    if await process.flush():
        result = (result, "and_a_stray_message")
    trial.note(channel, result)
    if done is not None:
        done.resolve(None)


def send(message: Any, trial: Trial) -> None:
    """Send a message of a burst: each from a process of its own, and these run in their order."""
    server = trial.server
    match message:
        case ("cast", id_):
            process.spawn(gen_server.cast, server, id_)
        case ("info", id_):
            process.spawn(process.send, server, ("info", id_))
        case ("exit", reason):
            process.spawn(lambda: signal_exit(trial.parent, server, reason, linked=False))
        case ("call", id_, slot):
            process.spawn(helper, trial, ("answer", slot), lambda: gen_server.call(server, id_, None), None)
        case ("sys", op, slot):
            if process.is_alive(server) and op in ("suspend", "resume"):
                trial.suspended = op == "suspend"
            process.spawn(helper, trial, ("answer", slot), lambda: system(op, trial, server), None)


async def system(op: str, trial: Trial, server: Pid) -> Any:
    """A system request; its answer in the words of the program."""
    try:
        match op:
            case "get_state":
                return (await introspect.get_state(server, None))[0]
            case "replace_state":
                return (await introspect.replace_state(server, lambda s: (s[0] + 1000, *s[1:]), None))[0]
            case "bad_replace":
                await introspect.replace_state(server, lambda s: s["oops"], None)
            case "get_status":
                return "suspended" if (await introspect.get_status(server, None))["suspended"] else "running"
            case "code_change":
                await introspect.change_code(server, Server() if trial.is_async else PlainServer(), "old", "extra")
            case "install":
                await introspect.install(server, Counter(trial))
            case "remove":
                await introspect.remove(server, Counter(trial))
            case "suspend":
                await introspect.suspend(server, None)
            case "resume":
                await introspect.resume(server, None)
    except RuntimeError:
        return "error"
    return "ok"


# -- all of it


async def run_one(program: Program) -> dict[str, list[str]]:
    """Run one program and return what was noted, by channel."""
    process.trap_exit()
    trial = Trial(program)
    trial.callee = await gen_server.start(Callee)
    await start(trial)
    await settle(trial)
    for action in program.steps:
        await step(action, trial)
        await settle(trial)
    await process.sleep(QUIET)
    await settle(trial)
    if trial.is_up:
        await step(("stop", "normal"), trial)
        await settle(trial)
    await process.sleep(0.001)
    if trial.name is not None:
        trial.note("alive", process.whereis(trial.name) is not None)
    for message in await process.flush():
        trial.note("heard" if isinstance(message, Exit) else "strays", show(getattr(message, "reason", "what")))
    await tell_peer(trial, "sync")
    for pid in (trial.peer, trial.callee):
        process.exit_(pid, "kill")
    return trial.notes


def run_all(programs: list[Program]) -> list[dict[str, list[str]]]:
    """Run all programs, many at a time on one node."""

    async def one(program: Program, done: LoopFuture[dict[str, list[str]]]) -> None:
        done.resolve(await run_one(program))

    async def main() -> list[dict[str, list[str]]]:
        found = []
        for i in range(0, len(programs), BATCH):
            waiting: list[LoopFuture[dict[str, list[str]]]] = []
            for program in programs[i : i + BATCH]:
                waiting.append(LoopFuture())
                process.spawn(one, program, waiting[-1])
                TIMERS.after(HUNG, waiting[-1].resolve, {"hung": ["it"]})
            found += [await w for w in waiting]
        return found

    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        return runtime.run(main, node="ours")  # type: ignore[no-any-return]
    finally:
        logging.disable(before)
