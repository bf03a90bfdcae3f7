"""machines — random gen_statem programs: how one is made, how it is written for Erlang, how it runs on ours.

What must be equal: the order of inserted, postponed and queued events, of time-outs of zero, and of state enter calls.
"""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from otp.erts import runtime
from otp.stdlib import gen_statem, introspect
from otp.stdlib.gen_statem import (
    HANDLE_EVENT_FUNCTION,
    STATE_ENTER,
    GenStatem,
    Keep,
    Named,
    Next,
    NextEvent,
    Postpone,
    Repeat,
    UpdateTimeout,
)
from otp.stdlib.transitions import SetTimeout

HERE = Path(__file__).parent
#: a kind of action and its argument: the id of the event that it brings, if it brings one
Action = tuple[str, str, int]
#: kinds of action, and the time-outs in Erlang's and in our words
KINDS = ("postpone", "next", "next", "set", "set", "set", "cancel", "update")
TIMEOUTS: dict[str, Any] = {"timeout": "timeout", "state_timeout": "state_timeout", "n": Named("n")}
Diary = list[list[str]]


class Program(NamedTuple):
    """`table`: what the answer to an event is, when it is first seen: "keep", "repeat" or a state, and actions."""

    enter: bool
    table: dict[int, tuple[str, list[Action]]]
    casts: list[int]


def make(seed: int) -> Program:
    """The program of a seed; always the same."""
    chance = random.Random(seed)
    table: dict[int, tuple[str, list[Action]]] = {}
    fresh = iter(range(100, 100_000))

    def action(depth: int) -> Action:
        kind, id_ = chance.choice(KINDS), next(fresh)
        what = chance.choice(["internal", "cast", "info"] if kind == "next" else list(TIMEOUTS))
        if kind in ("next", "set", "update") and depth < 2:
            answer(id_, depth + 1)
        return kind, what, id_

    def answer(id_: int, depth: int) -> None:
        result = chance.choice(["keep", "keep", "repeat", "a", "b", "c"])
        table[id_] = result, [action(depth) for _ in range(chance.choice([0, 1, 1, 2, 3]))]

    casts = list(range(1, chance.randint(3, 9)))
    for id_ in casts:
        answer(id_, 0)
    return Program(chance.random() < 0.5, table, casts)


# -- on Erlang


def _erlang_action(action: Action) -> str:
    kind, what, id_ = action
    timer = "{timeout,n}" if what == "n" else what
    words = {
        "postpone": "postpone",
        "next": f"{{next_event,{what},{id_}}}",
        "set": f"{{{timer},0,{id_}}}",
        "cancel": f"{{{timer},cancel}}",
        "update": f"{{{timer},update,{id_}}}",
    }
    return words[kind]


def erlang(program: Program) -> str:
    """The program as an Erlang term."""
    rows = (
        f"{id_}=>{{{result},[{','.join(map(_erlang_action, actions))}]}}"
        for id_, (result, actions) in program.table.items()
    )
    return f"{{{str(program.enter).lower()},#{{{','.join(rows)}}},{json.dumps(program.casts)}}}.\n"


def run_erlang(programs: list[Program], folder: Path) -> list[Diary]:
    """Run all programs on a real node; `folder` takes the compiled module and the files."""
    subprocess.run(["erlc", "-o", str(folder), str(HERE / "machine.erl")], check=True, capture_output=True)
    (folder / "machines.term").write_text("".join(map(erlang, programs)))
    node = ["erl", "-noshell", "+S", "1", "-pa", str(folder)]
    command = [*node, "-run", "machine", "main", "machines.term", "machines.json"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=600)
    return [json.loads(line) for line in (folder / "machines.json").read_text().splitlines()]


# -- on ours


def _action(action: Action) -> Any:
    kind, what, id_ = action
    if kind == "postpone":
        return Postpone()
    if kind == "next":
        return NextEvent(what, id_)  # type: ignore[arg-type]
    if kind == "update":
        return UpdateTimeout(TIMEOUTS[what], id_)
    return SetTimeout(TIMEOUTS[what], 0 if kind == "set" else None, id_)


class Machine(GenStatem[tuple[str, ...]]):
    """Its data are the program and what it saw."""

    def init(self, program: Program) -> Any:
        return "a", (program, [])

    def handle_event(self, type_: Any, event: Any, state: Any, data: Any) -> Any:
        program, diary = data
        known = any(seen == str(event) for _, seen, _ in diary)
        diary.append([type_.name if isinstance(type_, Named) else type_, str(event), state])
        if type_ == "enter" or known or event not in program.table:
            return Keep()
        result, actions = program.table[event]
        todo = [_action(action) for action in actions]
        if result == "keep":
            return Keep(actions=todo)
        return Repeat(actions=todo) if result == "repeat" else Next(result, actions=todo)

    def callback_mode(self) -> Any:
        return HANDLE_EVENT_FUNCTION


class Entering(Machine):
    """With state enter calls."""

    def callback_mode(self) -> Any:
        return HANDLE_EVENT_FUNCTION, STATE_ENTER


async def _run(program: Program) -> Diary:
    pid: Any = await gen_statem.start(Entering if program.enter else Machine, program)
    await introspect.suspend(pid)
    for id_ in program.casts:
        gen_statem.cast(pid, id_)
    await introspect.resume(pid)
    _state, (_program, diary) = await introspect.get_state(pid)
    return list(diary)


def run_ours(programs: list[Program]) -> list[Diary]:
    """Run all programs on otp."""

    async def body() -> list[Diary]:
        return [await _run(program) for program in programs]

    diaries: list[Diary] = runtime.run(body)
    return diaries
