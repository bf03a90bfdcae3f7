"""pictures — supervision trees as Mermaid and as Graphviz DOT, out of plain data.

OTP:      what observer draws in its application tab; cf. Kino.Process.sup_tree of Livebook
Way:      tree.as_dict, by node → [pictures] → text that other tools draw
Process:  none; pure

    print(pictures.mermaid({"w1": [tree.as_dict(root) for root in tree.tree()]}))

Supervisors are boxes, workers rounded; what is down or restarting is red, what was restarted amber. Of children that
are not shown there is one node that tells how many they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Trees = Mapping[str, Sequence[Mapping[str, Any]]]

_COLOURS: Final = {"down": "#f4b6b6", "restarted": "#f7dfa5", "running": "#cfe8cf", "supervisor": "#cfdcf2"}


@dataclass(frozen=True, slots=True)
class _Item:
    """One node of the picture: its key there, that of the one above, what it says, how it looks."""

    key: str
    above: str | None
    lines: tuple[str, ...]
    look: str
    box: bool


def mermaid(trees: Trees) -> str:
    """A Mermaid flowchart, one subgraph per node."""
    lines = ["flowchart LR"]
    for place, (node, roots) in enumerate(trees.items()):
        lines.append(f'  subgraph g{place}["{_entity(node)}"]')
        for item in _items(f"n{place}", roots):
            text = "<br/>".join(_entity(line) for line in item.lines)
            opening, closing = ("[", "]") if item.box else ("(", ")")
            lines.append(f'    {item.key}{opening}"{text}"{closing}:::{item.look}')
            lines += [f"    {item.above} --> {item.key}"] if item.above else []
        lines.append("  end")
    lines += [f"  classDef {name} fill:{colour},stroke:#555,color:#111" for name, colour in _COLOURS.items()]
    return "\n".join(lines)


def dot(trees: Trees) -> str:
    """A Graphviz graph, one cluster per node."""
    lines = ["digraph tree {", "  rankdir=LR; node [fontname=sans, fontsize=10, style=filled];"]
    for place, (node, roots) in enumerate(trees.items()):
        lines += [f"  subgraph cluster_{place} {{", f"    label={_quoted(node)};"]
        for item in _items(f"n{place}", roots):
            shape = "box" if item.box else "ellipse"
            text = _quoted("\n".join(item.lines))
            lines.append(f'    {item.key} [label={text}, shape={shape}, fillcolor="{_COLOURS[item.look]}"];')
            lines += [f"    {item.above} -> {item.key};"] if item.above else []
        lines.append("  }")
    return "\n".join([*lines, "}"])


def _items(prefix: str, roots: Sequence[Mapping[str, Any]]) -> Iterator[_Item]:
    """All nodes below these, each before its children."""
    left = [(f"{prefix}_{place}", None, root) for place, root in enumerate(roots)][::-1]
    waiting: list[tuple[str, str | None, Mapping[str, Any]]] = [*left]
    while waiting:
        key, above, node = waiting.pop()
        box = node["type"] == "supervisor"
        yield _Item(key, above, tuple(_lines(node)), _look(node), box)
        below = [(f"{key}_{place}", key, child) for place, child in enumerate(node["children"])]
        waiting += below[::-1]
        hidden = node["count"] - len(node["children"])
        if hidden > 0:
            yield _Item(f"{key}_more", key, (f"{hidden} more",), "running", False)


def _look(node: Mapping[str, Any]) -> str:
    if node["status"] in ("down", "restarting"):
        return "down"
    if node["restarts"] or node["recent"]:
        return "restarted"
    return "supervisor" if node["type"] == "supervisor" else "running"


def _lines(node: Mapping[str, Any]) -> Iterator[str]:
    yield str(node["id"] or node["name"] or node["module"])
    yield " ".join(str(word) for word in (node["pid"], node["strategy"]) if word)
    if node["recent"]:
        yield f"{node['recent']} of {node['intensity']} in {node['period']:g} s"
    elif node["restarts"]:
        yield f"restarts {node['restarts']}"
    if node["mailbox"]:
        yield f"mailbox {node['mailbox']}"
    if node["last_exit"] not in (None, "normal", "shutdown"):
        yield f"last exit: {node['last_exit'][:60]}"


def _entity(text: str) -> str:
    """Mermaid's own escapes, so that no text of ours can close a label or become markup."""
    return "".join(c if c.isalnum() or c in " _-.:,/@=()…" else f"#{ord(c)};" for c in text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
