"""applications — the observer's tab Applications: the supervision trees of all nodes, alive, opened as one likes.

OTP:      observer_app_wx
Way:      ui.app → [applications] → source
Process:  none; Textual's

What is shown stays open while it changes underneath. Enter shows all of a process; the space bar opens and closes a
supervisor. Of one with thousands of children the first are shown; the last line, «… more», fetches the next on Enter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static, Tree
from textual.widgets.tree import TreeNode

from otp.observer.source import Source
from otp.observer.tree import words
from otp.observer.ui.pane import ON_A_PROCESS, Pane, plain

_RED: Final = "bold red"
_AMBER: Final = "yellow"
Branch = TreeNode[dict[str, Any]]


class ApplicationsPane(Pane):
    """A tree, and what is known of the process under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [*ON_A_PROCESS]

    def __init__(self) -> None:
        super().__init__()
        #: supervisor (pid) -> how many more of its children were asked for
        self.more: dict[str, int] = {}

    def compose(self) -> ComposeResult:
        """The tree and the details."""
        tree: Tree[dict[str, Any]] = Tree("nodes", id="tree")
        tree.show_root = tree.auto_expand = False
        yield tree
        yield Static(id="details")

    def fetch(self, source: Source) -> Any:
        """See Pane."""
        trees = {node: list(roots) for node, roots in source.tree().items()}
        for pid, count in list(self.more.items()):
            _extend(trees, pid, source, count)
        return trees

    def show(self, data: Mapping[str, Any]) -> None:
        """See Pane."""
        tree: Tree[dict[str, Any]] = self.query_one("#tree", Tree)
        tops = [
            {"id": node, "pid": node, "top": True, "children": roots, "count": len(roots)}
            for node, roots in data.items()
        ]
        _sync(tree.root, tops, opened=3)
        self.details()

    def details(self) -> None:
        """Tell all that is known of the process under the cursor."""
        node = self.query_one("#tree", Tree).cursor_node
        told = {k: v for k, v in (node.data or {}).items() if k not in ("children", "top")} if node else {}
        self.query_one("#details", Static).update(
            plain("   ".join(f"{k}: {v}" for k, v in told.items() if v not in (None, "")))
        )

    def on_tree_node_highlighted(self) -> None:
        """The cursor has moved."""
        self.details()

    def enter(self) -> bool:
        """Enter on what is no process: «… more» fetches, a node opens and closes. Whether that was so."""
        node = self.query_one("#tree", Tree).cursor_node
        data = (node.data or {}) if node is not None else {}
        if node is None or not data.get("top"):
            return False
        above = data.get("more_of")
        if above is not None:
            self.more[above] = self.more.get(above, 0) + 50
        else:
            node.toggle()
        return True

    @property
    def chosen(self) -> str | None:
        """The pid under the cursor."""
        node = self.query_one("#tree", Tree).cursor_node
        data = (node.data or {}) if node is not None else {}
        return None if data.get("top") else data.get("pid")

    @property
    def named(self) -> str:
        """What it is called."""
        node = self.query_one("#tree", Tree).cursor_node
        data = (node.data or {}) if node is not None else {}
        return str(data.get("id") or data.get("name") or data.get("module") or "")


def _extend(trees: Mapping[str, list[dict[str, Any]]], pid: str, source: Source, count: int) -> None:
    """Put the children that were asked for behind those that are there."""
    found = next((one for roots in trees.values() for one in _walk(roots) if one["pid"] == pid), None)
    while found is not None and count > 0 and len(found["children"]) < found["count"]:
        page = [one for roots in source.tree(under=pid, first=len(found["children"])).values() for one in roots]
        if not page or not page[0]["children"]:
            return
        found["children"] += page[0]["children"]
        count -= len(page[0]["children"])


def _walk(nodes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for node in nodes for one in (node, *_walk(node["children"]))]


def _sync(branch: Branch, children: Sequence[dict[str, Any]], opened: int) -> None:
    """Make the branch show these children: known ones stay, with a new label; the gone go, the new come."""
    known = {_key(child.data or {}): child for child in branch.children}
    wanted = [*children, *_rest(branch.data, children)]
    if [_key(one) for one in wanted] != list(known):
        for key in set(known) - {_key(one) for one in wanted}:
            known.pop(key).remove()
        if list(known) != [_key(one) for one in wanted][: len(known)]:
            branch.remove_children()
            known = {}
    for one in wanted:
        child = known.get(_key(one))
        if child is None:
            child = branch.add(label(one), data=one, expand=opened > 0, allow_expand=bool(one["children"]))
        child.data = one
        child.allow_expand = bool(one["children"])
        if child.label != (text := label(one)):
            child.set_label(text)
        _sync(child, one["children"], opened - 1)


def _rest(above: dict[str, Any] | None, children: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    hidden = above["count"] - len(children) if above is not None else 0
    if above is None or hidden <= 0:
        return []
    return [{"id": f"… {hidden} more", "pid": None, "more_of": above["pid"], "children": [], "count": 0, "top": True}]


def _key(one: Mapping[str, Any]) -> object:
    return "more" if "more_of" in one else (one.get("id") or one.get("pid"))


def label(one: Mapping[str, Any]) -> Text:
    """A process in a line: red if it does not run, amber if it was restarted."""
    if one.get("top"):
        return Text(str(one["id"]), "bold")
    colour = _RED if one["status"] in ("down", "restarting") else _AMBER if one["restarts"] or one["recent"] else ""
    return Text(words(one), colour)
