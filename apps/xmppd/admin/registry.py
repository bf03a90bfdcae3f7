"""registry — which commands there are on a node, and the call of one.

OTP:      cf. ejabberd_commands:list_commands/0 and execute_command2/3
Way:      admin.dispatch (parent), admin.worker_commands (workers), cli.catalog (the files alone) → [registry]
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from xmpp_core.jid import JID
from xmppd.commands import (
    EXIT_PERMISSION,
    Answer,
    Caller,
    Command,
    CommandError,
    Param,
    check_params,
    commands_of,
    text_of,
)

#: files whose commands the parent carries out, and files whose commands every worker has; modules have their own
PARENT: Final = ("xmppd.admin.parent_commands",)
WORKER: Final = ("xmppd.admin.users", "xmppd.admin.sessions", "xmppd.admin.endings")

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

_INSPECT: Final = "xmppd.inspect.commands"

#: those that look at processes; their verbs are made by hand, because they go on
LOOKING: tuple[Command, ...] = (
    Command(("tree",), f"{_INSPECT}:tree", "the live supervision tree", LOOK_TREE, "parent", by_hand=True),
    Command(("top",), f"{_INSPECT}:top", "the processes with most to do", LOOK_TOP, "parent", by_hand=True),
    Command(("trace", "begin"), f"{_INSPECT}:trace_begin", "follow messages", LOOK_TRACE, "parent", by_hand=True),
    Command(("trace", "read"), f"{_INSPECT}:trace_read", "what a trace saw", TRACE_KEY, "parent", by_hand=True),
    Command(("trace", "end"), f"{_INSPECT}:trace_end", "end a trace", TRACE_KEY, "parent", by_hand=True),
    Command(("trace", "chart"), "xmppd.inspect.chart:chart", "one stanza's way", CHART, "parent", by_hand=True),
    Command(("crash",), f"{_INSPECT}:crash", "break a process on purpose", CRASH, "parent", by_hand=True),
    Command(("observe",), f"{_INSPECT}:observe", "what the observer shows", OBSERVE, "parent", by_hand=True),
)  # fmt: skip


def of_parent() -> list[Command]:
    """The commands that the parent carries out."""
    return [*_declared(PARENT), *LOOKING]


def of_worker(modules: Mapping[str, str]) -> list[Command]:
    """The commands that workers carry out; `modules`: the Python module of each mod_* that is meant, by its name.

    Raises TypeError for a declaration that cannot be.
    """
    own = [one for name, path in modules.items() for one in commands_of(importlib.import_module(path), name)]
    return [*_declared(WORKER), *own]


def by_name(commands: Iterable[Command]) -> dict[str, Command]:
    """Every command by its name and by each of its aliases; of two of one name the first."""
    found: dict[str, Command] = {}
    for command in commands:
        for name in (command.key, *command.aliases):
            found.setdefault(name, command)
    return found


def _declared(paths: Iterable[str]) -> list[Command]:
    return [command for path in paths for command in commands_of(importlib.import_module(path))]


async def call(command: Command, params: Mapping[str, Any]) -> Answer:
    """Call the function of a command with parameters that were checked, and `mod` where it takes that."""
    module, _, name = command.fn.partition(":")
    fn = getattr(importlib.import_module(module), name)
    result = fn(**params)
    result = await result if inspect.isawaitable(result) else result
    return Answer(plain(result), text_of(fn, result))


def may_call(command: Command, caller: Caller | None) -> bool:
    """Whether it is for such a caller; None is an operator."""
    return caller is None or command.access == "account" or command.access == caller.access


def checked(command: Command, given: Mapping[str, Any], caller: Caller | None = None) -> dict[str, Any]:
    """The parameters of a call. `caller`: None for an operator; who calls as an account may do so on itself only.
    Raises CommandError."""
    params = check_params(command, given)
    if caller is not None:
        accounts = [params[param.name] for param in command.params if param.kind == "account"]
        if not may_call(command, caller) or (caller.access == "account" and accounts != [caller.jid.bare]):
            raise CommandError(f"{caller.jid.bare} may not call {command.key} so", EXIT_PERMISSION)
    return params


def plain(value: Any) -> Any:
    """A result as JSON has it: dataclasses as objects, addresses as text."""
    if is_dataclass(value) and not isinstance(value, (JID, type)):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
