"""compare — the same program on Erlang and on ours: what must be equal, and what differs.

Equal are: every start and its order; every terminate and its order; for each process the reasons it ended for, what it
heard of linked and monitored ones; the answers to requests; who is alive after each step; how the root started and
ended. Between processes that end at the same time (children of a killed supervisor, of a simple_one_for_one) there is
no order in Erlang either: their terminates are compared one by one.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.otp.oracle import ours
from tests.otp.oracle.programs import Program, source

HERE = Path(__file__).parent


def has_erlang() -> bool:
    """True where a real Erlang is installed."""
    return shutil.which("erl") is not None and shutil.which("erlc") is not None


def run_erlang(programs: list[Program], folder: Path) -> list[dict[str, Any]]:
    """Run all programs on a real node; `folder` takes the compiled oracle and the files."""
    subprocess.run(["erlc", "-o", str(folder), str(HERE / "oracle.erl")], check=True, capture_output=True)
    (folder / "programs.term").write_text(source(programs))
    command = ["erl", "-noshell", "+S", "1", "-pa", str(folder), "-run", "oracle", "main", "programs.term", "out.json"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=600)
    return [json.loads(line) for line in (folder / "out.json").read_text().splitlines()]


def view(program: Program, diary: dict[str, Any]) -> dict[str, Any]:
    """A diary in the form that is compared."""
    late = set(stuck(program.tree))
    events = [e for e in diary["events"] if not (e[0] == "terminate" and e[1] in late)]
    ordered, racing = is_ordered(program), set(failing(program.tree))
    of_each: defaultdict[str, list[Any]] = defaultdict(list)
    for kind, id_, what in events:
        if kind not in ("start", "started") and not (kind == "down" and id_ in racing):
            of_each[f"{kind} {id_}"].append(what)
    return {
        "starts": starts(program, events),
        "ends": [e[1:] for e in events if e[0] == "terminate"] if ordered else [],
        "each": dict(sorted(of_each.items())),
        "results": diary["results"],
        "snaps": diary["snaps"],
    }


def starts(program: Program, events: list[Any]) -> Any:
    """All starts in their order; where links let two supervisors act side by side, in the order of each."""
    begun = [e[1:] for e in events if e[0] in ("start", "started")]
    if not any(s[0] == "link" for s in program.steps):
        return begun
    parents = dict(parents_of(program.tree))
    by_parent: defaultdict[str, list[Any]] = defaultdict(list)
    for start in begun:
        by_parent[parents.get(start[0], "")].append(start)
    return dict(sorted(by_parent.items()))


def parents_of(tree: tuple[Any, ...]) -> list[tuple[str, str]]:
    """(id, its supervisor) for all of a tree."""
    found = []
    for id_, *_, what in tree[3]:
        found.append((id_, tree[1]))
        if what[0] == "sup":
            found += parents_of(what)
    return found


def is_ordered(program: Program) -> bool:
    """False if processes may end side by side, where Erlang promises no order."""
    text = repr(program.tree)
    return "simple_one_for_one" not in text and not any(s[0] in ("link", "signal") for s in program.steps)


def same(one: dict[str, Any], two: dict[str, Any]) -> bool:
    """Equal, but that a process which is about to be killed may or may not still read its last message."""
    each, other = one["each"], two["each"]
    for key in {*each, *other}:
        a, b = each.get(key, []), other.get(key, [])
        if a != b and not (key.startswith("got_") and (is_within(a, b) or is_within(b, a))):
            return False
    return all(one[key] == two[key] for key in one if key != "each")


def is_within(short: list[Any], long: list[Any]) -> bool:
    """True if `short` is `long` with some left out."""
    rest = iter(long)
    return all(item in rest for item in short)


def failing(tree: tuple[Any, ...]) -> list[str]:
    """Workers whose init may say {stop, Reason} or exit: OTP 25 tells the caller before it exits, so that the caller's
    own exit signal may come first and be the reason that is seen."""
    found = []
    for id_, *_, what in tree[3]:
        if what[0] == "sup":
            found += failing(what)
        elif any(how in ("stop", "exit") for _, how in what[1][2]):
            found.append(id_)
    return found


def stuck(tree: tuple[Any, ...]) -> list[str]:
    """Workers that are killed in their terminate after a few milliseconds: on a busy machine before they reach it."""
    found = []
    for id_, *_, what in tree[3]:
        if what[0] == "sup":
            found += stuck(what)
        elif what[1][1] == "stuck":
            found.append(id_)
    return found


def differences(programs: list[Program], folder: Path) -> list[tuple[Program, dict[str, Any], dict[str, Any]]]:
    """The programs whose two diaries differ, with both (Erlang's first)."""
    theirs = run_erlang(programs, folder)
    mine = json.loads(json.dumps(ours.run_all(programs)))
    found = []
    for program, a, b in zip(programs, theirs, mine, strict=True):
        one, two = view(program, a), view(program, b)
        if not same(one, two):
            found.append((program, one, two))
    return found


def explain(program: Program, erlang: dict[str, Any], mine: dict[str, Any]) -> str:
    """What differs, for people."""
    lines = [f"seed {program.nr}", f"  tree  {program.tree}", f"  steps {program.steps}"]
    for key in erlang:
        if erlang[key] != mine[key]:
            lines += [f"  {key}:", f"    erlang {erlang[key]}", f"    ours   {mine[key]}"]
    return "\n".join(lines)
