"""runtime — makes this OS process a node: a loop, a name, a root process.

OTP:      erts' start-up, as far as init needs it
Process:  `init`, the root: the function given to run(), or a stand-in for the program that called attach()
Way:      a program that is all processes: run(main). One that has a loop already (a web server, a bot): attach()
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from otp.erts import blocking, exits, interrupt, shield, trace
from otp.erts.actor import PROCESSES
from otp.erts.clock import CLOCK
from otp.erts.driven import UNWINDING
from otp.erts.exits import KILL, KILLED, SHUTDOWN, ProcessExit, ReceiveTimeout
from otp.erts.function_process import FunctionProcess
from otp.erts.future import LoopFuture
from otp.erts.links import ALIASES, Carrier, Net, NoCarrier, add_watcher
from otp.erts.pid import HERE, Pid, make_ref
from otp.erts.process import exit_, monitor, receive, running, send, trap_exit
from otp.erts.registry import NAMES
from otp.erts.scheduler import THIS
from otp.erts.suggest import meant
from otp.erts.timer import TIMERS

T = TypeVar("T")
log = logging.getLogger("otp.runtime")
#: seconds that each child of the root has for its end when the program is interrupted or lets go of the node
GRACE = 5.0


def new_loop(kind: str = "auto") -> asyncio.AbstractEventLoop:
    """An event loop: "uvloop", "asyncio", or "auto" for uvloop where it is installed.

    Raises: ValueError for another word; ImportError if uvloop is asked for and not installed.
    """
    if kind not in (kinds := ("auto", "uvloop", "asyncio")):
        raise ValueError(f"no such loop: {kind!r}; {meant(kind, kinds)}")
    if kind != "asyncio":
        try:
            import uvloop
        except ImportError:
            if kind == "uvloop":
                raise
        else:
            return uvloop.new_event_loop()
    return asyncio.new_event_loop()


def set_carrier(carrier: Carrier | None) -> None:
    """Send signals for other nodes through `carrier`; None: this node is alone."""
    Net.carrier = carrier or NoCarrier()


def run(main: Callable[[], Any], *, node: str = "nonode", creation: int = 1, loop: str = "auto") -> Any:
    """Run `main` (plain or async) as the root process of a fresh node and return its result.

    When it ends all other processes are killed and the loop is closed. Raises what main raised; ProcessExit if the
    root process was ended by an exit signal. SIGINT (Ctrl-C) and SIGTERM end it in order: what main awaits is
    cancelled, then what it is linked with is told to shut down, the last started first; then it raises Interrupted,
    which a program lets through to end with status 130 or 143. A second signal ends it at once. SystemExit or
    KeyboardInterrupt outside of any process, or from a signal handler that the program had before, ends it in the same
    order and is what run() raises.
    """
    event_loop = new_loop(loop)
    asyncio.set_event_loop(event_loop)
    _begin(event_loop, node, creation)
    outcome: LoopFuture[Any] = LoopFuture()
    leaving = interrupt.Leaving()
    root = FunctionProcess(_root, (main, outcome, leaving))
    add_watcher(make_ref(), lambda reason: _ended(outcome, reason), root)
    try:
        with interrupt.caught(event_loop, root, leaving):
            _run_until(event_loop, outcome, root, leaving)
        if leaving.why is not None:
            raise leaving.why
        return outcome.result()
    finally:
        _tear_down(event_loop)


@asynccontextmanager
async def attach(*, node: str = "nonode", creation: int = 1) -> AsyncIterator[Pid]:
    """Make the asyncio program that runs here a node for as long as the block lasts: `async with runtime.attach():`.

    Its tasks may start behaviours, call, cast and send; they are no processes, so they have no self_() and no mailbox.
    What they start_link() is linked to a process that stands for the program, whose pid is given: it traps exits, so
    that a child's end does not end the program. When the block is left those children are told to shut down, the last
    started first, and everything else is killed; the loop and its signals stay the program's.
    Raises: RuntimeError if this OS process is a node already.
    """
    if THIS.host is not None or PROCESSES:
        raise RuntimeError("this OS process is a node already")
    _begin(asyncio.get_running_loop(), node, creation)
    host = THIS.host = FunctionProcess(_host, ())
    host.trapping = True
    try:
        yield host.pid
    finally:
        send(host.pid, _Leave)
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        add_watcher(make_ref(), lambda _reason: ended.set_result(None), host)
        try:
            await ended
        finally:
            THIS.host = None
            trace.clear()
            await _end_all()
            _forget_all()


class _Leave:
    """The program that is attached to lets go of the node."""


async def _host() -> None:
    await receive(lambda message: message is _Leave)
    await _end_children()


async def _end_children() -> None:
    """Tell those the running process is linked with to shut down, the last started first; kill who does not."""
    trap_exit()
    for child in sorted(running().links or (), reverse=True):
        ref = monitor(child)
        exit_(child, SHUTDOWN)
        try:
            await receive(lambda message, ref=ref: getattr(message, "ref", None) is ref, GRACE)  # type: ignore[misc]
        except ReceiveTimeout:
            exit_(child, KILL)


def _begin(loop: asyncio.AbstractEventLoop, node: str, creation: int) -> None:
    HERE.node, HERE.creation = node, creation
    THIS.attach(loop)
    TIMERS.clear()
    CLOCK.reset()


def _ended(outcome: LoopFuture[Any], reason: object) -> None:
    outcome.reject(ProcessExit(reason))


async def _root(main: Callable[[], Any], outcome: LoopFuture[Any], leaving: interrupt.Leaving) -> None:
    try:
        result = main()
        outcome.resolve(await result if hasattr(result, "__await__") else result)
    except asyncio.CancelledError as exc:
        signal = interrupt.signal_of(exc)
        if signal is None:
            raise
        leaving.main_ended = True
        await _end_children()
        outcome.reject(interrupt.Interrupted(128 + signal))
    except BaseException as exc:
        if exits.passes(exc):
            raise
        leaving.main_ended = True
        if leaving.why is not None:
            await _end_children()
        outcome.reject(exc)


def _run_until(
    loop: asyncio.AbstractEventLoop, outcome: LoopFuture[Any], root: FunctionProcess, leaving: interrupt.Leaving
) -> None:
    end = loop.create_task(_wait(outcome))
    while not end.done():
        try:
            loop.run_until_complete(end)
        except (SystemExit, KeyboardInterrupt) as exc:  # a loop passes it on: a callback's, or a signal handler's
            if leaving.why not in (None, exc):
                raise
            leaving.why = exc
            interrupt.cancel(root, leaving, 0)


async def _wait(outcome: LoopFuture[Any]) -> None:
    # an asyncio task may wait here; the result is read by run() so that a traceback stays whole
    done = asyncio.get_running_loop().create_future()
    outcome.add_done_callback(lambda _o: done.set_result(None))
    await done


def _tear_down(loop: asyncio.AbstractEventLoop) -> None:
    trace.clear()
    loop.run_until_complete(_end_all())
    loop.run_until_complete(_cancel_tasks())
    _forget_all()
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    asyncio.set_event_loop(None)


def _forget_all() -> None:
    blocking.stop_pool()
    set_carrier(None)
    NAMES.clear()
    ALIASES.clear()
    TIMERS.clear()
    CLOCK.reset()


async def _end_all() -> None:
    """Kill all processes and let their code clean up."""
    for process in [pid.target for pid in PROCESSES]:
        if process is not None:
            process.terminate_now(KILLED)
    while UNWINDING:  # each ends by itself, or after LAST_WORDS
        await asyncio.sleep(0.001)
    await shield.finish_all()


async def _cancel_tasks() -> None:
    """The loop ends: so do its tasks."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def freeze() -> None:
    """After boot: what is alive now will stay, so the collector need not look at it again; collect less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
