"""servers — random gen_server programs: how one is made.

A program is a nest of tuples, lists, words and numbers that prints as an Erlang term (programs.erlang), for server.erl,
and is run by our_servers.py. It says what one server does at each message, and what is done to it step by step.

What decides is made certain: a step is over when the server has nothing left to do, a time-out that it waits for
included. So a time-out is 0, SHORT (it is waited for, however long it takes) or LONG (it never comes); what comes in
one burst is in the mailbox before the server runs again.

    (nr, options, inits, table, endings, steps)
    options   (link, name, trap, is_async): how it is started; is_async: ours has callbacks that wait
    inits     what init answers, start by start; then ("ok", "none")
    table     {id: (effects, answer)}: what the message with this id does, and what the callback returns
    endings   (timeouts, exits, downs, terminate, code_change): likewise, for what comes without an id: one by one
    steps     burst, call, stop, peer, poll, start, no_debug: what is done to it
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any, Literal

Spec = tuple[list[Any], Any]
Kind = Literal["cast", "call", "info", "continue", "timeout"]
REASONS: list[Any] = ["normal", "shutdown", ("shutdown", "tired"), "boom", "boom"]
ACTIONS = ["none"] * 9 + ["continue"] * 4 + ["zero", "short", "short", "long", "hibernate"]
#: what happens at a message of which nothing is said
NOTHING: Spec = ([], ("noreply", "none"))
#: what a server can ask of another server, which answers, dies, stops, or never answers
ASKS = ["answer", "die", "silent", "stop", "itself"]
ENDS = [("ok",)] * 5 + [("exit", "worse"), ("error",), ("throw",)]
#: how often an answer is thrown; what a callback continues with must not be taken for that callback
THROWN: dict[Kind, float] = {"continue": 0.3}
#: how a program's server is bound to another process: of a link and a monitor nobody promises which is heard first
TIES = [["link", "link", "unlink"], ["monitor", "monitor", "demonitor"]]
SYSTEM = ["get_state", "replace_state", "bad_replace", "get_status", "code_change", "install", "remove"]


@dataclass(frozen=True)
class Program:
    """One program; `nr` is its seed."""

    nr: int
    options: tuple[bool, bool, bool, bool]
    inits: list[Any]
    table: dict[int, Spec]
    endings: tuple[list[Spec], list[Spec], list[Spec], Spec, str]
    steps: list[Any]

    def term(self) -> Any:
        """The program as one term."""
        return (self.nr, self.options, self.inits, list(self.table.items()), self.endings, self.steps)


@dataclass
class _Maker:
    rng: random.Random
    is_async: bool
    ties: list[str]
    table: dict[int, Spec] = field(default_factory=dict)
    slots: int = 0

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def slot(self) -> int:
        """The number under which an answer is written down."""
        self.slots += 1
        return self.slots

    def message(self, kind: Kind, depth: int = 0) -> int:
        """The id of a message, and what happens at it."""
        id_ = len(self.table) + 1
        self.table[id_] = ([], "nothing")  # taken
        self.table[id_] = self.spec(kind, depth)
        return id_

    def spec(self, kind: Kind, depth: int = 0) -> Spec:
        if self.chance(0.15):  # alone: nobody promises when the answer of one that is dead arrives
            return [(self.rng.choice(self.ties),)], ("noreply", self.rng.choice(["none", "none", "long", "hibernate"]))
        effects = [self.effect(kind, depth + 1) for _ in range(self.rng.choice([0, 0, 0, 1, 1, 2]))]
        answer = self.answer(kind, depth + 1)
        thrown = answer[0] != "exit" and self.chance(THROWN.get(kind, 0.08))
        return effects, (("throw", answer) if thrown else answer)

    def effect(self, kind: Kind, depth: int) -> Any:
        rng = self.rng
        pool = ["note", "answer", "trap", "unlink_parent"]
        if kind == "call":
            pool += ["keep", "twice"]
        if depth < 3:
            pool += ["send", "send", "cast"]
        if self.is_async:
            pool += ["ask", "ask"]
        if self.chance(0.12):
            pool = ["exit_self"]
        match rng.choice(pool):
            case "trap":
                return ("trap", self.chance(0.5))
            case "send":
                return ("send", self.message("info", depth))
            case "cast":
                return ("cast", self.message("cast", depth))
            case "ask":
                return ("ask", rng.choice(ASKS), self.chance(0.7))
            case "exit_self":
                return ("exit_self", rng.choice(["kill", "kill", *REASONS]))
            case word:
                return (word,)

    def answer(self, kind: Kind, depth: int) -> Any:
        rng = self.rng
        if self.chance(0.65 if kind == "continue" else 0.8):
            word = "reply" if kind == "call" and self.chance(0.7) else "noreply"
            return (word, self.action(depth))
        reason = rng.choice(REASONS)
        return rng.choice(
            [("stop", reason), ("stop_reply", reason), ("exit", reason), ("error",), ("bad",), ("reply", "none")]
        )

    def action(self, depth: int) -> Any:
        action = self.rng.choice(ACTIONS)
        if action == "continue":
            return ("continue", self.message("continue", depth)) if depth < 4 else "none"
        return action

    def init(self) -> Any:
        if self.chance(0.85):
            return ("ok", self.action(1))
        reason = self.rng.choice(REASONS)
        answer = self.rng.choice([("stop", reason), ("ignore",), ("exit", reason), ("error",), ("hang",)])
        return ("throw", answer) if answer[0] in ("stop", "ignore") and self.chance(0.2) else answer

    # -- what is done to it

    def steps(self) -> list[Any]:
        return [step for _ in range(self.rng.randint(2, 7)) for step in self.step()]

    def step(self) -> list[Any]:
        rng = self.rng
        match rng.choice(["burst"] * 6 + ["asleep", "call", "call", "peer", "peer", "stop", "poll", "start", "debug"]):
            case "burst":
                return [self.burst(rng.randint(1, 4))]
            case "asleep":  # suspended for a while: what comes meanwhile waits
                first = [self.some(), *([("sys", "suspend", self.slot())])]
                between = [self.burst(rng.randint(1, 3))] if self.chance(0.7) else []
                return [("burst", first), *between, ("burst", [("sys", "resume", self.slot())])]
            case "call":
                return [("call", self.patient(), rng.choice(["short", "late"]), self.slot())]
            case "peer":
                return [("peer", rng.choice(["exit", *self.ties[::2]]), rng.choice(REASONS))]
            case "stop":
                return [("stop", rng.choice([*REASONS, "normal"]))]
            case "poll":
                id_ = self.message("cast", 4)
                self.table[id_] = ([], ("noreply", "short"))
                return [("poll", id_, rng.randint(1, 3))]
            case "debug":
                return [("no_debug",)]
        return [("start",)]

    def burst(self, size: int) -> Any:
        return ("burst", [self.some() for _ in range(size)])

    def some(self) -> Any:
        rng = self.rng
        word = rng.choice(["cast"] * 4 + ["call"] * 4 + ["info"] * 3 + ["sys"] * 4 + ["exit"])
        if word == "exit":
            return ("exit", rng.choice(["kill", *REASONS]))
        if word == "sys":
            return ("sys", rng.choice([*SYSTEM, "suspend", "resume"]), self.slot())
        return (word, self.message(word), self.slot()) if word == "call" else (word, self.message(word))

    def patient(self) -> int:
        """A call that is never answered in time."""
        id_ = self.message("call", 4)
        self.table[id_] = ([("keep",)], ("noreply", self.rng.choice(["none", "none", "long", "hibernate"])))
        return id_


def make(seed: int) -> Program:
    """The program with this seed; always the same one."""
    rng = random.Random(seed)
    options = (rng.random() < 0.7, rng.random() < 0.4, rng.random() < 0.5, rng.random() < 0.5)
    maker = _Maker(rng, options[3], rng.choice(TIES))
    inits = [maker.init() for _ in range(3)]
    endings = (
        [maker.spec("timeout", 2) for _ in range(rng.randint(0, 3))],
        [maker.spec("info", 2) for _ in range(rng.randint(0, 2))],
        [maker.spec("info", 2) for _ in range(rng.randint(0, 2))],
        ([maker.effect("info", 4)] if rng.random() < 0.3 else [], rng.choice(ENDS)),
        rng.choice(["ok", "ok", "ok", "error", "crash"]),
    )
    steps = maker.steps()
    return Program(seed, options, inits, maker.table, endings, steps)
