"""programs — random programs of supervision: a tree, and what is done to it step by step.

A program is a nest of tuples and lists that prints as an Erlang term (`erlang()`), for oracle.erl, and is run by
ours.py. Times do not decide anything: periods are an hour, a shutdown takes as long as it needs (but for who is stuck
in its terminate), and a step is over when nothing happens any more.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

STRATEGIES = ["one_for_one", "one_for_all", "rest_for_one"]
RESTARTS = ["permanent", "permanent", "transient", "temporary"]
REASONS: list[Any] = ["normal", "shutdown", ("shutdown", "tired"), "boom", "boom"]


@dataclass
class Program:
    """One program; `nr` is its seed."""

    nr: int
    tree: tuple[Any, ...]
    steps: list[tuple[Any, ...]]


@dataclass
class _Maker:
    rng: random.Random
    workers: list[str] = field(default_factory=list)
    sups: list[tuple[str, str, list[str]]] = field(default_factory=list)  # name, strategy, ids of children
    count: int = 0

    def fresh(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def sup(self, depth: int, name: str) -> tuple[Any, ...]:
        rng = self.rng
        auto = rng.choice(["never", "never", "never", "any_significant", "all_significant"])
        if depth and rng.random() < 0.2:
            return self.simple(name)
        strategy = rng.choice(STRATEGIES)
        ids: list[str] = []
        self.sups.append((name, strategy, ids))
        children = [self.child(depth, ids, auto) for _ in range(rng.randint(1, 4))]
        return ("sup", name, (strategy, rng.randint(0, 4), auto), children)

    def simple(self, name: str) -> tuple[Any, ...]:
        worker = self.fresh("t")
        self.sups.append((name, "simple_one_for_one", []))
        restart, shutdown = self.rng.choice(RESTARTS), patient(self.shutdown())
        template = (worker, restart, shutdown, False, ("worker", (self.flip(), "ok", [])))
        return ("sup", name, ("simple_one_for_one", self.rng.randint(0, 4), "never"), [template])

    def flip(self) -> bool:
        return self.rng.random() < 0.5

    def shutdown(self) -> Any:
        return self.rng.choice(["brutal_kill", 20, 1000, 1000])

    def child(self, depth: int, ids: list[str], auto: str) -> tuple[Any, ...]:
        rng = self.rng
        restart = rng.choice(RESTARTS)
        significant = auto != "never" and restart != "permanent" and self.flip()
        if depth < 2 and rng.random() < 0.3:
            id_ = self.fresh("s")
            ids.append(id_)
            return (id_, restart, "infinity", significant, self.sup(depth + 1, id_))
        id_ = self.fresh("w")
        ids.append(id_)
        self.workers.append(id_)
        trap, shutdown = self.flip(), self.shutdown()
        end = "stuck" if trap and shutdown == 20 and self.flip() else "ok"
        fails = [
            (n, rng.choice(["stop", "exit", "ignore"]))
            for n in range(1, 6)
            if rng.random() < (0.03 if n == 1 else 0.12)
        ]
        time = shutdown if end == "stuck" else patient(shutdown)
        return (id_, restart, time, significant, ("worker", (trap, end, fails)))

    def step(self) -> tuple[Any, ...]:
        rng = self.rng
        name, strategy, ids = rng.choice(self.sups)
        if strategy == "simple_one_for_one":
            if not ids or self.flip():
                ids.append(self.fresh("d"))
                self.workers.append(ids[-1])
                return ("add", name, ids[-1])
            return (
                (rng.choice(["kill"]), rng.choice(ids))
                if self.flip()
                else ("exit", rng.choice(ids), rng.choice(REASONS))
            )
        kind = rng.choice(
            ["exit"] * 5 + ["kill"] * 3 + ["link", "monitor", "signal"] + ["terminate", "restart", "delete"]
        )
        if kind in ("terminate", "restart", "delete"):
            return (kind, name, rng.choice(ids))
        if not self.workers:
            return ("terminate", name, rng.choice(ids))
        who = rng.choice(self.workers)
        if kind == "kill":
            return ("kill", who)
        if kind in ("link", "monitor"):
            # of one supervisor: a link across two has them act side by side, in an order that nobody promises
            siblings = next((ids for _, _, ids in self.sups if who in ids), [who])
            return (kind, who, rng.choice([i for i in siblings if i in self.workers]))
        if kind == "signal":
            return ("signal", rng.choice([s[0] for s in self.sups] + [who]), rng.choice(["shutdown", "boom", "normal"]))
        return ("exit", who, rng.choice(REASONS))


def patient(shutdown: Any) -> Any:
    """A time that a busy machine does not use up: only who is stuck in its terminate is to be killed."""
    return shutdown if shutdown == "brutal_kill" else 10_000


def make(seed: int) -> Program:
    """The program with this seed; always the same one."""
    maker = _Maker(random.Random(seed))
    tree = maker.sup(0, "root")
    return Program(seed, tree, [maker.step() for _ in range(maker.rng.randint(2, 9))])


def erlang(term: Any) -> str:
    """A term in Erlang's syntax: str is an atom, tuple a tuple, list a list."""
    if isinstance(term, bool):
        return "true" if term else "false"
    if isinstance(term, tuple):
        return "{" + ",".join(map(erlang, term)) + "}"
    if isinstance(term, list):
        return "[" + ",".join(map(erlang, term)) + "]"
    return str(term)


def source(programs: list[Program]) -> str:
    """All programs as a file that file:consult/1 reads."""
    return "".join(erlang((p.nr, p.tree, p.steps)) + ".\n" for p in programs)
