"""supervision trees against a model — random trees, random crashes; every start and stop, in its order.

The model is a page of plain recursion over nested lists: it knows neither restart.py nor processes. The real tree
must write the very same diary, and introspection must find the very same survivors.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otp.erts.pid import Pid
from otp.observer.tree import tree, walk
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import ChildSpec, Restart, Strategy, SupFlags
from tests.support.node import run, until
from tests.support.scripted_children import Any_, Script, end_pid, exit_reason, start, worker

KINDS = st.sampled_from(["permanent", "permanent", "transient", "temporary"])
REASONS = ["boom", "kill", "normal", "shutdown"]


@dataclass
class Leaf:
    kind: str
    id: str = ""
    parent: Branch | None = None
    up: bool = False


@dataclass
class Branch:
    kind: str
    strategy: str
    intensity: int
    born: list[Any]
    id: str = ""
    parent: Branch | None = None
    up: bool = False
    count: int = 0
    kids: list[Any] = field(default_factory=list)


leaves = st.builds(Leaf, KINDS)


def branches(kids: Any) -> Any:
    strategies = st.sampled_from(["one_for_one", "one_for_all", "rest_for_one"])
    return st.builds(Branch, KINDS, strategies, st.integers(0, 5), st.lists(kids, min_size=2, max_size=4))


TREES = branches(leaves | branches(leaves | branches(leaves)))


class Model:
    """What should happen, in order."""

    def __init__(self, root: Branch) -> None:
        self.root, self.diary = root, list[tuple[str, str]]()
        self.name(root, "r")
        self.start(root)

    def name(self, node: Any, id_: str) -> None:
        node.id = id_
        for n, kid in enumerate(getattr(node, "born", ())):
            kid.parent = node
            self.name(kid, f"{id_}{n}")

    def start(self, node: Any) -> None:
        node.up = True
        if isinstance(node, Leaf):
            self.diary.append(("start", node.id))
            return
        node.count, node.kids = 0, list(node.born)
        for kid in node.kids:
            self.start(kid)

    def stop(self, node: Any) -> None:
        if not node.up:
            return
        for kid in reversed(getattr(node, "kids", [])):
            self.stop(kid)
        node.up = False
        if isinstance(node, Leaf):
            self.diary.append(("stop", node.id))

    def crash(self, leaf: Leaf, reason: str) -> None:
        leaf.up = False
        if reason != "kill":
            self.diary.append(("stop", leaf.id))
        self.ended(leaf, reason)

    def ended(self, node: Any, reason: str) -> None:
        """A child of some branch has ended by itself."""
        boss: Branch | None = node.parent
        if boss is None:
            return
        if node.kind == "temporary":
            boss.kids.remove(node)
        elif node.kind == "permanent" or reason not in ("normal", "shutdown"):
            boss.count += 1
            if boss.count > boss.intensity:
                self.stop(boss)
                self.ended(boss, "shutdown")
            else:
                self.restart(boss, node)

    def restart(self, boss: Branch, node: Any) -> None:
        at = boss.kids.index(node)
        group = {"one_for_one": [node], "one_for_all": boss.kids[:], "rest_for_one": boss.kids[at:]}[boss.strategy]
        for kid in reversed(group):
            self.stop(kid)
            if kid.kind == "temporary" and kid is not node:
                boss.kids.remove(kid)
        for kid in group:
            if kid.kind != "temporary":
                self.start(kid)

    def live(self, node: Any = None) -> Iterator[Leaf]:
        node = node or self.root
        if isinstance(node, Leaf):
            yield from (node,) if node.up else ()
            return
        for kid in node.kids if node.up else ():
            yield from self.live(kid)


def spec(node: Any, script: Script) -> ChildSpec:
    if isinstance(node, Leaf):
        return worker(script, node.id, restart=Restart(node.kind))
    return supervisor.spec(Any_, answer(node, script), id=node.id, restart=Restart(node.kind))


def answer(branch: Branch, script: Script) -> tuple[SupFlags, list[ChildSpec]]:
    flags = SupFlags(Strategy(branch.strategy), branch.intensity, 3600)
    return flags, [spec(kid, script) for kid in branch.born]


def survivors(root: Pid) -> dict[str, Pid]:
    return {node.id: node.pid for node in walk(tree(root)) if node.type == "worker" and node.pid is not None}


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    names = ("otp.supervisor", "otp.proc_lib", "otp.process")
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    yield
    for name in names:
        logging.getLogger(name).setLevel(logging.NOTSET)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TREES, st.lists(st.tuples(st.integers(0, 30), st.sampled_from(REASONS)), min_size=1, max_size=10))
def test_any_tree_and_any_crashes(root: Branch, crashes: list[tuple[int, str]]) -> None:
    model = Model(root)
    script = Script()

    def diary() -> list[tuple[object, ...]]:
        return [entry[:2] for entry in script.log]

    async def body() -> None:
        top = await start(*answer(root, script))
        for which, reason in crashes:
            live = list(model.live())
            if not live:
                break
            leaf = live[which % len(live)]
            victim = survivors(top)[leaf.id]
            model.crash(leaf, reason)
            await end_pid(victim, reason)
            if not root.up:
                assert await exit_reason(top) == "shutdown"
                break
            await until(lambda: len(script.log) >= len(model.diary))
            assert diary() == model.diary
            await until(lambda: survivors(top).keys() == {leaf.id for leaf in model.live()})
        if root.up:
            model.stop(root)
            await gen_server.stop(top, "shutdown")
        assert diary() == model.diary

    run(body)
