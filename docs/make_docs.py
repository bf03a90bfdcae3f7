"""make_docs — writes the pages of docs/ that are made from the code: `make docs`.

Each page is a function below that gives Markdown; `tests/house/test_docs_fresh.py` compares what they give with what
is checked in. So a key, a hook, a command or a child cannot come or go without its page.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import itertools
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from _doap import doap
from _md import ROOT, SOURCES, head_of, mod_modules, named, page, path_of, table, words_of
from _metrics import metrics_page
from _supervision import supervision_page

from xmpp_core import stream_fsm, subscription
from xmpp_core.subscription import (
    AutoReply,
    In,
    Item,
    Out,
    Probe,
    Push,
    Route,
    SendPresence,
    ShowToOwner,
    SubscriptionEvent,
)
from xmppd.cli import catalog, others
from xmppd.cli import main as ctl_main
from xmppd.commands import Command
from xmppd.config import describe
from xmppd.routing import (
    archive_hook_points,
    card_hook_points,
    device_hook_points,
    hook_points,
    moving_hook_points,
    presence_hook_points,
    private_hook_points,
    pubsub_hook_points,
    room_hook_points,
)

# -- hooks.md

#: where the points stand
POINTS = (
    hook_points, moving_hook_points, presence_hook_points, card_hook_points, private_hook_points, pubsub_hook_points,
    archive_hook_points, device_hook_points, room_hook_points,
)  # fmt: skip
FILES = [module.__name__ for module in POINTS]


def hooks_page() -> str:
    """Every hook point: when, with what, who fires it, who listens."""
    fired, heard = _fired(), _heard()
    parts: list[str] = []
    for name, node in _hook_classes().items():
        cls = next(getattr(module, name) for module in POINTS if hasattr(module, name))
        fields = ", ".join(f"`{f.name}: {f.type}`" for f in dataclasses.fields(cls))
        kind = ast.unparse(node.bases[0]).replace(f"['{name}', ", "[").removesuffix(f"['{name}']")
        parts.append(f"## {name}\n\n{inspect.getdoc(cls)}\n\n")
        parts.append(f"- kind: `{kind}`\n- fields: {fields or 'none'}\n")
        parts.append(f"- fired by: {named(fired.get(name, []))}\n- heard by: {named(heard.get(name, []))}\n\n")
    words = """
A hook point is a dataclass in `apps/xmppd/routing/hook_points.py`, in `moving_hook_points.py` beside it where a
session goes on in another process, or in another file beside it whose name ends so. `hooks.run(host, point)` tells
every handler of a `Run`; `hooks.run_fold(host, point, acc)` hands the accumulator of a `Fold` from handler to handler.
Lower `seq` goes first; `hooks.Stop(value)` ends the chain; a handler that raises is logged and skipped (a StanzaError
in a `Fold` is an answer and goes to who fired it; so does whatever is raised at a point that is `NEEDED`). Handlers run
in the process that fires. A module listens with `@on(Point, seq=50)`: see [modules.md](modules.md)."""
    return page("Hooks", words, *parts)


def _hook_classes() -> dict[str, ast.ClassDef]:
    trees = [ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8")) for module in POINTS]
    nodes = [node for tree in trees for node in tree.body]
    classes = [node for node in nodes if isinstance(node, ast.ClassDef) and node.decorator_list]
    return {node.name: node for node in classes}


def _fired() -> dict[str, list[str]]:
    """Hook point -> files that make one; only there do they come into being to be fired."""
    found: dict[str, list[str]] = {}
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        names = {a.name for node in imports if node.module in FILES for a in node.names}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                found.setdefault(node.func.id, []).append(str(path.relative_to(ROOT)))
    return found


def _heard() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for module in mod_modules():
        for fn in vars(module).values():
            for point, seq, *_ in getattr(fn, "_hooks", ()):
                found.setdefault(point.__name__, []).append(f"{path_of(module.__name__)}:{fn.__name__} (seq {seq})")
    return found


# -- xeps.md

TITLES = {
    4: "Data Forms",
    12: "Last Activity",
    30: "Service Discovery",
    45: "Multi-User Chat",
    48: "Bookmarks",
    49: "Private XML Storage",
    60: "Publish-Subscribe",
    115: "Entity Capabilities",
    163: "Personal Eventing Protocol",
    215: "External Service Discovery",
    223: "Persistent Storage of Private Data via PubSub",
    390: "Entity Capabilities 2.0",
    50: "Ad-Hoc Commands",
    54: "vcard-temp",
    55: "Jabber Search",
    59: "Result Set Management",
    77: "In-Band Registration",
    82: "XMPP Date and Time Profiles",
    84: "User Avatar",
    92: "Software Version",
    128: "Service Discovery Extensions",
    133: "Service Administration",
    157: "Contact Addresses for XMPP Services",
    153: "vCard-Based Avatars",
    160: "Best Practices for Handling Offline Messages",
    175: "Best Practices for Use of SASL ANONYMOUS",
    191: "Blocking Command",
    198: "Stream Management",
    199: "XMPP Ping",
    202: "Entity Time",
    203: "Delayed Delivery",
    237: "Roster Versioning",
    280: "Message Carbons",
    489: "Reporting Account Affiliations",
    478: "Stream Limits Advertisement",
    484: "Fast Authentication Streamlining Tokens",
    486: "MUC Avatars",
    490: "Message Displayed Synchronization",
    494: "Client Access Management",
    500: "MUC Slow Mode",
    292: "vCard4 Over XMPP",
    297: "Stanza Forwarding",
    313: "Message Archive Management",
    334: "Message Processing Hints",
    352: "Client State Indication",
    357: "Push Notifications",
    377: "Blocking Command Reports",
    359: "Unique and Stable Stanza IDs",
    398: "User Avatar to vCard-Based Avatars Conversion",
    402: "PEP Native Bookmarks",
    410: "MUC Self-Ping (Schrödinger's Chat)",
    421: "Occupant identifiers for semi-anonymous MUCs",
    424: "Message Retraction",
    425: "Moderated Message Retraction",
    431: "Full Text Search in MAM",
    455: "Service Outage Status",
    504: "Data Policy",
    441: "Message Archive Management Preferences",
}


def xeps_page() -> str:
    """Every XEP that a module says it is about, and what file heads say of others."""
    found: dict[int, list[tuple[str, str]]] = {}
    for module in mod_modules():
        for number, version in getattr(module, "XEP", {}).items():
            found.setdefault(number, []).append((version, path_of(module.__name__)))
    rows = [
        (_link(n), TITLES[n], ", ".join(v for v, _ in where), named(path for _, path in where))
        for n, where in sorted(found.items())
    ]
    heads = [(f"`{path.relative_to(ROOT)}`", said) for path in SOURCES if (said := _said_of_xeps(path))]
    words = """
The first table comes from the constant `XEP` of each module: the number and the version it was written to. The second
gives the field `XEP:` of the file heads as it stands there; what is *refused* there is known and not offered. Beside
these the server follows RFC 6120, 6121, 7622 and, for TLS, 7590. [doap.xml](doap.xml) says the same in the form that
programs read (XEP-0453). Stream compression (XEP-0138) is not offered: see
[dependencies.md](dependencies.md)."""
    return page(
        "XEPs",
        words,
        "## Modules\n\n" + table(("XEP", "title", "version", "where"), rows),
        "## What file heads say\n\n" + table(("file", "XEP"), heads),
    )


def _link(number: int) -> str:
    return f"[XEP-{number:04}](https://xmpp.org/extensions/xep-{number:04}.html)"


def _said_of_xeps(path: Path) -> str:
    found = re.search(r"^XEP:\s+(.*)$", head_of(path), re.MULTILINE)
    return re.sub(r"\b(\d{4})\b", lambda m: _link(int(m[1])), found[1]) if found else ""


# -- config.md


def config_page() -> str:
    """Every key of the configuration, and the options of every module."""
    sections: dict[str, list[describe.Key]] = {}
    for key in describe.known_keys():
        section, _, _ = key.name.rpartition(".")
        sections.setdefault(section, []).append(key)
    titles = {"": "Top level", "listen.1": "[[listen]]", "host.NAME": '[host."NAME"]'}
    parts = [
        f"## {titles.get(section, f'[{section}]')}\n\n"
        + table(("key", "takes", "default", "meaning"), [_key_row(key) for key in keys])
        for section, keys in sections.items()
    ]
    words = """
The file is TOML: `xmppd.toml` in the home, or what `--config FILE` or `XMPPD_CONFIG` names. None is needed: without
one the server serves `localhost` on the loopback, port 5222 (STARTTLS demanded), 5223 (TLS from the first byte) and
5280 (HTTP, for programs that watch it). It is read once, at the start; what `reload` takes over while the server runs
is in [operate.md](operate.md).

Every key outside lists may also come from the environment (`limits.rate` is `XMPPD_LIMITS_RATE`, `listen.1.port` is
`XMPPD_LISTEN_1_PORT`) or from `--set limits.rate=off`; with `_FILE` behind its name a variable names a file that holds
the value (for secrets). A list is written `a.example,b.example` there, or in brackets as in the file. The order is:
default, file, environment, `--set`, and the later one wins. A variable that begins with `XMPPD_` and sets nothing is an
error. Where no `[[listen]]` is configured, a port given from outside to the first listener and nothing to the others
(`--set listen.1.port=0`) leaves one listener.

All errors are told at once, with file, line and a suggestion, and the exit code is 78. `config check` looks without
starting, also at what only a start would find ([operate.md](operate.md)); `config show` asks the running server what is
in force and who set it, and says where the file differs; `config explain KEY` tells of one key, section or module,
`config example` prints a file to begin with. Relative paths are below the home."""
    return page("Configuration", words, *parts, _modules_part())


def _key_row(key: describe.Key) -> tuple[str, str, str, str]:
    default = "unset" if key.default is None and not getattr(key.kind, "word", "") else ""
    default = default or f"`{describe.toml(key.default, key.kind)}`"
    return f"`{key.name.rpartition('.')[2]}`", key.kind.words, default, key.doc


def _modules_part() -> str:
    rows: list[Sequence[object]] = []
    for module in mod_modules():
        name, words = module.__name__.rpartition(".")[2], words_of(path_of(module.__name__))
        options = getattr(module, "Options", None)
        said = "none"
        if options is not None:
            named = ", ".join(f"`{f.name} = {describe.toml(_default(f))}`" for f in dataclasses.fields(options))
            said = f"{named}. {options.__doc__}"
        rows.append((f"`{name}`", words, said))
    text = """## [modules] and [host."NAME".modules]

All of these run on every host unless told otherwise. `mod_x = { option = value }` sets options, `mod_x = false` takes
a module away; a name with a dot is a module of another package. A host's own table is laid over the common one.

"""
    return text + table(("module", "what it does", "options"), rows)


# -- commands.md


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default_factory() if field.default is dataclasses.MISSING else field.default  # type: ignore[misc]  # one of the two is there


def commands_page() -> str:
    """Every verb of ./rel/xmppd."""
    commands = catalog.in_files()
    where = {command.name: command.where for command in commands}
    aliases = {command.name: list(command.aliases) for command in commands}
    for word, verb in others.VERBS.items():
        name = tuple(part for part in verb if "{" not in part and not part.startswith("--"))
        aliases.setdefault(name, []).append(word)
    rows = [
        (f"`{_usage(name, verb)}`", verb.help, _options(verb), ", ".join(f"`{a}`" for a in aliases.get(name, ())))
        for name, verb in _verbs((), ctl_main.every_verb())
    ]
    here = ", ".join(f"`{' '.join(name)}`" for name, place in where.items() if place == "parent" and len(name) == 1)
    for_ = {
        access: ", ".join(f"`{command.key}`" for command in commands if command.access == access)
        for access in ("admin", "account")
    }
    words = f"""
`./rel/xmppd VERB`; `--help` behind any of them. Options of every verb, before it or after it: `--home DIR` (all data,
logs and sockets of one server; also `XMPPD_HOME`), `--config FILE` (also `XMPPD_CONFIG`), `--set KEY=VALUE`, `--json`
(the result as JSON). Two servers run side by side with two homes.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not running, 75 try again (a port is taken), 77 no permission, 78 wrong
configuration.

Most verbs are made from commands that files of the server and modules declare (`apps/xmppd/commands.py:command`); a
command line asks the running server which there are. These run in the parent, the others on one worker:
{here}. They reach the server through the control socket, `run/control.sock` in the home.

These an administrator may also call with a client (XEP-0050, [operate.md](operate.md)): {for_["admin"]}. And these each
account on itself too: {for_["account"]}."""
    rest = """## Words of other servers

Verbs of prosodyctl and ejabberdctl that mean one of ours are aliases, also in their order of arguments:
`change_password alice example.org secret`, `ban_account alice example.org spam`. The others are answered with a
sentence: what does it here, or that it is not there yet.

## What --json gives

An error is `{"error": text, "status": exit code}` on standard error. A result, by command:

"""
    made = "".join(f"- `{command.key}`: {_result(command)}\n" for command in commands if not command.by_hand)
    return page("Commands", words, table(("verb", "what it does", "its own options", "aliases"), rows), rest + made)


def _result(command: Command) -> str:
    """What the function of a command says that it gives."""
    module, _, name = command.fn.partition(":")
    words = inspect.getdoc(getattr(importlib.import_module(module), name)) or ""
    return " ".join(words.partition("\n\n")[0].split())


def _verbs(path: tuple[str, ...], group: click.Group) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name in sorted(group.commands):
        verb = group.commands[name]
        if isinstance(verb, click.Group):
            yield from _verbs((*path, name), verb)
        elif not verb.hidden:
            yield (*path, name), verb


def _usage(name: tuple[str, ...], verb: click.Command) -> str:
    arguments = [p for p in verb.params if isinstance(p, click.Argument)]
    return " ".join([*name, *(_argument(a) for a in arguments)])


def _argument(argument: click.Argument) -> str:
    name = (argument.metavar or (argument.name or "").upper()).strip("[]")
    return name if argument.required else f"[{name}]"


def _options(verb: click.Command) -> str:
    own = [p for p in verb.params if isinstance(p, click.Option) and p.name not in ("config", "home", "flags", "json")]
    return ", ".join(f"`{max(p.opts, key=len)}`{f' ({p.help})' if p.help else ''}" for p in own)


# -- subscriptions.md


def subscriptions_page() -> str:
    """The 24 transitions, and the 72 cells that follow from them."""
    parts = [
        "## The 24 transitions\n\n`*`: the stanza is routed (sent) or delivered (received).\n\n",
        subscription.table() + "\n",
        "## The 72 cells\n\n",
        *(_cells(event) for event in SubscriptionEvent),
    ]
    words = """
RFC 6121, Appendix A has nine states of a roster item and eight stanzas. The nine states are two axes of three:
*out* (I to the contact: none, ask, to) and *in* (the contact to me: none, pend, from). A stanza moves one axis and
looks at no other, so 3 × 8 transitions say it all: `apps/xmpp_core/subscription.py`, a pure table. The 72 cells are
computed from them; `tests/xmpp_core/test_subscription.py` holds them against an independent table.

Effects, in the order in which they are carried out: *route* the stanza to the contact, *deliver* it to the user's
resources, *push* the item to interested resources, *presence* and *unavailable* of all the user's resources to the
contact, *reply* in the user's name, *probe* the contact."""
    return page("Subscriptions", words, *parts)


def _cells(event: SubscriptionEvent) -> str:
    rows = []
    for out, in_ in itertools.product(Out, In):
        before = Item(out=out, in_=in_, listed=out is not Out.NONE or in_ is In.FROM)
        after, effects = subscription.apply(before, event)
        told = after.subscription + (", ask" if after.ask else "") if after.listed else "not listed"
        rows.append((_state(before), _state(after), told, ", ".join(_effect(e) for e in effects) or "nothing"))
    title = "sent" if event.is_sent else "received"
    return f"### {event.kind}, {title}\n\n" + table(("state", "then", "the client sees", "effects"), rows)


def _state(item: Item) -> str:
    return f"{item.out.value} / {item.in_.value}"


def _effect(effect: object) -> str:
    match effect:
        case Route(kind):
            return f"route {kind}"
        case ShowToOwner(kind):
            return f"deliver {kind}"
        case AutoReply(kind):
            return f"reply {kind}"
        case Push():
            return "push"
        case Probe():
            return "probe"
        case SendPresence():
            return "presence"
    return "unavailable"


# -- c2s.md


def c2s_page() -> str:
    """The states of a client's stream, from the table that decides them."""
    rows = [
        (f"`{state.value}`", f"`{event.__name__}`", ", ".join(f"`{t.value}`" for t in rule.leads_to) or "stays")
        for state, row in stream_fsm.TABLE.items()
        for event, rule in row.items()
    ]
    words = """
`apps/xmppd/stream/c2s.py` is a gen_fsm whose states bear the names of ejabberd's c2s. What an event means in a state is
decided by a pure table, `apps/xmpp_core/stream_fsm.py`; c2s carries out the actions it gives back. `wait_for_auth` is
the login of XEP-0078 (`[auth] legacy_auth`, off), `wait_for_session` lasts from bind to the opened session (the session
IQ of old clients is answered and does nothing), `wait_for_resume` is where a session waits for
another connection if a module wants it (ConnectionLostHook). mod_stream_management does for clients that have asked for
it, for so long as `[sm] hibernation` says. Arrows of one event to several states: the rule decides
by what the event holds. An event without a rule changes nothing."""
    parts = [
        "```mermaid\n" + stream_fsm.diagram().rstrip() + "\n```\n\n",
        table(("state", "event", "leads to"), rows),
    ]
    return page("A client's stream", words, *parts)


PAGES: Mapping[str, Callable[[], str]] = {
    "c2s.md": c2s_page,
    "commands.md": commands_page,
    "config.md": config_page,
    "doap.xml": doap,
    "hooks.md": hooks_page,
    "metrics.md": metrics_page,
    "subscriptions.md": subscriptions_page,
    "supervision.md": supervision_page,
    "xeps.md": xeps_page,
}


def main() -> int:
    """Write all pages."""
    for name, make in PAGES.items():
        (ROOT / "docs" / name).write_text(make(), encoding="utf-8")
        print(f"docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
