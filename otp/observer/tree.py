"""tree — the live supervision tree: who runs under whom, restarts, mailbox lengths.

OTP:      what observer's application tab shows; appmon
Way:      supervisors enter their families in children.FAMILIES → [tree] reads them; no process is asked

    xmppd_sup <main.1.7> one_for_one restarts 1 of 10 in 10 s
    ├─ router <main.1.9> Router
    ├─ sm <main.1.31> Sm restarts=1 mailbox=3 last exit: ValueError: no such row
    └─ c2s_sup <main.1.12> simple_one_for_one (20000 children)
       ├─ <main.1.40> C2s
       └─ … 19999 more
"""

import time  # real time: what came when, for the person who looks
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, Literal

from otp.erts.clock import CLOCK
from otp.erts.exits import Crash
from otp.erts.pid import Pid, is_local
from otp.erts.process import process_info
from otp.stdlib.children import FAMILIES, Child, Ending, Family

Status = Literal["running", "restarting", "down", "remote"]


#: characters of an exit reason that are shown
REASON: Final = 160
#: of a family that a programmer has listed, not one whose children come and go, so many are shown whatever the limit
LISTED: Final = 100
#: what is asked of each process; a whole picture of a supervisor would sort the links of all its children
_SEEN: Final = ("registered_name", "label", "message_queue_len", "reductions")


@dataclass(frozen=True, slots=True)
class Node:
    """One process of the tree. `restarts`: how often its supervisor has restarted it; `count`: children in all, of
    which `children` may show only some. `last_exit`: why it ended last, or for a supervisor whose children come and go,
    why the last of them did; `last_exit_ago` in seconds. `recent`, `intensity`, `period`: of a supervisor.
    """

    id: str
    pid: Pid | None
    name: str | None
    type: str
    module: str
    status: Status
    restarts: int
    mailbox: int
    reductions: int
    strategy: str | None = None
    count: int = 0
    last_exit: str | None = None
    last_exit_ago: float | None = None
    recent: int = 0
    intensity: int = 0
    period: float = 0.0
    children: tuple["Node", ...] = field(default=())


def tree(root: Pid | None = None, limit: int = 100, first: int = 0) -> tuple[Node, ...]:
    """The trees of this node, or the one under `root`; of each family no more than `limit` children are shown, or
    LISTED if they do not come and go.

    Of `root` those from the `first` on: so one turns the pages of a supervisor of thousands.
    """
    if root is not None:
        return (_supervisor(root, None, limit, first),) if root in FAMILIES else ()
    below = {child.pid for family in FAMILIES.values() if family.template is None for child in family.children.values()}
    return tuple(_supervisor(pid, None, limit) for pid in list(FAMILIES) if not _has_parent(pid, below))


def _has_parent(pid: Pid, below: set[Pid | None]) -> bool:
    return pid in below or any(pid in f.children for f in FAMILIES.values() if f.template is not None)


def _supervisor(pid: Pid, entry: tuple[str, Child] | None, limit: int, first: int = 0) -> Node:
    family = FAMILIES[pid]
    id_, child = entry or (family.name, None)
    most = max(limit, LISTED) if family.template is None and entry is not None else limit
    window = islice(family.children.items(), first, first + most)
    shown = tuple(_child(key, one, family, limit) for key, one in window)
    last = child.last if child is not None else None
    return _node(
        *(id_ or family.name, pid, "supervisor", child),
        module=family.module.__qualname__,
        strategy=family.flags.strategy.value,
        count=len(family.children),
        recent=family.recent_restarts(CLOCK.monotonic()),
        intensity=family.flags.intensity,
        period=family.flags.period,
        last=last or (family.last if family.template is not None else None),
        children=shown,
    )


def _child(key: object, child: Child, family: Family, limit: int) -> Node:
    id_ = "" if family.template is not None else str(key)
    if child.pid in FAMILIES and child.pid is not None:
        return _supervisor(child.pid, (id_, child), limit)
    return _node(id_, child.pid, child.spec.type, child, last=child.last)


def _node(
    id_: str, pid: Pid | None, type_: str, child: Child | None, *, last: Ending | None, module: str = "", **more: Any
) -> Node:
    info = process_info(pid, _SEEN) if pid is not None and pid.target is not None else None
    status: Status = "restarting" if child is not None and child.restarting else "down"
    if info is not None:
        status = "running"
    elif pid is not None and not is_local(pid):
        status = "remote"
    return Node(
        id=id_,
        pid=pid,
        name=info["registered_name"] if info else None,
        type=type_,
        module=module or (info["label"] if info else ""),
        status=status,
        restarts=child.restarts if child is not None else 0,
        mailbox=info["message_queue_len"] if info else 0,
        reductions=info["reductions"] if info else 0,
        last_exit=reason_text(last.reason) if last is not None else None,
        last_exit_ago=round(time.time() - last.at, 3) if last is not None else None,
        **more,
    )


def reason_text(reason: object) -> str:
    """An exit reason in one short line."""
    text = f"{reason.kind}: {reason.text}" if isinstance(reason, Crash) else str(reason)
    return " ".join(text.split())[:REASON]


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """All nodes, each before its children."""
    for node in nodes:
        yield node
        yield from walk(node.children)


def as_dict(node: Node) -> dict[str, Any]:
    """The node as JSON takes it."""
    return {**_plain(node), "children": [as_dict(child) for child in node.children]}


def _plain(node: Node) -> dict[str, Any]:
    plain = {name: getattr(node, name) for name in Node.__dataclass_fields__ if name not in ("pid", "children")}
    return {**plain, "pid": str(node.pid) if node.pid else None}


def as_text(nodes: tuple[Node, ...]) -> str:
    """The tree as lines."""
    return "\n".join(line for node in nodes for line in _lines(node, "", ""))


def _lines(node: Node, first: str, rest: str) -> Iterator[str]:
    yield first + _line(node)
    hidden = node.count - len(node.children)
    for n, child in enumerate(node.children, 1):
        last = n == len(node.children) and not hidden
        yield from _lines(child, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "))
    if hidden:
        yield f"{rest}└─ … {hidden} more"


def _line(node: Node) -> str:
    return words(_plain(node))


def words(node: Mapping[str, Any]) -> str:
    """One node, as as_dict() gives it, in a line: who, what, and what is not as usual."""
    said = [node["id"] or node["name"] or node["module"], node["pid"] or "", node["strategy"] or node["module"]]
    said += [node["status"]] if node["status"] != "running" else []
    said += [f"restarts={node['restarts']}"] if node["restarts"] else []
    said += [f"mailbox={node['mailbox']}"] if node["mailbox"] else []
    if node["recent"]:
        said.append(f"restarts {node['recent']} of {node['intensity']} in {node['period']:g} s")
    if node["strategy"] == "simple_one_for_one":
        said.append(f"({node['count']} children)")
    if node["last_exit"] not in (None, "normal", "shutdown"):
        said.append(f"last exit: {node['last_exit']}")
    return " ".join(dict.fromkeys(filter(None, said)))
