"""test_words — words that were ours alone stay away from identifiers and file names; no two classes bear one name."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for top in ("otp", "apps") for path in (ROOT / top).rglob("*.py"))
FILES = sorted([*SOURCES, *(ROOT / "tests").rglob("*.py")])

#: the old word -> the field's word; docs/glossary.md says what each means
OLD = {
    "ANEW": "REROUTING", "ANY_OPEN": "ANY_PENDING", "CUT": "SUSPECTED", "Cut": "SuspectedNode", "Door": "ListenerSpec",
    "Gate": "OpenConnections", "GateLimits": "ConnectionLimits", "Heard": "Ack", "Look": "Recheck",
    "Newest": "DeliverIfNewer", "Notes": "…State", "Noted": "FlagAck", "Put": "Upsert", "Ticket": "Slot",
    "Far": "DistEntry", "NAMERS": "Plugin.name", "Observed": "SysHandler", "Probes": "CallTrace", "Tap": "Tracer",
    "look_text": "text", "look_verbs": "inspect_verbs", "spoken": "name_of", "taps": "message_trace",
    "Told": "LossAnnounced", "Wish": "RosterSet", "WrittenIq": "SerializedIq", "barrier": "durability",
    "close_doors": "close_listeners", "court": "core_server", "Court": "CoreServer", "doors": "listeners",
    "far_court": "core_cluster", "far_side": "remote_node", "gate": "connection_limits", "is_news": "is_newer",
    "last_words": "what it is", "news_now": "deliver_presence_now", "newest_of": "latest_version",
    "notes_of": "state_of", "route_news": "route_if_newer", "send_back": "redeliver", "sm_cut": "sm.suspected_nodes",
    "sm_lost": "sm.lost_sessions", "sm_marks": "sm.flags", "sm_messages": "sm.messages",
    "sm_server": "sm.session_table", "MainApp": "ParentApp", "MainSup": "ParentSup", "ctl": "cli, node, admin",
    "main_app": "parent_app", "main_sup": "parent_sup", "on_main": "parent_commands", "unread": "slow_reader",
    "until_read": "wait_until_read",
}  # fmt: skip
#: old words for files and folders, plain English elsewhere
OLD_FILES = {
    "detail": "procinfo", "far": "dist_entry", "introspection": "otp.observer.backend", "look": "inspect",
    "observed": "sys_handler", "probes": "call_trace", "shown": "term_format",
    "ties": "bifs",
}  # fmt: skip
#: words that have no other meaning here: not even a part of a name is one of them
OLD_PARTS = {
    "barrier": "durability", "court": "core server", "door": "listener", "doors": "listeners", "tap": "tracer",
    "taps": "tracers",
}  # fmt: skip
#: files in which an old word is plain English or another thing, with the words
KEEP: dict[str, set[str]] = {
    "otp/stdlib/crash_report.py": {"Cut"},
    "tests/otp/erts/test_blocking.py": {"gate"},
    "tests/otp/erts/test_shield.py": {"gate"},
    "tests/otp/stdlib/test_introspect.py": {"Door", "door"},
}
#: classes that may bear one name, and why
ALLOWED = {
    "Options": "each module declares its own (docs/modules.md)",
    "Reply": "OTP's word in gen_server, gen_event and gen_statem",
    "Stop": "OTP's word in gen_server and gen_statem; hooks.Stop ends a fold",
    "Table": "ets' and the store's",
}


def defined(tree: ast.AST) -> Iterator[str]:
    """The names that a file gives to something."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.alias(asname=str(name)):
                yield name


def old_words(path: Path, text: str) -> list[str]:
    """The old words that a file bears as its name or gives as one."""
    names = {path.stem.removeprefix("test_"), *(name.lstrip("_") for name in defined(ast.parse(text)))}
    parts = {part for name in names for part in name.lower().split("_") if part in OLD_PARTS}
    return sorted(((names & OLD.keys()) | parts) - KEEP.get(str(path.relative_to(ROOT)), set()))


def test_no_old_word_comes_back() -> None:
    found = {str(path.relative_to(ROOT)): old_words(path, path.read_text()) for path in FILES}
    words_of = OLD_PARTS | OLD
    assert not {name: {word: f"say {words_of[word]}" for word in words} for name, words in found.items() if words}


def test_no_file_and_no_folder_bears_an_old_word() -> None:
    names = {part.removesuffix(".py").removeprefix("test_") for path in FILES for part in path.relative_to(ROOT).parts}
    assert not {name: f"say {OLD_FILES[name]}" for name in names & OLD_FILES.keys()}


def test_no_two_classes_bear_one_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert not {name: found for name, found in twice.items() if name not in ALLOWED}
    assert not ALLOWED.keys() - twice.keys(), "these are not there twice any more"


def test_an_old_word_would_be_found() -> None:
    path = ROOT / "apps" / "xmppd" / "doors.py"
    assert old_words(path, "def send_back(gate): ...\nclass Ticket: ...") == [
        "Ticket", "doors", "gate", "send_back",
    ]  # fmt: skip
    assert old_words(ROOT / "tests" / "test_x.py", "def test_a_shut_door_refuses(): ...") == ["door"]


def test_no_docstring_begins_with_give() -> None:
    """A function returns, makes or sends something; «Give» says none of these."""
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = ast.get_docstring(node) or ""
                found += [f"{path.relative_to(ROOT)}:{node.lineno}"] if re.match(r"Gives?\b", text) else []
    assert not found
