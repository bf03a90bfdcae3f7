"""commands — what a command is, and how a file of the server declares one.

OTP:      cf. ejabberd_commands.erl
Way:      admin.users, admin.sessions, mods.mod_x … → [commands.command] → admin.registry → cli.verbs, admin.dispatch;
          mod_adhoc → [commands.of_node] → admin.worker_commands

    @command("roster list", "an account's contacts", none="no contacts")
    async def contacts(owner: Account, mod: Mod) -> list[Contact]: …

A declaration is a function with types: its parameters are those of the command (str, int, float, bool, list[str], and
Account: the JID of an account of ours), what it returns is the result: None, a str, a list of str, a dataclass, a dict,
or rows (a list of dataclasses or dicts). A parameter without a default is needed and stands by its place; one with a
default is an option. In a module a function may take `mod`, as handlers do. One that cannot do what is asked raises
CommandError.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

from otp.kernel import application
from xmpp_core.jid import JID

F = TypeVar("F", bound=Callable[..., Any])

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
class Answer:
    """The result of a command as plain data (what JSON has), and in words where the command has words of its own."""

    value: Any = None
    text: str | None = None


Kind = Literal["", "text", "whole", "number", "flag", "many", "account"]
#: who carries it out: the parent, or one of the workers, it does not matter which
Where = Literal["worker", "parent"]
#: "operator": who may use the control socket; "admin": also an administrator, over XMPP (`admins` of the
#: configuration); "account": also an account, on itself
Access = Literal["operator", "admin", "account"]


@dataclass(frozen=True)
class Caller:
    """Who calls, if it is no operator: an account (its bare JID), as an administrator or on itself."""

    jid: JID
    access: Literal["admin", "account"]


@dataclass(frozen=True)
class Param:
    """One parameter: by its place, or an option (`--name`). `kind` "" is not checked.

    `asked`: a verb asks for it if it is not given; `is_secret`: a verb also takes it from standard input.
    """

    name: str
    help: str
    default: str | int | float | bool | None = None
    required: bool = True
    many: bool = False
    kind: Kind = ""
    positional: bool = False
    is_secret: bool = False
    asked: bool = False


@dataclass(frozen=True)
class Command:
    """One command, as data.

    `fn` refers to its function ("package.module:function"); `aliases` are other verbs for it; `by_hand`: its verb is
    not made from this entry. `question`: what its verb asks a person first, with the parameters' names in braces.
    `none`: words for an empty result. `module`: the mod_* that declares it, "" for the server itself; `per_host`: it
    needs that module on a host. `timeout`: seconds that a verb waits.
    """

    name: tuple[str, ...]
    fn: str
    help: str
    params: tuple[Param, ...] = ()
    where: Where = "worker"
    aliases: tuple[str, ...] = ()
    timeout: float = 15.0
    by_hand: bool = False
    question: str = ""
    none: str = ""
    access: Access = "operator"
    module: str = ""
    per_host: bool = False

    @property
    def key(self) -> str:
        """The name in one word, as the control socket takes it: `user add`."""
        return " ".join(self.name)

    def plain(self) -> dict[str, Any]:
        """As it crosses to the command line."""
        return asdict(self)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Command:
        """The inverse of plain(), also after JSON."""
        params = tuple(Param(**param) for param in plain["params"])
        lists = {name: tuple(plain[name]) for name in ("name", "aliases")}
        return cls(**{**plain, **lists, "params": params})


# -- declaring


@dataclass(frozen=True)
class Arg:
    """What a type does not say of a parameter: `Annotated[str, Arg("words for the log")]`. `positional`: an optional
    one that stands by its place all the same. The others are as in Param."""

    help: str
    positional: bool = False
    is_secret: bool = False
    asked: bool = False


#: an account of ours, given as NAME (of the first host) or NAME@HOST; the function gets its bare JID
Account = Annotated[JID, Arg("account, as NAME or NAME@HOST")]
HOST: Final = Param("host", "virtual host; the first that has the module if not given", required=False, kind="text")
_KINDS: Final[Mapping[Any, Kind]] = {
    str: "text", int: "whole", float: "number", bool: "flag", list[str]: "many", JID: "account"
}  # fmt: skip


@dataclass(frozen=True)
class _Declared:
    """What `command` keeps with the function until the module is asked for its commands."""

    command: Command
    text: Callable[[Any], str] | None


def command(
    name: str,
    help: str,
    *,
    aliases: tuple[str, ...] = (),
    where: Where = "worker",
    timeout: float = 15.0,
    by_hand: bool = False,
    question: str = "",
    text: Callable[[Any], str] | None = None,
    none: str = "",
    access: Access | None = None,
) -> Callable[[F], F]:
    """Declare a command `name` ("group verb"); the fields of Command say what the others mean. `text`: the result of
    the function in words; without it rows are shown as a table, and fields one below the other. `access`: unless it is
    said, a worker's command is for administrators too, and one of the parent for operators only."""
    who: Access = access or ("operator" if where == "parent" else "admin")

    def mark(fn: F) -> F:
        found = Command(
            tuple(name.split()), f"{fn.__module__}:{fn.__qualname__}", help, (), where, aliases, timeout, by_hand,
            question, none, who,
        )  # fmt: skip
        fn.__dict__["_command"] = _Declared(found, text)
        return fn

    return mark


def commands_of(module: types.ModuleType, mod: str = "") -> list[Command]:
    """The commands that a file declares; `mod` is its name if it is a module of the server.

    Raises TypeError for a parameter of a type that no command has, and for access="account" without an Account.
    """
    functions = [fn for fn in vars(module).values() if isinstance(fn, types.FunctionType) and hasattr(fn, "_command")]
    return [_complete(fn, mod) for fn in functions]


def text_of(fn: Callable[..., Any], result: Any) -> str | None:
    """The result of a function in the words that its declaration has for it; None if it has none."""
    declared: _Declared | None = getattr(fn, "_command", None)
    return declared.text(result) if declared is not None and declared.text is not None else None


@lru_cache(256)
def _complete(fn: Any, mod: str) -> Command:
    """Looking at a signature takes a while, and what a function declares does not change."""
    hints = get_type_hints(fn, include_extras=True)
    signature = inspect.signature(fn).parameters
    params = [_param(hints[name], one, fn) for name, one in signature.items() if name != "mod"]
    per_host = "mod" in signature
    if per_host and not any(param.kind == "account" for param in params):
        params.append(HOST)
    declared: _Declared = fn._command
    if declared.command.access == "account" and [param.kind for param in params].count("account") != 1:
        raise TypeError(f"{fn.__module__}.{fn.__qualname__}: an account calls it on itself, so it takes one Account")
    return replace(declared.command, params=tuple(params), module=mod, per_host=per_host)


def _param(hint: Any, given: inspect.Parameter, fn: Any) -> Param:
    bare, arg = hint, Arg("")
    if get_origin(bare) is Annotated:
        bare, arg = get_args(bare)[:2]
    if get_origin(bare) in (Union, types.UnionType):
        bare = next(one for one in get_args(bare) if one is not type(None))
        if get_origin(bare) is Annotated:
            bare, arg = get_args(bare)[:2]
    kind = _KINDS.get(bare)
    if kind is None:
        raise TypeError(f"{fn.__module__}.{fn.__qualname__}: no command takes a {bare} ({given.name})")
    required = given.default is inspect.Parameter.empty
    default = None if required else given.default
    by_place = required or arg.positional
    return Param(given.name, arg.help, default, required, kind == "many", kind, by_place, arg.is_secret, arg.asked)


# -- calling


_TYPES: Final[Mapping[str, tuple[tuple[type, ...], str]]] = {
    "text": ((str,), "a text"),
    "account": ((str,), "an account"),
    "whole": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "flag": ((bool,), "true or false"),
    "many": ((list,), "a list of texts"),
}


def check_params(command: Command, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a call, defaults filled in. Raises CommandError(2) for what is missing, unknown or wrong."""
    known = {param.name: param for param in command.params}
    for name in given:
        if name not in known:
            raise CommandError(f"{command.key} takes no {name!r}", EXIT_USAGE)
    missing = [p.name for p in command.params if p.required and given.get(p.name) is None]
    if missing:
        raise CommandError(f"{command.key} needs {', '.join(missing)}", EXIT_USAGE)
    for name, value in given.items():
        _check_type(known[name], value)
    return {name: given.get(name, param.default) for name, param in known.items()}


def _check_type(param: Param, value: Any) -> None:
    types_, words = _TYPES.get(param.kind, ((object,), ""))
    wrong = not isinstance(value, types_) or (isinstance(value, bool) and param.kind in ("whole", "number"))
    if value is not None and (wrong or (param.kind == "many" and not all(isinstance(one, str) for one in value))):
        raise CommandError(f"{param.name} is {words}, not {value!r}", EXIT_USAGE)


# -- for who may not import what carries them out


class NodeCommands(Protocol):
    """The commands of this node: admin.worker_commands, which lies above the modules."""

    def offered(self, caller: Caller | None = None) -> Sequence[Command]:
        """What `caller` may call; None: all that there are."""

    async def carry_out(self, name: str, params: Mapping[str, Any], caller: Caller | None = None) -> Answer:
        """Call the command of that name; `caller` None is an operator. Raises CommandError."""


def use(found: NodeCommands) -> None:
    """Have these be this node's: the composition root says so at the start."""
    application.set_env("xmppd", "commands", found)


def of_node() -> NodeCommands:
    """What carries commands out on this node."""
    found: NodeCommands = application.get_env("xmppd", "commands")
    return found
