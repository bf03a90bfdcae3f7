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
from tests.otp.oracle.our_server import SHORT, Callee, Counter, Court, PlainServer, Server, asked, patience, show
from tests.otp.oracle.servers import Program

#: seconds at the end, in which nothing may come any more
QUIET = 0.03
#: seconds after which a time-out that does not come is lost
LOST = 5.0
#: seconds after which a program has come to no end
HUNG = 30.0
BATCH = 250


async def start(court: Court) -> None:
    """Start the server, as the program says."""
    answer = court.inits.pop(0) if court.inits else ("ok", "none")
    court.armed = court.suspended = False
    options: Any = {"name": court.name}
    if answer == ("hang",):
        options["timeout"] = SHORT
    begin = gen_server.start_link if court.link else gen_server.start
    try:
        pid = await begin(Server if court.is_async else PlainServer, court, answer, **options)
    except AlreadyStarted:
        court.note("starts", "already_started")
    except Ignored:
        court.note("starts", "ignore")
    except StartError as error:
        court.note("starts", ("error", show(error.reason)))
    else:
        court.note("starts", "ok")
        court.server, court.is_up = pid, True


async def settle(court: Court) -> None:
    """Wait until the server has handled all, and the time-out that it waits for has come."""
    before = -1
    while court.is_up:
        try:
            await introspect.get_state(court.server, None)
        except CallError:
            court.is_up = False
            court.note("ends", show(court.end))
            return
        if court.size != before:
            before = court.size
        elif court.armed and not court.suspended:
            await time_out(court)
            before = -1
        else:
            if court.armed:
                await process.sleep(SHORT * 2)
            return


async def time_out(court: Court) -> None:
    """Wait for the time-out."""
    end = time.monotonic() + LOST
    while court.armed and process.is_alive(court.server):
        if time.monotonic() > end:
            court.armed = False
            court.note("server", "time_out_lost")
        await process.sleep(0.001)


async def step(action: Any, court: Court) -> None:
    """Do one step."""
    server = court.server
    match action:
        case ("burst", messages):
            for message in messages:
                send(message, court)
        case ("call", id_, how, slot):
            request = id_ if how == "short" else ("late", id_)
            await helped(court, ("answer", slot), lambda: gen_server.call(server, request, patience(server)))
        case ("stop", reason):
            await helped(court, "results", lambda: gen_server.stop(server, reason))
        case ("no_debug",):
            await helped(court, "results", lambda: introspect.no_debug(server))
        case ("peer", what, reason):
            await tell_peer(court, what, reason)
        case ("poll", id_, count):
            gen_server.cast(server, id_)
            await process.sleep(0)
            for _ in range(count):
                process.spawn(introspect.get_state, server, None)
                process.spawn(time.sleep, SHORT * 1.5)
                await process.sleep(0)
        case ("start",) if not court.is_up:
            await start(court)
        case ("start",) if court.name is not None:
            await start_again(court)


async def start_again(court: Court) -> None:
    """A name is taken: init does not run."""
    try:
        await gen_server.start(Callee, name=court.name)
    except AlreadyStarted:
        court.note("starts", "already_started")


async def tell_peer(court: Court, what: str, reason: Any = None) -> None:
    """Have the other process do something, and wait until it is done."""
    done: LoopFuture[Any] = LoopFuture()
    ref = watch(court.peer, done.resolve)
    process.send(court.peer, (what, reason, done))
    await done
    remove_watcher(ref, court.peer)


async def helped(court: Court, channel: Any, question: Callable[[], Awaitable[Any]]) -> None:
    """Ask from a process of its own, and wait for it."""
    done: LoopFuture[None] = LoopFuture()
    process.spawn(helper, court, channel, question, done)
    await done


async def helper(court: Court, channel: Any, question: Any, done: LoopFuture[None] | None) -> None:
    """A process that asks, and writes down the answer; none comes a second time."""
    result = await asked(question, whole=done is not None and channel != "results")
    if await process.flush():
        result = (result, "and_a_stray_message")
    court.note(channel, result)
    if done is not None:
        done.resolve(None)


def send(message: Any, court: Court) -> None:
    """Send a message of a burst: each from a process of its own, and these run in their order."""
    server = court.server
    match message:
        case ("cast", id_):
            process.spawn(gen_server.cast, server, id_)
        case ("info", id_):
            process.spawn(process.send, server, ("info", id_))
        case ("exit", reason):
            process.spawn(lambda: signal_exit(court.parent, server, reason, linked=False))
        case ("call", id_, slot):
            process.spawn(helper, court, ("answer", slot), lambda: gen_server.call(server, id_, None), None)
        case ("sys", op, slot):
            if process.is_alive(server) and op in ("suspend", "resume"):
                court.suspended = op == "suspend"
            process.spawn(helper, court, ("answer", slot), lambda: system(op, court, server), None)


async def system(op: str, court: Court, server: Pid) -> Any:
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
                await introspect.change_code(server, Server() if court.is_async else PlainServer(), "old", "extra")
            case "install":
                await introspect.install(server, Counter(court))
            case "remove":
                await introspect.remove(server, Counter(court))
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
    court = Court(program)
    court.callee = await gen_server.start(Callee)
    await start(court)
    await settle(court)
    for action in program.steps:
        await step(action, court)
        await settle(court)
    await process.sleep(QUIET)
    await settle(court)
    if court.is_up:
        await step(("stop", "normal"), court)
        await settle(court)
    await process.sleep(0.001)
    if court.name is not None:
        court.note("alive", process.whereis(court.name) is not None)
    for message in await process.flush():
        court.note("heard" if isinstance(message, Exit) else "strays", show(getattr(message, "reason", "what")))
    await tell_peer(court, "sync")
    for pid in (court.peer, court.callee):
        process.exit_(pid, "kill")
    return court.notes


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
