"""test_pictures — trees as Mermaid and DOT.

Way:  otp.observer.pictures
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from otp.observer import pictures


def branch(id_: str, pid: str | None, *children: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = {"id": id_, "pid": pid, "name": None, "module": "", "strategy": None, "status": "running", "restarts": 0}
    counts = {"mailbox": 0, "count": len(children), "recent": 0, "intensity": 0, "period": 0.0, "last_exit": None}
    kind = "supervisor" if children or more.get("strategy") else "worker"
    return {**made, **counts, "type": kind, "children": list(children), **more}


def trees() -> dict[str, list[dict[str, Any]]]:
    sm = branch("sm", "<w1.1.4>", restarts=2, mailbox=7, last_exit='ValueError: "x"; end')
    crowd = branch("c2s_sup", "<w1.1.5>", branch("", "<w1.1.9>", module="C2s"), strategy="simple_one_for_one", count=9)
    down = branch("iq", None, status="restarting")
    top = branch("top", "<w1.1.2>", sm, crowd, down, strategy="one_for_one", recent=2, intensity=3, period=5.0)
    return {"main": [], "w1": [top]}


def test_mermaid_has_every_process_and_escapes_what_it_says() -> None:
    lines = pictures.mermaid(trees()).splitlines()
    assert lines[0] == "flowchart LR"
    assert '  subgraph g0["main"]' in lines
    assert '    n1_0["top<br/>#60;w1.1.2#62; one_for_one<br/>2 of 3 in 5 s"]:::restarted' in lines
    assert any(line.startswith('    n1_0_0("sm<br/>') and "mailbox 7" in line for line in lines)
    assert "ValueError: #34;x#34;#59; end" in "\n".join(lines)
    assert "    n1_0 --> n1_0_1" in lines
    assert '    n1_0_1_more("8 more"):::running' in lines
    assert any(line.startswith("    n1_0_2(") and line.endswith(":::down") for line in lines)


def test_dot_has_the_same() -> None:
    text = pictures.dot(trees())
    assert text.startswith("digraph tree {")
    assert text.endswith("}")
    assert text.count("{") == text.count("}")
    assert 'sm  &lt;w1.1.4&gt;  restarts 2  mailbox 7  last exit: ValueError: "x"; end' in text
    assert "8 more" in text
    assert "n1:r0:e -> n1_0:t:w;" in text
    assert "n1_0:r1:e -> n1_0_1:t:w;" in text


def parent_and_workers() -> dict[str, list[dict[str, Any]]]:
    """As a server has them: on main a process for each worker, and main's name on a worker, which runs nothing."""
    runs = branch("worker_sup", "<main.1.2>", branch("w1", "<main.1.3>"), branch("w2", "<main.1.4>"))
    other = branch("sup", "<w1.1.2>", branch("main", "<w1.1.3>"))
    return {"main": [runs], "w1": [other], "w2": []}


def test_the_line_of_a_process_that_runs_a_node_leads_to_the_nodes_box() -> None:
    text = pictures.dot(parent_and_workers())
    assert [line.strip() for line in text.splitlines() if "->" in line] == [
        "n0:r0:e -> n0_0:t:w;",
        "n0_0:r0:e -> n1:t:w;",
        "n0_0:r1:e -> n2:t:w;",
        "n1:r0:e -> n1_0:t:w;",
    ]
    lines = pictures.mermaid(parent_and_workers()).splitlines()
    assert "  n0_0_0 -.-> g1" in lines
    assert "  n0_0_1 -.-> g2" in lines


IDS = st.sampled_from(["main", "w1", "w2", "sm", 'a <b> & "c"\x00', ""])
BRANCHES = st.recursive(
    st.builds(lambda id_, status: branch(id_, "<w1.1.9>", module="M", status=status), IDS,
              st.sampled_from(["running", "down"])),
    lambda below: st.builds(
        lambda id_, children, more: branch(id_, "<w1.1.2>", *children, module="S", count=len(children) + more),
        IDS, st.lists(below, min_size=1, max_size=5), st.integers(0, 2)),
    max_leaves=20,
)  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"


@given(st.dictionaries(st.sampled_from(["main", "w1", "w2"]), st.lists(BRANCHES, max_size=3)))
def test_a_picture_without_graphviz_has_all_processes_top_down_and_no_box_over_another(
    drawn: dict[str, list[dict[str, Any]]],
) -> None:
    root = ElementTree.fromstring(pictures.svg(drawn))
    boxes = [tuple(float(one.get(n) or 0) for n in ("x", "y", "width", "height")) for one in root.iter(f"{SVG}rect")
             if one.get("x")]  # fmt: skip
    texts = [one.text or "" for one in root.iter(f"{SVG}text")]

    def count(nodes: list[dict[str, Any]]) -> int:
        below = sum(count(one["children"]) + (one["count"] > len(one["children"])) for one in nodes)
        return len(nodes) + sum(bool(one["children"]) for one in nodes) + below

    assert len(texts) == len(boxes) == len(drawn) + sum(count(roots) for roots in drawn.values())
    width, height = float(root.get("width") or 0), float(root.get("height") or 0)
    for place, (x, y, wide, high) in enumerate(boxes):
        assert x + wide <= width
        assert y + high <= height
        for other_x, other_y, other_wide, other_high in boxes[:place]:
            beside = x >= other_x + other_wide or other_x >= x + wide
            assert beside or y >= other_y + other_high or other_y >= y + high
    keys = [block.key for block in pictures._walk(pictures._blocks(drawn))]
    assert len(set(keys)) == len(keys), "each box once, whoever claims to run whom"


def test_children_stand_in_the_order_of_their_start() -> None:
    root = ElementTree.fromstring(pictures.svg(trees()))
    at = {(one.text or "").split()[0]: float(one.get("y") or 0) for one in root.iter(f"{SVG}text")}
    assert at["sm"] < at["iq"]
    assert len(list(root.iter(f"{SVG}path"))) == 2
