"""test_pictures — trees as Mermaid and DOT.

Way:  otp.stdlib.pictures
"""

from __future__ import annotations

from typing import Any

from otp.stdlib import pictures


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
    assert 'label="sm\\n<w1.1.4>\\nrestarts 2\\nmailbox 7\\nlast exit: ValueError: \\"x\\"; end"' in text
    assert "n1_0 -> n1_0_0;" in text
    assert "n1_0_1 -> n1_0_1_more;" in text
