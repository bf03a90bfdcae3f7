"""test_bounds — whatever can grow while a worker runs has a bound, which stands here with its reason.

A container that somebody outside can fill is a way to take a server's memory. Found are the names of a file, and the
attributes of its classes, that begin as an empty container; `deque(maxlen=…)` bounds itself. Each is listed with what
bounds it: one of the words below, or a sentence that names the constant or option which is looked at where it grows.
Caches of functools say how many they keep. tests/xmppd/test_sup__floods.py fills them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: what does not run on a worker, or for one operator at a terminal
BESIDE = ("cli", "testing", "config", "node")
SOURCES = [
    path
    for top in ("apps/xmpp_core", "apps/xmppd")
    for path in sorted((ROOT / top).rglob("*.py"))
    if path.relative_to(ROOT).parts[2] not in BESIDE
]
CONTAINERS = {
    "dict", "list", "set", "frozenset", "bytearray", "deque", "defaultdict", "Counter", "OrderedDict",
    "WeakKeyDictionary", "WeakValueDictionary", "WeakSet",
}  # fmt: skip

PROGRAM = "as many as the program and its modules declare"
NODES = "one for each node of the mesh"
STANZA = "of one element or read: the parser's Limits and PIECE"
CALL = "of one call: gone when it returns"
CONNECTIONS = "one for each open connection: [limits] connections"
PROCESSES = "one for each living process of this node, of which connections are the most"
SESSIONS = "one for each session: [limits] connections and resources"
OPERATOR = "what an operator asks for: nobody else fills it"
OFFLINE = "of the messages stored for the account: [limits] offline_messages"
PLACED = "one for each placed process, such as a room: what its module allows"
STORED = "one store in memory, of whose rows each module bounds its own"

BOUNDS: dict[str, dict[str, str]] = {
    "xmpp_core/errors.py": {"StreamError.events": STANZA},
    "xmpp_core/expat_core.py": {
        "Core.out": STANZA, "StreamStart.ns_decls": STANZA, "_Open.stack": STANZA,
        "_tables": "one for each content namespace, of _NAMES_KEPT names",
    },
    "xmpp_core/lost_counts.py": {"LostCounts.numbers": "[sm] queue_stanzas, ON_THE_WAY times"},
    "xmpp_core/parser_pool.py": {
        "ParserPool._shelves": "two for each content namespace", "Shelf.free": "MAX_FREE parsers",
    },
    "xmpp_core/stream_state.py": {"StreamConfig.of_host": OPERATOR},
    "xmpp_core/stream_management.py": {"Acknowledgements.kept": "[sm] queue_stanzas, queue_bytes; ON_THE_WAY times"},
    "xmpp_core/muc/room.py": {
        "ChatRoom.nicks": "max_occupants of mod_muc, and their sessions",
        "ChatRoom.occupants": "max_occupants of mod_muc",
        "ChatRoom.spoke": "who spoke in the last slow_mode seconds: occupants, and those who have left since",
    },
    "xmpp_core/muc/room_draft.py": {
        "RoomChanges.affiliated": CALL, "RoomChanges.seated": CALL, "RoomDraft._affiliated": CALL,
        "RoomDraft._effects": CALL, "RoomDraft._seated": CALL,
    },
    "xmppd/mods/mod_muc.py": {"Options.default_options": OPERATOR},
    "xmppd/muc/room_server.py": {
        "RoomState.late": "what is said in the seconds in which a session may come back (orphans.PATIENCE)",
        "RoomState.suspects": "sessions in the room: max_occupants of mod_muc",
    },
    "xmppd/muc/room_writer.py": {
        "RoomWriterState.queue": "what has_room lets each sender hand over",
        "RoomWriterState.waiting": "one for each who waits for it",
    },
    "xmppd/admin/evaluate.py": {"_running": OPERATOR, "_sessions": OPERATOR},
    "xmppd/archive/writer.py": {
        "ArchiveWriterState.rows": "what has_room lets each sender hand over",
        "ArchiveWriterState.debts": "likewise",
        "ArchiveWriterState.waiting": "one for each who waits for it",
        "_WRITERS": "one for each host",
    },
    "xmppd/audit.py": {"COUNTS": PROGRAM, "LISTENERS": OPERATOR},
    "xmppd/auth/auth.py": {
        "_Current.elsewhere": OPERATOR, "_Current.signed": OPERATOR, "_Current.tokens": OPERATOR,
    },
    "xmppd/auth/ldap_directory.py": {"Connections._idle": "[auth] ldap_connections"},
    "xmppd/auth/throttle.py": {"Throttle._buckets": "bound, 10,000 keys; full buckets are forgotten"},
    "xmppd/auth/verified.py": {"Verified._marks": "bound, 10,000 passwords, each for a minute"},
    "xmppd/crash_points.py": {"WATCHERS": PROGRAM},
    "xmppd/gen_mod_server.py": {"ModState.running": PROGRAM},
    "xmppd/http/http_server.py": {"HttpSettings.own": PROGRAM},
    "xmppd/http/messages.py": {"HttpResponse.headers": CALL},
    "xmppd/http/protocol.py": {"Http1._body": "of one request: the protocol's limit of a body"},
    "xmppd/inspect/hops.py": {
        "Hops._now": PROCESSES, "Hops._parsed": "_shrink", "Hops._unsent": CONNECTIONS, "Hops.keys": "_shrink",
        "_current": OPERATOR,
    },
    "xmppd/inspect/sessions_pane.py": {"SessionsPane._rows": OPERATOR},
    "xmppd/metrics.py": {"METRICS": PROGRAM, "Metric.reads": PROGRAM},
    "xmppd/mods/adhoc/executions.py": {"Executions.open": "MOST of a session, LIFETIME"},
    "xmppd/mods/csi/held.py": {"HeldStanzas._stanzas": "max_stanzas, max_octets of mod_csi"},
    "xmppd/mods/mam/prefs.py": {"Wishes.always": "MOST addresses", "Wishes.never": "MOST addresses"},
    "xmppd/mods/service_lists/keeper.py": {"_LISTS": "one for each host, of rules.MOST addresses each"},
    "xmppd/mods/shared_roster/groups.py": {"GroupTables.known": "one for each host, of MOST_MEMBERS"},
    "xmppd/mods/service_lists/rules.py": {
        "ServiceLists.admins": "MOST addresses", "ServiceLists.allowed": "MOST addresses",
        "ServiceLists.blocked": "MOST addresses",
    },
    "xmppd/mods/offline/spool.py": {
        "OfflineState.fetched": "archived.MOST ids",
        "OfflineState.before": OFFLINE, "OfflineState.confirmed": OFFLINE, "OfflineState.portions": OFFLINE,
        "OfflineState.unreadable": OFFLINE, "OfflineState.written": OFFLINE,
    },
    "xmppd/mods/offline/writer.py": {
        "WriterState.queue": "_BATCH and _BATCH_BYTES, then it is stored",
        "WriterState.waiting": "one for each who syncs",
    },
    "xmppd/mods/presence/session_state.py": {
        "PresenceState.pres_a": "contacts, and MOST_DIRECTED", "PresenceState.pres_f": "[limits] roster_items",
        "PresenceState.pres_t": "[limits] roster_items",
    },
    "xmppd/mods/push/pusher.py": {"PusherState.wakers": "MOST clients that are away"},
    "xmppd/mods/roster/transitions.py": {"Change.replies": CALL},
    "xmppd/mods/roster/view.py": {
        "View.froms": "[limits] roster_items", "View.tos": "[limits] roster_items", "_cache": "_KEPT accounts",
    },
    "xmppd/mods/stream_management/journal.py": {
        "Replay.ended": "of one file, which its worker compacts",
        "Replay.sessions": "of one file, which its worker compacts",
    },
    "xmppd/mods/stream_management/adoption.py": {"Found.state": CALL, "Found.stanzas": CALL},
    "xmppd/mods/stream_management/journal_server.py": {"JOURNALS": PROGRAM},
    "xmppd/mods/stream_management/on_disk.py": {"IN_HAND": SESSIONS},
    "xmppd/mods/stream_management/confirmations.py": {
        "Confirmations._heard": "one for each portion of stored messages",
        "Confirmations._waiting": "one for each sender who syncs, and what has_room lets it send before",
    },
    "xmppd/mods/stream_management/queue_writer.py": {
        "QueueWriterState.drops": SESSIONS, "QueueWriterState.saves": "one for each session: the next is after it",
    },
    "xmppd/mods/strangers/held.py": {"Acquaintances.addressees": "MOST_SPOKEN"},
    "xmppd/monitor/scraper.py": {
        "ScraperState.last": "two kinds of answer", "ScraperState.waiting": "HTTP_CONNECTIONS",
        "ScraperState.working": "two kinds of answer",
    },
    "xmppd/net/connection_limits.py": {
        "OpenConnections.by_address": CONNECTIONS, "OpenConnections.unauthenticated": CONNECTIONS,
        "OpenConnections.unauthenticated_by_address": CONNECTIONS,
    },
    "xmppd/net/receiver.py": {"Inbound._told": "BACKLOG bytes, then nothing is read"},
    "xmppd/net/tls.py": {"TlsContexts._by_host": PROGRAM},
    "xmppd/net/transport.py": {
        "Flusher._dirty": CONNECTIONS,
        "Transport._out": "HIGH_WATER, then it is written; `limit` in the socket's buffer",
        "Transport._waiters": "its one writer",
    },
    "xmppd/mods/caps/own_caps.py": {"_KNOWN": "_MOST hosts"},
    "xmppd/mods/mod_blocking.py": {"OwnList.blocked": "max_items"},
    "xmppd/mods/mod_caps.py": {"_ASKED": "MOST_ASKED hashes of MOST_HOLDERS"},
    "xmppd/pubsub/interest.py": {"_ELSEWHERE": "MOST_ELSEWHERE of MOST_RESOURCES", "_NODES": "MOST_KEYS"},
    "xmppd/pubsub/node_store.py": {"Realm.admins": OPERATOR},
    "xmppd/routing/awaited.py": {"WAITING": "MOST"},
    "xmppd/routing/account/account.py": {
        "ACCOUNTS": SESSIONS, "LiveAccount.states": PROGRAM, "_HOLDERS": PROCESSES, "_AWAY": "MOST_AWAY",
        "LiveAccount.line": "a stanza of each process, and what has_room lets each hand over",
    },
    "xmppd/routing/account/accounts.py": {"State.waiting": "what has_room lets each sender hand over"},
    "xmppd/routing/safe_rounds.py": {
        "ROUNDS": PROCESSES, "Round.next": "one <r/>, what is parked, and a connection that comes for the session",
    },
    "xmppd/routing/unconfirmed.py": {
        "COPIES": PROCESSES, "Copies.by_holder": "MOST copies, _MOST_BYTES; of a home: what its senders may keep",
        "HeldCopies.messages": "likewise", "HeldCopies.order": "likewise", "LOST": PROCESSES,
        "_BEGUN": PROCESSES, "_SENDERS": PROGRAM,
        "_KILLED": "those of whom somebody keeps something", "_OVER": NODES,
        "_takers": PROGRAM, "_askers": PROGRAM, "_wakers": PROGRAM, "FULL": PROCESSES,
    },
    "xmppd/routing/deliver.py": {"Hold.queue": "a quarter of what may wait in a connection, or the end (c2s_session)"},
    "xmppd/routing/durability.py": {
        "CONFIRMING": PROGRAM, "CROWDED": PROCESSES, "PASSING_ON": PROGRAM,
        "PENDING": PROCESSES, "Pending.owners": "has_room: _MOST bytes, each at least _LEAST",
        "Pending.passed_on": "likewise",
        "Pending.writers": "the nodes' writers of each host",
    },
    "xmppd/routing/faults.py": {"_told": "_MOST"},
    "xmppd/routing/handler_table.py": {"TableState.awaited": PROGRAM, "TableState.entries": PROGRAM},
    "xmppd/routing/hooks.py": {"_CHAINS": "_MOST_CHAINS"},
    "xmppd/routing/placed/keys.py": {
        "LocatorState.given_up": PLACED, "LocatorState.keys": PLACED, "LocatorState.leaving": PLACED,
        "LocatorState.left": PLACED, "LocatorState.moving": PLACED, "LocatorState.others": NODES,
        "LocatorState.pids": PLACED, "LocatorState.starting": PLACED, "LocatorState.to_settle": PLACED,
        "LocatorState.unsettled": NODES,
        "LocatorState.waiting": "MOST_WAITING",
    },
    "xmppd/routing/poison.py": {"POISONED": "MOST"},
    "xmppd/routing/saved_session.py": {"SavedSession.states": PROGRAM},
    "xmppd/routing/session.py": {"C2sSession.module_states": PROGRAM + "; versions: MOST_SUBJECTS"},
    "xmppd/routing/sm/flags.py": {"FETCHING": SESSIONS, "LEAVING": SESSIONS, "SETTLING": SESSIONS,
                                      "REDELIVERED": SESSIONS, "_OF": SESSIONS},
    "xmppd/routing/sm/orphans.py": {"ORPHANED": SESSIONS},
    "xmppd/routing/sm/replicated.py": {"_HAVE_LEFT": SESSIONS},
    "xmppd/routing/sm/rows.py": {
        "SessionRows.heard": NODES, "SessionRows.hidden": SESSIONS, "SessionRows.missed": NODES,
    },
    "xmppd/routing/sm/session_table.py": {
        "OWN": SESSIONS, "PEERS": NODES, "SmState.awaited": NODES, "SmState.kicked": SESSIONS, "SmState.lost": NODES,
        "SmState.os_pids": NODES, "SmState.watched": SESSIONS, "_asked": PROGRAM,
    },
    "xmppd/routing/sm/suspected_nodes.py": {"REROUTING": SESSIONS, "SUSPECTED": NODES},
    "xmppd/store/backend.py": {"Table.by_record": PROGRAM},
    "xmppd/store/pg_tx.py": {"_delete": PROGRAM, "_insert": PROGRAM, "_select": PROGRAM},
    "xmppd/store/store_memory.py": {
        "MemoryStore._tables": PROGRAM, "MemoryTx._undo": CALL, "_Rows.by_key": STORED, "_Rows.keys": STORED,
    },
    "xmppd/store/store_sql.py": {"read_many_sql": PROGRAM, "statements": PROGRAM},
    "xmppd/stream/backlog.py": {"Backlog._of": "limit", "Backlog.waiting": "limit bytes, of each sender SHARE"},
    "xmppd/stream/driver.py": {"Stream.parked": "BACKLOG bytes, then nothing is read"},
    "xmppd/stream/c2s_login.py": {"_WRITTEN": "_MOST_WRITTEN"},
}  # fmt: skip


def begins_empty(value: ast.expr | None) -> bool:
    """A container without anything in it; of a dataclass: its default_factory."""
    if isinstance(value, ast.Dict | ast.List | ast.Set):
        return not (value.keys if isinstance(value, ast.Dict) else value.elts)
    if not isinstance(value, ast.Call):
        return False
    name = _name(value.func)
    if name == "field":
        factory = next((k.value for k in value.keywords if k.arg == "default_factory"), None)
        if isinstance(factory, ast.Lambda):
            return begins_empty(factory.body)
        return factory is not None and _name(factory) in CONTAINERS
    return name in CONTAINERS and not value.args and not any(k.arg == "maxlen" for k in value.keywords)


def comes_later(annotation: ast.expr | None, value: ast.expr | None) -> bool:
    """None at first, and a container when there is something: `list[int] | None`."""
    kinds = "|".join(CONTAINERS - {"frozenset"})
    none = isinstance(value, ast.Constant) and value.value is None
    return annotation is not None and none and re.match(rf"({kinds})\[.*\| None$", ast.unparse(annotation)) is not None


def is_copy(name: str, value: ast.expr | None) -> bool:
    """An attribute that begins as a copy of an argument: `self.kept = list(kept)`."""
    return name.startswith("self.") and isinstance(value, ast.Call) and _name(value.func) in ("list", "dict", "set")


def _name(fn: ast.expr) -> str:
    fn = fn.value if isinstance(fn, ast.Subscript) else fn
    return fn.attr if isinstance(fn, ast.Attribute) else getattr(fn, "id", "")


def empty_ones(body: list[ast.stmt]) -> Iterator[str]:
    """The names that statements bind to what can grow."""
    for node in body:
        if isinstance(node, ast.Assign):
            names = [ast.unparse(target) for target in node.targets]
            yield from [name for name in names if begins_empty(node.value) or is_copy(name, node.value)]
        elif isinstance(node, ast.AnnAssign):
            name = ast.unparse(node.target)
            if begins_empty(node.value) or comes_later(node.annotation, node.value) or is_copy(name, node.value):
                yield name


def growing(tree: ast.Module) -> set[str]:
    """`NAME` of the file, `Class.name` of an attribute."""
    found = set(empty_ones(tree.body)) - {"XEP"}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        found |= {f"{node.name}.{name}" for name in empty_ones(node.body)}
        methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
        for method in methods:
            inside = [one for one in ast.walk(method) if isinstance(one, ast.stmt)]
            found |= {f"{node.name}.{name[5:]}" for name in empty_ones(inside) if name.startswith("self.")}
    return found


def unbounded_caches(tree: ast.Module) -> set[str]:
    """Functions whose results are all remembered, for as many arguments as come."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for one in node.decorator_list:
                given = [*one.args, *(k.value for k in one.keywords)] if isinstance(one, ast.Call) else []
                name = _name(one.func if isinstance(one, ast.Call) else one)
                if name == "cache" or (name == "lru_cache" and [ast.unparse(a) for a in given] == ["None"]):
                    found.add(node.name)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_grows_has_a_bound(path: Path) -> None:
    name, tree = str(path.relative_to(ROOT / "apps")), ast.parse(path.read_text())
    listed = BOUNDS.get(name, {})
    assert growing(tree) | unbounded_caches(tree) == set(listed), (
        f"apps/{name}: what may grow is bounded, and BOUNDS says by what"
    )


def test_the_constants_that_are_named_are_there() -> None:
    there = {word for path in SOURCES for word in re.findall(r"\w+", path.read_text())}
    said = {why for one in BOUNDS.values() for why in one.values()}
    assert not {word for why in said for word in re.findall(r"\b_?[A-Z][A-Z_]{3,}\b", why)} - there


def test_what_is_listed_is_there() -> None:
    assert not [name for name in BOUNDS if not (ROOT / "apps" / name).is_file()]


def test_it_would_be_found() -> None:
    source = """
A = {}
B: dict[str, int] = dict()
C = {1: 2}
D = deque(maxlen=3)
@dataclass
class One:
    e: set[int] = field(default_factory=set)
    f: int = 0
    def __init__(self):
        self.g: list[int] = []
        self.h = self.i = OrderedDict[str, int]()
        x = []
@cache
def j(k): ...
@lru_cache(None)
def l(k): ...
@lru_cache(8)
def m(k): ...
"""
    tree = ast.parse(source)
    assert growing(tree) == {"A", "B", "One.e", "One.g", "One.h", "One.i"}
    assert unbounded_caches(tree) == {"j", "l"}
