"""events — random gen_event programs: how one is made, how it is written for Erlang, how it runs on ours.

What must be equal: every callback with its arguments, in order; the result of every request; what who supervises a
handler hears; who is there at the end.
"""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from typing import Any

from otp.erts import process, runtime
from otp.erts.exits import ProcessExit
from otp.stdlib import gen_event, introspect
from otp.stdlib.gen_event import EventHandler, GenEventExit, HandlerError, Ok, Refuse, Remove, Reply, Swap

HERE = Path(__file__).parent
Program = list[tuple[Any, ...]]
CRASH = ("EXIT", "boom")
VERBS = ("add", "add", "sup", "sup", "del", "notify", "notify", "call", "swap", "swapsup")


def make(seed: int) -> Program:
    """The program of a seed; always the same."""
    chance = random.Random(seed)

    def how() -> str:
        return chance.choice(["ok", "ok", "ok", "refuse", "crash"])

    def what() -> Any:
        word = chance.choice(["ok", "ok", "remove", "crash", "bad", "swap"])
        return ("swap", chance.randint(1, 4), how()) if word == "swap" else word

    def step() -> tuple[Any, ...]:
        verb, n = chance.choice(VERBS), chance.randint(1, 4)
        if verb in ("add", "sup"):
            return verb, n, how()
        if verb == "notify":
            return verb, (chance.choice(["all", n, n]), what())
        if verb == "call":
            return verb, n, what()
        return (verb, n) if verb == "del" else (verb, n, chance.randint(1, 4), how())

    return [step() for _ in range(chance.randint(3, 12))]


def term(value: Any) -> str:
    """A value as an Erlang term."""
    if isinstance(value, tuple):
        return f"{{{','.join(map(term, value))}}}"
    return f"[{','.join(map(term, value))}]" if isinstance(value, list) else str(value)


def run_erlang(programs: list[Program], folder: Path) -> list[str]:
    """The diaries of all programs on a real node; `folder` takes the compiled module and the files."""
    subprocess.run(["erlc", "-o", str(folder), str(HERE / "event.erl")], check=True, capture_output=True)
    (folder / "events.term").write_text("".join(f"{term(program)}.\n" for program in programs))
    node = ["erl", "-noshell", "+S", "1", "-pa", str(folder)]
    command = [*node, "-run", "event", "main", "events.term", "events.out"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=600)
    return (folder / "events.out").read_text().splitlines()


# -- on ours

_diary: list[Any] = []


class Handler(EventHandler[int]):
    """Does what an event says; its state is its number."""

    def init(self, n: int, how: str, *left: Any) -> Any:
        _diary.append(("init", n, how, *left))
        if how == "crash":
            raise ProcessExit("boom")
        return Refuse("full") if how == "refuse" else n

    def handle_event(self, event: Any, n: int) -> Any:
        whom, what = event
        mine = whom in (n, "all")
        _diary.append(("event", n, _word(what) if mine else "other"))
        return _act(what, n, {}) if mine else Ok(n)

    def handle_call(self, what: Any, n: int) -> Any:
        _diary.append(("call", n, _word(what)))
        answer = _act(what, n, {"reply": "bye" if what == "remove" else "swapped"})
        return Reply(("reply", n), n) if isinstance(answer, Ok) else answer

    def terminate(self, why: Any, n: int) -> Any:
        if isinstance(why, tuple):
            why = "crashed" if why == ("error", CRASH) else "answered_badly"
        _diary.append(("term", n, why))
        return "done", n


def _word(what: Any) -> str:
    return "swap" if isinstance(what, tuple) else str(what)


def _act(what: Any, n: int, reply: dict[str, Any]) -> Any:
    match what:
        case "ok":
            return Ok(n)
        case "remove":
            return Remove(**reply)
        case "crash":
            raise ProcessExit("boom")
        case ("swap", m, how):
            return Swap("why", n, (Handler, m), (m, how), **reply)
    return what


async def _step(pid: Any, step: tuple[Any, ...]) -> Any:
    match step:
        case ("add", n, how):
            return await gen_event.add_handler(pid, (Handler, n), n, how)
        case ("sup", n, how):
            return await gen_event.add_sup_handler(pid, (Handler, n), n, how)
        case ("del", n):
            return await gen_event.delete_handler(pid, (Handler, n), "del")
        case ("notify", event):
            return await gen_event.sync_notify(pid, event)
        case ("call", n, what):
            return await gen_event.call(pid, (Handler, n), what)
        case (verb, n, m, how):
            swap = gen_event.swap_handler if verb == "swap" else gen_event.swap_sup_handler
            return await swap(pid, ((Handler, n), "why"), ((Handler, m), m, how))
    raise AssertionError(step)


async def _result(pid: Any, step: tuple[Any, ...]) -> Any:
    try:
        result = await _step(pid, step)
    except HandlerError as refused:
        if refused.reason == CRASH:
            return "crashed"
        return "answered_badly" if isinstance(refused.reason, tuple) else ("error", refused.reason)
    return "ok" if result is None else result


async def _heard() -> None:
    for message in await process.flush():
        assert isinstance(message, GenEventExit)
        reason: Any = message.reason
        if isinstance(reason, tuple):
            others = "crashed" if reason == CRASH else "answered_badly"
            reason = ("swapped", reason[1][1]) if reason[0] == "swapped" else others
        _diary.append(("exit", message.handler[1], reason))  # type: ignore[index]


async def _run(program: Program) -> str:
    _diary.clear()
    pid = await gen_event.start()
    for step in program:
        _diary.append(("result", await _result(pid, step)))
        await introspect.get_state(pid)
        await _heard()
    _diary.append(("result", [handler[1] for handler in await gen_event.which_handlers(pid)]))  # type: ignore[index]
    await gen_event.stop(pid)
    await _heard()
    return term(_diary)


def run_ours(programs: list[Program]) -> list[str]:
    """The diaries of all programs on otp."""

    async def body() -> list[str]:
        return [await _run(program) for program in programs]

    diaries: list[str] = runtime.run(body)
    return diaries
