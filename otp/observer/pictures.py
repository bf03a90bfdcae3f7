"""pictures — supervision trees as Mermaid, as Graphviz DOT and as SVG, out of plain data.

OTP:      what observer draws in its application tab; cf. Kino.Process.sup_tree of Livebook
Way:      tree.as_dict, by node → [pictures] → text that other tools draw
Process:  none; pure

    print(pictures.mermaid({"w1": [tree.as_dict(root) for root in tree.tree()]}))

What is down or restarting is red, what was restarted amber. Of children that are not shown there is one line that tells
how many they are. In Mermaid each process is a node. In DOT and SVG a supervisor is a box with a line for each child,
in the order of their start, and a supervisor among them has its own box to the right. A child that has the name of a
node is taken for the process that runs that node: its line leads to the box of the node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.sax.saxutils import escape

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
    lines, graphs = ["flowchart LR"], {node: f"g{place}" for place, node in enumerate(trees)}
    over: list[str] = []
    for place, (node, roots) in enumerate(trees.items()):
        lines.append(f'  subgraph g{place}["{_entity(node)}"]')
        for item in _items(f"n{place}", roots):
            text = "<br/>".join(_entity(line) for line in item.lines)
            opening, closing = ("[", "]") if item.box else ("(", ")")
            lines.append(f'    {item.key}{opening}"{text}"{closing}:::{item.look}')
            lines += [f"    {item.above} --> {item.key}"] if item.above else []
            other = graphs.get(item.lines[0]) if item.lines[0] != node and not item.box else None
            over += [f"  {item.key} -.-> {other}"] if other is not None else []
        lines.append("  end")
    lines += over
    lines += [f"  classDef {name} fill:{colour},stroke:#555,color:#111" for name, colour in _COLOURS.items()]
    return "\n".join(lines)


def dot(trees: Trees) -> str:
    """A Graphviz graph, left to right, a table for each supervisor."""
    lines = ["digraph tree {", "  rankdir=LR; ranksep=0.6; nodesep=0.12;"]
    lines.append('  node [shape=plain, fontname="sans-serif", fontsize=10]; edge [arrowsize=0.6, color="#777777"];')
    for block in _walk(_blocks(trees)):
        cells = [f'<TR><TD PORT="t" BGCOLOR="{_COLOURS[block.look]}"><B>{_markup(block.title)}</B></TD></TR>']
        for place, row in enumerate(block.rows):
            cell = f'PORT="r{place}" ALIGN="LEFT" BGCOLOR="{_COLOURS[row.look]}"'
            cells.append(f"<TR><TD {cell}>{_markup(row.text)}</TD></TR>")
        table = f'<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="0" CELLPADDING="3">{"".join(cells)}</TABLE>'
        lines.append(f"  {block.key} [label=<{table}>];")
        for place, row in enumerate(block.rows):
            lines += [f"  {block.key}:r{place}:e -> {row.below.key}:t:w;"] if row.below is not None else []
    return "\n".join([*lines, "}"])


# -- boxes, for DOT and SVG


@dataclass(slots=True)
class _Block:
    """A box: a node with its roots, or a supervisor with its children."""

    key: str
    title: str
    look: str
    rows: list[_Row]


@dataclass(slots=True)
class _Row:
    """A child: what it says, how it looks, the box it leads to."""

    text: str
    look: str
    below: _Block | None = None


def _blocks(trees: Trees) -> list[_Block]:
    """The boxes of the nodes that nobody runs, all others below them."""
    made: dict[str, _Block] = {}
    runs: list[tuple[str, _Row, str]] = []
    for place, (node, roots) in enumerate(trees.items()):
        made[node] = block = _Block(f"n{place}", node, "supervisor", [])
        waiting: list[tuple[_Block, Sequence[Mapping[str, Any]], int]] = [(block, roots, len(roots))]
        while waiting:
            above, children, count = waiting.pop()
            for number, child in enumerate(children):
                row = _Row(_said(child), _look(child))
                above.rows.append(row)
                if child["children"]:
                    row.below = _Block(f"{above.key}_{number}", _said(child), row.look, [])
                    row.text = next(_lines(child))
                    waiting.append((row.below, child["children"], child["count"]))
                elif child["id"] in trees and child["id"] != node:
                    runs.append((node, row, child["id"]))
            if count > len(children):
                above.rows.append(_Row(f"{count - len(children)} more", "running"))
    return _joined(made, runs)


def _joined(made: dict[str, _Block], runs: Sequence[tuple[str, _Row, str]]) -> list[_Block]:
    """Hang the box of a node at the line of the process that runs it: no box at two, none below itself."""
    above: dict[str, str] = {}
    for node, row, other in runs:
        line = node
        while line in above:
            line = above[line]
        if other not in above and other != line:
            above[other], row.below = node, made[other]
    return [block for node, block in made.items() if node not in above]


def _walk(blocks: Sequence[_Block]) -> Iterator[_Block]:
    waiting = [*blocks][::-1]
    while waiting:
        block = waiting.pop()
        yield block
        waiting += [row.below for row in block.rows if row.below is not None][::-1]


def _said(node: Mapping[str, Any]) -> str:
    return "  ".join(line for line in _lines(node) if line)


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


def _markup(text: str) -> str:
    """As Graphviz' labels and SVG take it: no character that XML cannot bear."""
    return escape("".join(c if c.isprintable() else " " for c in text))


# -- SVG

#: pixels of a line, a character, one of a title, between two columns, between two boxes of a column
_LINE, _CHAR, _BOLD, _APART, _GAP = 18, 6.6, 7.4, 48, 14
_STYLE: Final = (
    "text{font-family:ui-sans-serif,system-ui,sans-serif;font-size:11px;fill:#111}.title{font-weight:600}"
    "rect{stroke:#777;stroke-width:.7}path{fill:none;stroke:#777}"
)


def svg(trees: Trees) -> str:
    """A picture that stands alone: no script, no font, nothing from elsewhere, and no Graphviz."""
    body: list[str] = []
    x, y, right = 12.0, 12.0, 12.0
    for block in _blocks(trees):
        high, far = _drawn(block, x, y, body)
        y, right = y + high + _GAP, max(right, far)
    size = f'viewBox="0 0 {right + 12:g} {y:g}" width="{right + 12:g}" height="{y:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="supervision trees">'
    return "\n".join([head, f"<style>{_STYLE}</style>", '<rect width="100%" height="100%" fill="#fff"/>', *body,
                      "</svg>", ""])  # fmt: skip


def _drawn(block: _Block, x: float, y: float, body: list[str]) -> tuple[float, float]:
    """Draw a box and all that is below it; gives the height they take, and how far right they reach."""
    texts = [block.title, *(row.text for row in block.rows)]
    wide = max(len(block.title) * _BOLD, *(len(text) * _CHAR for text in texts)) + 14
    below, right = 0.0, x + wide
    for place, (text, look) in enumerate([(block.title, block.look), *((row.text, row.look) for row in block.rows)]):
        top, kind = y + place * _LINE, "" if place else ' class="title"'
        body.append(f'<rect x="{x:g}" y="{top:g}" width="{wide:g}" height="{_LINE}" fill="{_COLOURS[look]}"/>')
        body.append(f'<text x="{x + 6:g}" y="{top + 13:g}"{kind}>{_markup(text)}</text>')
    for place, row in enumerate(block.rows, 1):
        if row.below is None:
            continue
        to_x, to_y = x + wide + _APART, y + below + _LINE / 2
        from_x, from_y, half = x + wide, y + (place + 0.5) * _LINE, _APART / 2
        body.append(f'<path d="M{from_x:g} {from_y:g}C{from_x + half:g} {from_y:g} {to_x - half:g} {to_y:g} '
                    f'{to_x:g} {to_y:g}"/>')  # fmt: skip
        high, far = _drawn(row.below, to_x, y + below, body)
        below, right = below + high + _GAP, max(right, far)
    return max(len(texts) * _LINE, below - _GAP), right
