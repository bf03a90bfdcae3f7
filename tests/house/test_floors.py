"""test_floors — who may import whom: the floors of docs/style.md, checked on the syntax trees."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(p for top in ("otp", "apps") for p in (ROOT / top).rglob("*.py"))

#: room -> the rooms below it that it may import (itself always)
OTP = ("otp.erts", "otp.stdlib", "otp.kernel", "otp.release")
LOW = ("xmpp_core", *OTP)
#: below every room of a worker: where it may die in a test, and what is counted
GROUND = ("xmppd.crash_points", "xmppd.metrics", "xmppd.limits_hit")
MIDDLE = ("xmppd.net", "xmppd.auth", "xmppd.store", "xmppd.config", "xmppd.audit", "xmppd.commands", *GROUND)
#: all that runs on a worker
SERVER = (
    *LOW, *MIDDLE, "xmppd.routing", "xmppd.pubsub", "xmppd.archive", "xmppd.http", "xmppd.stream", "xmppd.gen_mod",
    "xmppd.muc", "xmppd.mods",
)  # fmt: skip
FLOORS: dict[str, tuple[str, ...]] = {
    "otp.erts": (),
    "otp.stdlib": ("otp.erts",),
    "otp.kernel": ("otp.erts", "otp.stdlib"),
    "otp.release": ("otp.erts", "otp.stdlib", "otp.kernel"),
    "otp.observer": ("otp.erts", "otp.stdlib", "otp.kernel"),
    "xmpp_core": (),
    "xmppd.config": LOW,
    "xmppd.crash_points": LOW,
    "xmppd.metrics": LOW,
    "xmppd.limits_hit": (*LOW, "xmppd.metrics"),
    "xmppd.store": (*LOW, *GROUND),
    "xmppd.auth": (*LOW, *GROUND, "xmppd.store"),
    "xmppd.audit": (*LOW, "xmppd.metrics"),
    "xmppd.net": (*LOW, *GROUND, "xmppd.audit"),
    "xmppd.routing": (*LOW, *MIDDLE),
    "xmppd.http": (*LOW, *MIDDLE, "xmppd.routing"),
    "xmppd.pubsub": (*LOW, *MIDDLE, "xmppd.routing"),
    "xmppd.gen_mod": (*LOW, *MIDDLE, "xmppd.routing", "xmppd.http", "xmppd.pubsub", "xmppd.archive"),
    "xmppd.stream": (*LOW, *MIDDLE, "xmppd.routing"),
    "xmppd.archive": (*LOW, *MIDDLE, "xmppd.routing"),
    "xmppd.mods": (
        *LOW,
        *MIDDLE,
        "xmppd.routing",
        "xmppd.http",
        "xmppd.pubsub",
        "xmppd.archive",
        "xmppd.muc",
        "xmppd.gen_mod",
    ),
    "xmppd.muc": (*LOW, *MIDDLE, "xmppd.routing", "xmppd.archive", "xmppd.gen_mod"),
    "xmppd.commands": LOW,
    "xmppd.node": (*LOW, *MIDDLE),
    "xmppd.monitor": (*SERVER, "xmppd.node"),
    "xmppd.admin": (*SERVER, "xmppd.node", "xmppd.monitor"),
    "xmppd.inspect": (*SERVER, "xmppd.node", "otp.observer"),
    "xmppd.cli": (*SERVER, "xmppd.node", "xmppd.admin", "xmppd.inspect", "otp.observer"),
}
#: the composition root sees everything and is imported by nothing below it
TOP = "xmppd"
PURE = {"xmpp_core", "otp.stdlib.restart", "otp.release.systools"}
IMPURE = {"socket", "threading", "time", "random", "os", "logging", "asyncio", "subprocess", "select"}
#: what a program without a screen need not have, and who imports it
SCREEN = {"textual", "rich"}
ON_SCREEN = ("otp.observer.ui", "xmppd.inspect.sessions_pane")
OWN = {"otp", "xmpp_core", "xmppd"}
NEVER = {"tests", "rel", "apps"}


def module_name(path: Path) -> str:
    """The dotted import name of a source file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts[1:] if parts[0] == "apps" else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(name: str) -> str:
    """The longest room of FLOORS that a module lies in, or its top package."""
    rooms = [r for r in FLOORS if name == r or name.startswith((r + ".", r + "_"))]
    return max(rooms, key=len, default=TOP if name.split(".")[0] == TOP else name)


def imports(tree: ast.AST) -> list[tuple[str, int]]:
    """All modules imported anywhere in a file, with line numbers; type-checking imports count too."""
    found: list[tuple[str, int]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [(f"{node.module}.{alias.name}", node.lineno) for alias in node.names]
    return found


def feature_of(name: str) -> str | None:
    """The feature that a module of mods/ belongs to: mods.mod_roster and mods.roster.transitions are both "roster"."""
    parts = name.split(".")
    if parts[:2] != ["xmppd", "mods"] or len(parts) < 3:
        return None
    return parts[2].removeprefix("mod_")


def is_for_tests(name: str) -> bool:
    """Whether a module is of xmppd.testing."""
    return f"{name}.".startswith("xmppd.testing.")


def faults(name: str, tree: ast.AST) -> list[str]:
    """What a module imports that it may not."""
    room, wrong = room_of(name), []
    allowed = (*FLOORS.get(room, ()), room)
    for target, line in imports(tree):
        top = target.split(".")[0]
        if top in NEVER:
            wrong.append(f"{line}: imports {target}")
        elif is_for_tests(target) and not is_for_tests(name):
            wrong.append(f"{line}: {target} is for tests, the server does without it")
        elif top == "pykka" and room != "otp.erts":
            wrong.append(f"{line}: only otp.erts imports pykka")
        elif top in SCREEN and not name.startswith(ON_SCREEN):
            wrong.append(f"{line}: {target} need not be installed; only what is on the screen imports it")
        elif top in IMPURE and any(name == p or name.startswith(p + ".") for p in PURE):
            wrong.append(f"{line}: {name} is pure and imports {top}")
        elif top in OWN and room != TOP and not any(room_of(target) == r for r in allowed):
            wrong.append(f"{line}: {room} may not import {target}; docs/style.md says what lies below what")
        elif (other := feature_of(target)) is not None and other != feature_of(name):
            wrong.append(f"{line}: nobody imports a module ({target}); one meets it in hooks, IQs, commands and names")
    return wrong


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert not faults(module_name(path), tree)


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_no_import_inside_a_function_dodges_a_cycle(path: Path) -> None:
    inside = [
        f"{target} at line {line}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for target, line in imports(node)
        if target.split(".")[0] in OWN
    ]
    assert not inside


def test_packages_hold_a_docstring_and_nothing_else() -> None:
    for path in SOURCES:
        if path.name == "__init__.py":
            body = ast.parse(path.read_text()).body
            assert len(body) == 1, path
            assert isinstance(body[0], ast.Expr), path


#: what only a connection knows: how a stream is written on the wire, and what carries it
OF_THE_WIRE = re.compile(r"stream:stream|socket|transport\.|import receiver|net\.(receiver|transport|tcp_connection)")


@pytest.mark.parametrize("path", sorted((ROOT / "apps/xmppd/stream").glob("*.py")), ids=module_name)
def test_a_stream_knows_no_wire(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not OF_THE_WIRE.findall(text), "what carries a stream is behind net/connection.py"


def test_everything_that_leaves_a_stream_leaves_by_one_function() -> None:
    found = [
        path.name
        for path in (ROOT / "apps/xmppd/stream").glob("*.py")
        for _ in re.findall(r"connection\.send\(", path.read_text(encoding="utf-8"))
    ]
    assert found == ["driver.py", "driver.py"], "Stream.send counts what leaves, or does not where it says so"


def test_the_table_would_find_a_fault() -> None:
    assert faults("otp.erts.pid", ast.parse("from otp.stdlib import gen"))
    assert faults("xmpp_core.jid", ast.parse("import socket"))
    assert faults("otp.kernel.node", ast.parse("from otp.observer import tree"))
    assert faults("otp.observer.cli", ast.parse("from textual.app import App"))
    assert faults("xmppd.mods.mod_ping", ast.parse("from xmppd.stream import c2s"))
    assert faults("xmppd.mods.mod_ping", ast.parse("from xmppd.mods import mod_roster"))
    assert faults("xmppd.mods.roster.transitions", ast.parse("from xmppd.mods.offline import spool"))
    assert not faults("xmppd.mods.mod_roster", ast.parse("from xmppd.mods.roster import transitions"))
    assert faults("xmppd.admin.rosters", ast.parse("from xmppd.mods import mod_roster"))
    assert faults("xmppd.sup", ast.parse("from xmppd.mods.roster.tables import ROSTER"))
    assert not faults("xmppd.cli.modules", ast.parse("from xmppd import mods"))
    assert faults("xmppd.node.parent", ast.parse("from xmppd.admin import dispatch"))
    assert faults("xmppd.admin.users", ast.parse("from xmppd.cli import render"))
    assert OF_THE_WIRE.search("data.transport.send(text)")
    assert not faults("xmppd.sup", ast.parse("from xmppd.stream import c2s"))
    assert faults("xmppd.sup", ast.parse("from xmppd.testing import server"))
    assert not faults("xmppd.testing.server", ast.parse("from xmppd.testing import clock; from xmppd import sup"))
