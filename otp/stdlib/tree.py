"""tree — the live supervision tree: who runs under whom, restarts, mailbox lengths.

OTP:      what observer's application tab shows; appmon
Way:      supervisors enter their families in children.FAMILIES → [tree] reads; nobody is asked (DESIGN 14)

    xmppd_sup <main.1.7> one_for_one restarts=1
    ├─ router <main.1.9> Router
    ├─ sm <main.1.31> Sm restarts=1 mailbox=3
    └─ c2s_sup <main.1.12> simple_one_for_one (20000 children)
       ├─ <main.1.40> C2s
       └─ … 19999 more
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from otp.erts.pid import Pid, is_local
from otp.erts.process import process_info
from otp.stdlib.children import FAMILIES, Child, Family

Status = Literal["running", "restarting", "down", "remote"]


@dataclass(frozen=True, slots=True)
class Node:
    """One process of the tree. `restarts`: how often its supervisor has restarted it; `count`: children in all, of
    which `children` may show only the first.
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
    children: tuple["Node", ...] = field(default=())


def tree(root: Pid | None = None, limit: int = 100) -> tuple[Node, ...]:
    """The trees of this node, or the one under `root`; of each family no more than `limit` children are shown."""
    if root is not None:
        return (_supervisor(root, "", 0, limit),) if root in FAMILIES else ()
    below = {child.pid for family in FAMILIES.values() if family.template is None for child in family.children.values()}
    return tuple(_supervisor(pid, "", 0, limit) for pid in list(FAMILIES) if not _has_parent(pid, below))


def _has_parent(pid: Pid, below: set[Pid | None]) -> bool:
    return pid in below or any(pid in f.children for f in FAMILIES.values() if f.template is not None)


def _supervisor(pid: Pid, id_: str, restarts: int, limit: int) -> Node:
    family = FAMILIES[pid]
    shown = tuple(_child(key, child, family, limit) for key, child in islice(family.children.items(), limit))
    return _node(
        *(id_ or family.name, pid, "supervisor", restarts),
        module=family.module.__qualname__,
        strategy=family.flags.strategy.value,
        count=len(family.children),
        children=shown,
    )


def _child(key: object, child: Child, family: Family, limit: int) -> Node:
    id_ = "" if family.template is not None else str(key)
    if child.pid in FAMILIES and child.pid is not None:
        return _supervisor(child.pid, id_, child.restarts, limit)
    return _node(id_, child.pid, child.spec.type, child.restarts, restarting=child.restarting)


def _node(
    id_: str, pid: Pid | None, type_: str, restarts: int, *, module: str = "", restarting: bool = False, **more: Any
) -> Node:
    info = process_info(pid) if pid is not None else None
    status: Status = "restarting" if restarting else "down"
    if info is not None:
        status = "running"
    elif pid is not None and not is_local(pid):
        status = "remote"
    return Node(
        id=id_,
        pid=pid,
        name=info.registered_name if info else None,
        type=type_,
        module=module or (info.label if info else ""),
        status=status,
        restarts=restarts,
        mailbox=info.message_queue_len if info else 0,
        reductions=info.reductions if info else 0,
        **more,
    )


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """All nodes, each before its children."""
    for node in nodes:
        yield node
        yield from walk(node.children)


def as_dict(node: Node) -> dict[str, Any]:
    """The node as JSON takes it."""
    plain = {name: getattr(node, name) for name in Node.__dataclass_fields__ if name not in ("pid", "children")}
    return {**plain, "pid": str(node.pid) if node.pid else None, "children": [as_dict(c) for c in node.children]}


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
    words = [node.id, str(node.pid) if node.pid else "", node.strategy or node.module]
    if node.status != "running":
        words.append(node.status)
    if node.restarts:
        words.append(f"restarts={node.restarts}")
    if node.mailbox:
        words.append(f"mailbox={node.mailbox}")
    if node.strategy == "simple_one_for_one":
        words.append(f"({node.count} children)")
    return " ".join(filter(None, words))
