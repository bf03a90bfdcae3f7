"""runtime — makes this OS process a node: a loop, a name, a root process.

OTP:      erts' start-up, as far as init needs it
Process:  `init`, the root: the function given to run()
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from otp.erts import blocking, exits, shield, trace
from otp.erts.actor import PROCESSES
from otp.erts.driven import UNWINDING
from otp.erts.exits import KILLED, ProcessExit
from otp.erts.function_process import FunctionProcess
from otp.erts.future import LoopFuture
from otp.erts.links import ALIASES, Carrier, Net, NoCarrier, add_watcher
from otp.erts.pid import HERE, make_ref
from otp.erts.registry import NAMES
from otp.erts.scheduler import THIS
from otp.erts.timer import TIMERS

T = TypeVar("T")
log = logging.getLogger("otp.runtime")


def new_loop(kind: str = "auto") -> asyncio.AbstractEventLoop:
    """An event loop: "uvloop", "asyncio", or "auto" for uvloop where it is installed."""
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
    """Have signals for other nodes go through `carrier`; None: this node is alone."""
    Net.carrier = carrier or NoCarrier()


def run(main: Callable[[], Any], *, node: str = "nonode", creation: int = 1, loop: str = "auto") -> Any:
    """Run `main` (plain or async) as the root process of a fresh node and return its result.

    When it ends all other processes are killed and the loop is closed. Raises what main raised; ProcessExit if the
    root process was ended by a signal.
    """
    HERE.node, HERE.creation = node, creation
    event_loop = new_loop(loop)
    asyncio.set_event_loop(event_loop)
    THIS.attach(event_loop)
    TIMERS.clear()
    outcome: LoopFuture[Any] = LoopFuture()
    try:
        root = FunctionProcess(_root, (main, outcome))
        add_watcher(make_ref(), lambda reason: _ended(outcome, reason), root)
        _run_until(event_loop, outcome)
        return outcome.result()
    finally:
        _tear_down(event_loop)


def _ended(outcome: LoopFuture[Any], reason: object) -> None:
    outcome.reject(ProcessExit(reason))


async def _root(main: Callable[[], Any], outcome: LoopFuture[Any]) -> None:
    try:
        result = main()
        outcome.resolve(await result if hasattr(result, "__await__") else result)
    except BaseException as exc:
        if exits.passes(exc):
            raise
        outcome.reject(exc)


def _run_until(loop: asyncio.AbstractEventLoop, outcome: LoopFuture[Any]) -> None:
    end = loop.create_task(_wait(outcome))
    while not end.done():
        try:
            loop.run_until_complete(end)
        except SystemExit:  # a loop passes it on; what ends a node is its root process, or boot.stop()
            log.exception("a callback of the loop, of no process, said sys.exit(): the node goes on")


async def _wait(outcome: LoopFuture[Any]) -> None:
    # an asyncio task may wait here; the result is read by run() so that a traceback stays whole
    done = asyncio.get_running_loop().create_future()
    outcome.add_done_callback(lambda _o: done.set_result(None))
    await done


def _tear_down(loop: asyncio.AbstractEventLoop) -> None:
    trace.clear()
    loop.run_until_complete(_end_all())
    blocking.stop_pool()
    set_carrier(None)
    NAMES.clear()
    ALIASES.clear()
    TIMERS.clear()
    loop.run_until_complete(shield.finish_all())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    asyncio.set_event_loop(None)


async def _end_all() -> None:
    """Kill all processes, let their code and then the tasks of asyncio clean up."""
    for process in [pid.target for pid in PROCESSES]:
        if process is not None:
            process.terminate_now(KILLED)
    while UNWINDING:  # each ends by itself, or after LAST_WORDS
        await asyncio.sleep(0.001)
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def freeze() -> None:
    """After boot: what is alive now will stay, so the collector need not look at it again; collect less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
