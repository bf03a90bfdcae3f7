"""commands — every command of a running server, as data: one registry behind all its faces.

OTP:      cf. ejabberd_commands.erl
Way:      cli.verbs, node.control → [commands] → admin.dispatch → the function that a command names

A command names its function by a reference ("package.module:function"), so that the parent and the command line
know all commands without loading the code of the server. Parameters and results are plain data (str, int, bool,
None, list, dict); a function that cannot do what is asked raises `CommandError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NOT_RUNNING = 3
EXIT_TRY_AGAIN = 75
EXIT_PERMISSION = 77
EXIT_CONFIG = 78


class CommandError(Exception):
    """A command was understood and could not be done; `status` is the exit code of the verb."""

    def __init__(self, text: str, status: int = EXIT_FAILED) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Param:
    """One parameter: positional and required, unless `default` makes it an option (`--name`).

    `asked`: a verb asks for it if it is not given.
    """

    name: str
    help: str
    default: str | int | bool | None = None
    required: bool = True
    many: bool = False
    asked: bool = False


@dataclass(frozen=True)
class Command:
    """One command.

    `where`: "any" one worker does it, "all" every worker does its part and the answers are a dict by node,
    "main" the parent does it. `aliases` are other verbs for it; `by_hand`: its verb is not made from this entry.
    `question`: what its verb asks a person first, with the parameters' names in braces.
    """

    name: tuple[str, ...]
    fn: str
    help: str
    params: tuple[Param, ...] = ()
    where: Literal["any", "all", "main"] = "any"
    aliases: tuple[str, ...] = ()
    timeout: float = 15.0
    by_hand: bool = False
    question: str = ""

    @property
    def key(self) -> str:
        """The name in one word, as the control socket takes it: `user add`."""
        return " ".join(self.name)


USER = Param("user", "account, as NAME or NAME@HOST")
PASSWORD = Param("password", "password", required=False)
ASKED = Param("password", "password; asked for if it is not given", required=False, asked=True)
HOST = Param("host", "virtual host; the first one configured if not given", required=False)

NODE = Param("node", "only this node: main, w1 …", required=False)
LOOK_TREE = (
    Param("under", "only the tree of this supervisor, by name or pid", required=False),
    NODE,
    Param("limit", "children of each supervisor that are shown", default=20, required=False),
    Param("first", "with `under`: its children from this one on", default=0, required=False),
)
LOOK_TOP = (
    Param("by", "mailbox, rate, memory or reductions", default="rate", required=False),
    Param("limit", "how many processes", default=20, required=False),
    Param("seconds", "time that is measured", default=1, required=False),
    NODE,
)
LOOK_TRACE = (
    Param("target", "name, pid or JID"),
    Param("kinds", "only messages of these kinds", required=False, many=True),
    Param("direction", "in, out or both", default="both", required=False),
    Param("count", "events after which it ends", default=1000, required=False),
    Param("seconds", "time after which it ends", default=60, required=False),
    NODE,
)
TRACE_KEY = (Param("key", "the trace"), Param("on", "its nodes", many=True))
CHART = (
    Param("target", "JID of who sends it; without one, the next stanza of anybody", required=False),
    Param("kind", "message, presence or iq", required=False),
    Param("seconds", "time to wait for one", default=30, required=False),
)
CRASH = (
    Param("target", "name or pid"),
    Param("how", "kill, raise, exit, hang, block or flood", default="raise", required=False),
    Param("seconds", "of hang and block", default=10, required=False),
    Param("count", "messages of a flood", default=10_000, required=False),
    NODE,
)
OBSERVE = (
    Param("what", "system, load, tables, rows or info"),
    Param("name", "rows: the table; info: the process, by pid, name or id", required=False),
    NODE,
)

_PARENT = "xmppd.admin.parent_commands"
_USERS = "xmppd.admin.users"
_INSPECT = "xmppd.inspect.commands"

COMMANDS: tuple[Command, ...] = (
    Command(("ping",), f"{_PARENT}:ping", "ask every worker for a sign of life", where="main"),
    Command(("status",), f"{_PARENT}:status", "what runs, where it listens, who is connected", where="main"),
    Command(("reload",), f"{_PARENT}:reload", "read configuration and certificates again", where="main",
            aliases=("reload_config",)),
    Command(("upgrade",), "xmppd.admin.upgrade:upgrade", "load a module's file anew on every worker; connections stay",
            (Param("module", "mod_ping, xmppd.stream.c2s …"),), "main", timeout=180.0),
    Command(("config", "show"), f"{_PARENT}:configuration", "the configuration in force", where="main",
            by_hand=True),
    Command(("stop",), f"{_PARENT}:stop", "drain and stop the server", where="main", by_hand=True),
    Command(("tree",), f"{_INSPECT}:tree", "the live supervision tree", LOOK_TREE, "main", by_hand=True),
    Command(("top",), f"{_INSPECT}:top", "the processes with most to do", LOOK_TOP, "main", by_hand=True),
    Command(("trace", "begin"), f"{_INSPECT}:trace_begin", "follow messages", LOOK_TRACE, "main", by_hand=True),
    Command(("trace", "read"), f"{_INSPECT}:trace_read", "what a trace saw", TRACE_KEY, "main", by_hand=True),
    Command(("trace", "end"), f"{_INSPECT}:trace_end", "end a trace", TRACE_KEY, "main", by_hand=True),
    Command(("trace", "chart"), "xmppd.inspect.chart:chart", "one stanza's way", CHART, "main", by_hand=True),
    Command(("crash",), f"{_INSPECT}:crash", "break a process on purpose", CRASH, "main", by_hand=True),
    Command(("observe",), f"{_INSPECT}:observe", "what the observer shows", OBSERVE, "main", by_hand=True),
    Command(("user", "add"), f"{_USERS}:add", "make an account; prints a password if none is given",
            (USER, PASSWORD), aliases=("adduser",)),
    Command(("user", "passwd"), f"{_USERS}:passwd", "set an account's password; asks for it if none is given",
            (USER, ASKED, Param("random", "make a password, and print it", default=False, required=False)),
            aliases=("passwd",)),
    Command(("user", "del"), f"{_USERS}:delete", "remove an account and all it left on the server", (USER,),
            aliases=("deluser",), question="Remove {user} and all it left on the server?"),
    Command(("user", "disable"), f"{_USERS}:disable", "lock an account and end its sessions; its data stays",
            (USER, Param("reason", "words for the log and for its clients", required=False))),
    Command(("user", "enable"), f"{_USERS}:enable", "unlock an account; its old password is good again", (USER,)),
    Command(("user", "show"), f"{_USERS}:show", "one account: made when, disabled or not, sessions", (USER,)),
    Command(("user", "list"), f"{_USERS}:list_", "the accounts of a host", (HOST,),
            aliases=("registered_users",)),
    Command(("session", "list"), "xmppd.admin.sessions:list_", "who is connected",
            (Param("user", "only this account", required=False),), aliases=("connected_users",)),
    Command(("session", "kick"), "xmppd.admin.sessions:kick", "end sessions of an account",
            (Param("user", "account or full JID"), Param("reason", "words for the client", required=False))),
    Command(("roster", "list"), "xmppd.admin.rosters:list_", "an account's contacts", (Param("owner", "account"),)),
    Command(("roster", "add"), "xmppd.admin.rosters:add",
            "add a contact, and ask for its presence as the owner's client would",
            (Param("owner", "account"), Param("contact", "bare JID of the contact"),
             Param("name", "name of the contact", required=False),
             Param("group", "group of the contact", required=False, many=True))),
    Command(("roster", "remove"), "xmppd.admin.rosters:remove", "take a contact out, with all its subscriptions",
            (Param("owner", "account"), Param("contact", "bare JID of the contact"))),
)  # fmt: skip


def registry() -> Mapping[str, Command]:
    """Give every command by its name and by each of its aliases."""
    return {name: command for command in COMMANDS for name in (command.key, *command.aliases)}


def check_params(command: Command, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the parameters of a call with defaults filled in. Raises CommandError for what is missing or unknown."""
    known = {param.name: param for param in command.params}
    for name in given:
        if name not in known:
            raise CommandError(f"{command.key} takes no {name!r}", EXIT_USAGE)
    missing = [p.name for p in command.params if p.required and given.get(p.name) is None]
    if missing:
        raise CommandError(f"{command.key} needs {', '.join(missing)}", EXIT_USAGE)
    return {name: given.get(name, param.default) for name, param in known.items()}
