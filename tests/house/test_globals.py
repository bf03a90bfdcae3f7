"""test_globals — state that lies in a module or a class, and belongs to no process, is listed here with its reason.

What a process knows is in its state, what many read and one writes is in an ets table (docs/style.md). Found are names
of modules and classes that begin as an empty container, that hold an object which can change, and that are assigned
anew by functions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(p for top in ("otp", "apps") for p in (ROOT / top).rglob("*.py"))
CONTAINERS = {
    "dict", "list", "set", "bytearray", "deque", "defaultdict", "Counter", "OrderedDict", "count", "local",
    "WeakSet", "WeakKeyDictionary", "WeakValueDictionary",
}  # fmt: skip
#: classes whose objects are not changed after they are made, without being frozen dataclasses
VALUES = {
    "AccountState", "JID", "Table", "Published", "Element", "Rule", "Detached", "NoCarrier", "_Atom", "_Same", "Event",
}  # fmt: skip

SEEN_BY_ALL = "what a process of this node is known by: read by every call, so in place"
NODE = "of the one node that this OS process is; written by the process that owns it"
CACHE = "computed anew when it is lost"
DEBUG = "what is being looked at; empty unless somebody traces"
BEFORE = "is there before, and after, any process"
HOT = "read for each stanza: a look-up in place, empty but for moments"

ALLOWED: dict[str, tuple[str, set[str]]] = {
    # otp: the runtime itself, whose tables are those of a node
    "otp/erts/actor.py": (SEEN_BY_ALL, {"PROCESSES", "_FALLING"}),
    "otp/erts/blocking.py": ("the threads of this OS process, for all nodes that run in it", {"_POOL"}),
    "otp/erts/clock.py": ("the one clock, which tests move", {"CLOCK"}),
    "otp/erts/driven.py": ("tasks that are being unwound: asked by every step", {"UNWINDING"}),
    "otp/erts/links.py": (SEEN_BY_ALL, {"ALIASES", "HERE_ALIASES"}),
    "otp/erts/message_trace.py": (DEBUG, {"_tracers", "_watched"}),
    "otp/erts/pid.py": ("a pid that is read is the one there is", {"HERE", "_foreign_pids", "_local_pids", "_refs"}),
    "otp/erts/registry.py": (SEEN_BY_ALL, {"NAMES"}),
    "otp/erts/scheduler.py": ("what runs now", {"THIS"}),
    "otp/erts/shield.py": ("asyncio holds its tasks weakly", {"_RUNNING"}),
    "otp/erts/timer.py": (NODE, {"TIMERS"}),
    "otp/erts/trace.py": (DEBUG, {"TRACED", "_Defaults.installed", "_Defaults.new", "_deliver", "_terminate"}),
    "otp/kernel/application.py": (BEFORE, {"_configured", "_env", "_persistent"}),
    "otp/kernel/application_controller.py": (BEFORE, {"_loaded", "_running"}),
    "otp/kernel/code.py": ("what Python has loaded, which is of the OS process", {"_old", "_read"}),
    "otp/kernel/codec.py": ("classes, as their files are imported", {"_classes", "_packers", "_unpackers"}),
    "otp/kernel/dbg.py": (DEBUG, {"_patterns", "_watched"}),
    "otp/kernel/global_.py": (NODE, {"_names"}),
    "otp/kernel/held.py": (NODE, {"KEPT", "LIMBO", "TOOK", "_nodes", "_takers"}),
    "otp/kernel/keeper.py": (NODE, {"STATES"}),
    "otp/kernel/net_kernel.py": (NODE, {"_mesh"}),
    "otp/kernel/reaper.py": ("the children of this OS process", {"OURS"}),
    "otp/kernel/node.py": (NODE, {"BOOK"}),
    "otp/kernel/pace.py": (HOT, {"BEHIND"}),
    "otp/kernel/pg.py": (NODE, {"_scopes"}),
    "otp/kernel/rpc.py": (NODE, {"_abandoned", "_exported"}),
    "otp/kernel/stall.py": ("written by a thread that watches the loop", {"ALARMS"}),
    "otp/observer/plugin.py": ("no classes; a plugin that shows some has a mapping of its own", {"Plugin.special"}),
    "otp/observer/tracing.py": (DEBUG, {"_traces"}),
    "otp/release/boot.py": (BEFORE, {"_Here.mark", "_Here.orphaned", "_Here.status"}),
    "otp/stdlib/callback.py": ("callbacks have no attributes: one object of each class does for all", {"_SHARED"}),
    "otp/stdlib/children.py": ("side table: a supervisor's family is seen without asking it", {"FAMILIES"}),
    "otp/stdlib/ets.py": (SEEN_BY_ALL, {"_owned", "_tables"}),
    # xmpp_core: pure, but for what it has learnt of names
    "apps/xmpp_core/expat_core.py": (CACHE, {"_tables"}),
    # xmppd
    "apps/xmppd/admin/evaluate.py": ("the console's sessions, on the worker's one loop", {"_running", "_sessions"}),
    "apps/xmppd/archive/keeping.py": (
        "numbers that no two messages share; a text that both archives of a talk keep",
        {"_Here.element", "_Here.last", "_Here.text"},
    ),
    "apps/xmppd/archive/writer.py": ("by host: stages put there what is to be written, in place", {"_WRITERS"}),
    "apps/xmppd/audit.py": ("counted since this worker began", {"COUNTS", "LISTENERS"}),
    "apps/xmppd/crash_points.py": ("who has this OS process die; empty unless a test is there", {"WATCHERS"}),
    "apps/xmppd/auth/auth.py": (
        "as in an ets table: what `auth` has set up",
        {"_Current.accounts", "_Current.elsewhere", "_Current.secret", "_Current.signed", "_Current.tokens"},
    ),
    "apps/xmppd/inspect/hops.py": (DEBUG, {"_current"}),
    "apps/xmppd/metrics.py": ("counted since this OS process began, by whoever counts", {"METRICS"}),
    "apps/xmppd/mods/roster/view.py": (CACHE, {"_cache"}),
    "apps/xmppd/net/shaper.py": ("takes everything and counts nothing", {"UNLIMITED"}),
    "apps/xmppd/net/xml_stream.py": ("parsers that are leased: all streams share them", {"POOL"}),
    "apps/xmppd/routing/account/account.py": ("what is in use, held by who uses it", {"ACCOUNTS", "_AWAY", "_HOLDERS"}),
    "apps/xmppd/mods/caps/own_caps.py": (CACHE, {"_KNOWN"}),
    "apps/xmppd/mods/mod_caps.py": ("who is being asked by this node; empty but for moments", {"_ASKED"}),
    "apps/xmppd/pubsub/interest.py": (CACHE, {"_ELSEWHERE", "_NODES"}),
    "apps/xmppd/mods/service_lists/keeper.py": (HOT, {"_LISTS"}),
    "apps/xmppd/routing/awaited.py": (HOT, {"WAITING"}),
    "apps/xmppd/routing/hooks.py": (CACHE, {"_CHAINS"}),
    "apps/xmppd/routing/durability.py": (
        "by process, weakly: what it must wait for, and of whom", {"CONFIRMING", "CROWDED", "PASSING_ON", "PENDING"}
    ),
    "apps/xmppd/routing/faults.py": ("what the log was told, so that a flood is a line", {"_told"}),
    "apps/xmppd/routing/poison.py": (HOT, {"POISONED"}),
    "apps/xmppd/routing/safe_rounds.py": ("by process, weakly: whom it tells when that is over", {"ROUNDS"}),
    "apps/xmppd/routing/unconfirmed.py": (
        "by sender, weakly: what a receiver may lose",
        {"COPIES", "FULL", "LOST", "_BEGUN", "_KILLED", "_NUMBERS", "_ORDER", "_OVER", "_SENDERS"}
        | {"_askers", "_takers", "_wakers"},
    ),
    "apps/xmppd/routing/session.py": ("numbers that no two sessions of a node share", {"_CLOCK", "_serial"}),
    "apps/xmppd/routing/sm/flags.py": (HOT, {"FETCHING", "LEAVING", "REDELIVERED", "SETTLING", "_OF"}),
    "apps/xmppd/mods/stream_management/journal_server.py": ("files that stay open, whoever writes them", {"JOURNALS"}),
    "apps/xmppd/mods/stream_management/on_disk.py": (SEEN_BY_ALL, {"IN_HAND"}),
    "apps/xmppd/routing/sm/orphans.py": (HOT, {"ORPHANED"}),
    "apps/xmppd/routing/sm/session_table.py": (HOT, {"OWN", "PEERS", "_asked"}),
    "apps/xmppd/routing/sm/replicated.py": (HOT, {"_HAVE_LEFT"}),
    "apps/xmppd/routing/sm/sm.py": ("the one way in which this server keeps its directory", {"_DIRECTORY"}),
    "apps/xmppd/routing/sm/suspected_nodes.py": (HOT, {"REROUTING", "SUSPECTED"}),
    "apps/xmppd/store/backend.py": ("tables are known by their records as files are imported", {"Table.by_record"}),
    "apps/xmppd/store/measures.py": ("of this node's store, which has threads", {"_Node.slow", "_Node.trouble"}),
    "apps/xmppd/store/store.py": ("as in an ets table: the backend that is open", {"_Current.backend"}),
    "apps/xmppd/stream/c2s_login.py": (CACHE, {"_WRITTEN"}),
}  # fmt: skip


@cache
def classes() -> dict[str, list[str]]:
    """Our own classes whose objects can change: names, with what decorates them."""
    nodes = [n for p in SOURCES for n in ast.walk(ast.parse(p.read_text())) if isinstance(n, ast.ClassDef)]
    enums = ("Enum", "StrEnum", "IntEnum", "NamedTuple", "Exception", "Protocol")
    return {
        n.name: [ast.unparse(d) for d in n.decorator_list]
        for n in nodes
        if not any("frozen=True" in ast.unparse(d) for d in n.decorator_list)
        and not any(ast.unparse(b) in enums for b in n.bases)
    }


def can_change(value: ast.expr) -> bool:
    """An empty container, or an object that is no value."""
    if isinstance(value, ast.Dict | ast.List | ast.Set):
        return not (value.keys if isinstance(value, ast.Dict) else value.elts)
    if not isinstance(value, ast.Call):
        return False
    fn = value.func.value if isinstance(value.func, ast.Subscript) else value.func
    name = fn.attr if isinstance(fn, ast.Attribute) else getattr(fn, "id", "")
    filled = name in ("dict", "list", "set") and value.args
    return (name in CONTAINERS and not filled) or (name in classes() and name not in VALUES)


def targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign | ast.AugAssign) else []


def is_record(node: ast.ClassDef) -> bool:
    return any("dataclass" in ast.unparse(d) for d in node.decorator_list)


def in_body(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    """Names that are bound where the file or a class is made."""
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and can_change(node.value):
            yield from [prefix + ast.unparse(target) for target in targets(node)]
        elif isinstance(node, ast.ClassDef) and node.name in classes() and not is_record(node):
            yield from in_body(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.If | ast.Try):
            yield from in_body(node.body, prefix)


def assigned_later(tree: ast.Module) -> Iterator[str]:
    """Names of the file, and attributes of its classes, that a function binds anew."""
    named = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield from node.names
        for target in targets(node) if isinstance(node, ast.stmt) else []:
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id in named:
                yield ast.unparse(target)


def state_in(source: str) -> set[str]:
    """The state that lies in a file."""
    tree = ast.parse(source)
    return {*in_body(tree.body), *assigned_later(tree)} - {"XEP"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_state_outside_processes_has_a_reason(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    assert state_in(path.read_text()) == ALLOWED.get(name, ("", set()))[1], (
        f"{name}: state belongs to a process or to an ets table; if this must lie here, list it with its reason"
    )


def test_what_is_listed_is_there() -> None:
    assert not [name for name in ALLOWED if not (ROOT / name).is_file()]


def test_it_would_be_found() -> None:
    assert state_in("_cache: dict[str, int] = {}") == {"_cache"}
    assert state_in("SEEN = set()\nORDER = OrderedDict[str, int]()") == {"SEEN", "ORDER"}
    assert state_in("POOL = ParserPool(8)") == {"POOL"}
    assert state_in("def f():\n    global n\n    n = 1") == {"n"}
    assert state_in("class Now:\n    it = None\ndef f():\n    Now.it = 1") == {"Now.it"}
    assert state_in("TABLE = {1: 2}\nKINDS = set(['a'])\nHOST = JID('', 'h')") == set()
