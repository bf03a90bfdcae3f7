"""gen_mod — what a mod_* file declares, and the process that makes it true.

OTP:      gen_server, one per module and host; cf. gen_mod.erl
Way:      gen_mod_sup → [gen_mod.ModServer] → hooks, iq (registers what the file declared, takes it away at its stop)
Process:  `mod_x@host`, permanent, under the host's supervisor of gen_mod_sup. Handlers do not run in it but in who
          fires the hook or asks the IQ; if it crashes they stay until its successor has registered them again

    XEP = {199: "2.0.1"}                              # docs/xeps.md
    DEPENDS = ("mod_roster",)                         # started before, stopped after
    @dataclass(frozen=True)
    class Options: limit: int = 100                   # checked against [modules.mod_x] at boot
    @iq_handler(ns.PING, "ping", at=(LOCAL, SM))      # (iq, mod) -> Iq | None, or raises StanzaError
    @nonza(ns.CSI, "active")                          # (nonza, mod) -> Element | None, see routing.nonzas
    @on(UserSendPacket, seq=50)                       # a Fold: (acc, point, mod) -> acc | Stop; a Run: (point, mod)
    def children(mod): return [ChildSpec(…)]          # processes of the module's own, beside its ModServer
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import importlib
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, TypeAlias, TypeVar, get_type_hints, overload

from otp.erts import process
from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer, NoReply
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq
from xmppd.config.schema import Config
from xmppd.routing import handler_table, hooks, iq, nonzas
from xmppd.routing.handler_table import OWNER_PREFIX, HandlerEntry, Reregister, is_owner
from xmppd.routing.hook_points import Fold, Run
from xmppd.routing.hooks import Stop
from xmppd.routing.iq import At
from xmppd.routing.nonzas import Answer, Nonza, NonzaKey
from xmppd.store import migrate
from xmppd.store.schema import Schema

P = TypeVar("P")
A = TypeVar("A")
PACKAGE: Final = "xmppd.mods"


class ModError(Exception):
    """A module cannot be had as the configuration wants it; the text is for the administrator."""


@dataclass(frozen=True)
class NoOptions:
    """The Options of a module that has none."""


@dataclass(frozen=True, slots=True)
class Mod:
    """One module on one host: what every handler of it gets as its last argument."""

    name: str
    host: str
    options: Any
    config: Config | None = None

    @property
    def owner(self) -> str:
        """The registered name of its process, and the owner of its handlers; a table that lost them knows it by
        `handler_table.is_owner`."""
        prefix = "" if is_owner(self.name) else OWNER_PREFIX
        return f"{prefix}{self.name}@{self.host}"


NonzaHandler: TypeAlias = Callable[[Nonza, Mod], Answer | Awaitable[Answer]]
IqHandler: TypeAlias = Callable[[Iq, Mod], Iq | Awaitable[Iq | None] | None]
RunHandler: TypeAlias = Callable[[P, Mod], Stop[Any] | Awaitable[Stop[Any] | None] | None]
FoldHandler: TypeAlias = Callable[[A, P, Mod], A | Stop[A] | Awaitable[A | Stop[A]]]


def iq_handler(
    ns: str,
    name: str = "",
    *,
    at: Iterable[At] = (iq.LOCAL, iq.SM),
    only: str = "",
    strangers: str = iq.UNAVAILABLE,
) -> Callable[[IqHandler], IqHandler]:
    """Declares a handler of requests whose payload is `name` of namespace `ns` ("": any element of it).

    `only` is "get" or "set" where the protocol knows no other: the other is answered feature-not-implemented.
    `strangers`, at SM: the condition for who may not know whether there is the account; iq.SERVED asks the handler all
    the same, and it must not let them tell a user from nobody either.
    """

    def mark(fn: IqHandler) -> IqHandler:
        _marks(fn, "_iqs").extend((ns, name, place, only, strangers) for place in at)
        return fn

    return mark


@overload
def on(point: type[Run[P]], seq: int = hooks.DEFAULT_SEQ) -> Callable[[RunHandler[P]], RunHandler[P]]: ...
@overload
def on(point: type[Fold[P, A]], seq: int = hooks.DEFAULT_SEQ) -> Callable[[FoldHandler[A, P]], FoldHandler[A, P]]: ...
def on(point: type[Any], seq: int = hooks.DEFAULT_SEQ) -> Callable[[Any], Any]:
    """Declares a handler of a hook point; lower `seq` runs first. A type checker sees whether it fits the point."""

    def mark(fn: Any) -> Any:
        _marks(fn, "_hooks").append((point, seq))
        return fn

    return mark


def nonza(ns: str, name: str, *, after_bind: bool = True) -> Callable[[NonzaHandler], NonzaHandler]:
    """Declares a handler of the first-level element `name` of `ns` that is no stanza: of clients that have bound a
    resource, or of those that have logged in and not bound yet. A StreamError that it raises ends the stream."""

    def mark(fn: NonzaHandler) -> NonzaHandler:
        _marks(fn, "_nonzas").append(NonzaKey(ns, name, after_bind))
        return fn

    return mark


def _marks(fn: Any, attr: str) -> list[Any]:
    marks: list[Any] = fn.__dict__.setdefault(attr, [])
    return marks


# --- from the file to entries


def load(name: str) -> ModuleType:
    """The module file of that name: of our own, or of any package if it has a dot. Raises ModError."""
    path = path_of(name)
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing != path and not path.startswith(f"{missing}."):
            raise  # the module is there, and what it imports is not
        raise ModError(f"there is no module {name}{_how_to_get(name)}") from None


def _how_to_get(name: str) -> str:
    package = name.partition(".")[0]
    return f" here; to install it: {sys.executable} -m pip install {package}" if "." in name else ""


def path_of(name: str) -> str:
    """The Python module of that name."""
    return name if "." in name else f"{PACKAGE}.{name}"


def hook_entries(module: ModuleType, mod: Mod) -> tuple[HandlerEntry, ...]:
    """The handlers of hooks and of nonzas that the file declares, bound to `mod`."""
    listening = [
        HandlerEntry((mod.host, point), seq, mod.owner, _bind_hook(fn, point, mod))
        for fn in _functions(module)
        for point, seq in getattr(fn, "_hooks", ())
    ]
    answering = [
        nonzas.entry(mod.host, kind, _bind_nonza(fn, mod), mod.owner)
        for fn in _functions(module)
        for kind in getattr(fn, "_nonzas", ())
    ]
    return (*listening, *answering)


def iq_entries(module: ModuleType, mod: Mod) -> tuple[HandlerEntry, ...]:
    """The IQ handlers that the file declares, bound to `mod`."""
    return tuple(
        iq.entry(mod.host, ns, name, at, _bind_iq(fn, mod, only), mod.owner, strangers)
        for fn in _functions(module)
        for ns, name, at, only, strangers in getattr(fn, "_iqs", ())
    )


_MARKS: Final = ("_hooks", "_iqs", "_nonzas")


def _functions(module: ModuleType) -> list[Any]:
    return [fn for fn in vars(module).values() if callable(fn) and any(hasattr(fn, marks) for marks in _MARKS)]


def _bind_hook(fn: Callable[..., Any], point: type, mod: Mod) -> Callable[..., Any]:
    bound: Callable[..., Any]
    bound = (lambda value: fn(value, mod)) if issubclass(point, Run) else (lambda acc, value: fn(acc, value, mod))
    return functools.wraps(fn)(bound)  # logs name the handler, not what binds it


def _bind_nonza(fn: NonzaHandler, mod: Mod) -> nonzas.Handler:
    return lambda nonza: fn(nonza, mod)


def _bind_iq(fn: Callable[..., Any], mod: Mod, only: str) -> iq.Handler:
    def handle(request: Iq) -> Any:
        if only and request.type != only:
            raise StanzaError("feature-not-implemented")
        return fn(request, mod)

    return handle


# --- what it keeps on disk


def schema(name: str) -> Schema:
    """The module's MIGRATIONS, none if it keeps nothing. Raises ModError."""
    return Schema(name, tuple(getattr(load(name), "MIGRATIONS", ())))


def schemas(config: Config) -> list[Schema]:
    """What the modules of all hosts keep on disk. Raises ModError."""
    names = dict.fromkeys(name for host in config.hosts for name in config.modules_of(host))
    return [found for name in names if (found := schema(name)).steps]


# --- options


def options_of(name: str, given: Mapping[str, Any]) -> Any:
    """The typed options of a module from its table in the configuration. Raises ModError with a suggestion."""
    cls: Any = getattr(load(name), "Options", NoOptions)
    known = {f.name: f for f in dataclasses.fields(cls)}
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f', did you mean "{near[0]}"?' if near else ""
            raise ModError(f'{name} has no option "{key}"{hint}')
    hints = get_type_hints(cls)
    for key, value in given.items():
        _check_type(name, key, value, hints[key])
    try:
        return cls(**given)
    except (TypeError, ValueError) as error:
        raise ModError(f"{name}: {error}") from error


def _check_type(name: str, key: str, value: Any, hint: Any) -> None:
    wanted = hint if isinstance(hint, type) else getattr(hint, "__args__", (object,))
    if isinstance(value, bool) and wanted is not bool and wanted is not object:
        wanted = ()
    if not isinstance(value, wanted):
        raise ModError(f'{name}: option "{key}" cannot be {value!r}, it is a {getattr(hint, "__name__", hint)}')


def in_order(names: Iterable[str]) -> list[str]:
    """The modules so that each comes after those it depends on. Raises ModError if one is missing, or in a circle."""
    wanted, ordered = list(names), list[str]()
    while wanted:
        ready = [n for n in wanted if all(d in ordered for d in depends(n))]
        if not ready:
            raise ModError(_why_stuck(wanted, ordered))
        ordered += ready
        wanted = [n for n in wanted if n not in ready]
    return ordered


def depends(name: str) -> tuple[str, ...]:
    """What the module's DEPENDS says."""
    return tuple(getattr(load(name), "DEPENDS", ()))


def _why_stuck(wanted: list[str], ordered: list[str]) -> str:
    for name in wanted:
        for needed in depends(name):
            if needed not in wanted and needed not in ordered:
                return f"{name} needs {needed}, which is not among the host's modules"
    return f"modules that depend on each other in a circle: {', '.join(sorted(wanted))}"


def problems(config: Config) -> list[tuple[str, str]]:
    """What is wrong with the modules of a configuration: (key of the configuration, words); [] if nothing."""
    found: dict[tuple[str, str], None] = {}
    for host in config.hosts:
        wanted = config.modules_of(host)
        wrong = {name: text for name, given in wanted.items() if (text := _problem(name, given))}
        if not wrong:
            try:
                in_order(wanted)
            except ModError as error:
                wrong = {str(error).partition(" ")[0]: str(error)}
        for name, text in wrong.items():
            found[_key(config, host, name, text), text] = None
    return list(found)


def _key(config: Config, host: str, name: str, text: str) -> str:
    """The key that is to blame: of the modules that the words name, the first one that somebody has configured."""
    names = (name, *text.replace(",", " ").split())
    keys = [f"{table}.{one}" for one in names for table in (f"host.{host}.modules", "modules")]
    return next((key for key in keys if key in config.origins), f"modules.{name}")


def _problem(name: str, given: Mapping[str, Any]) -> str:
    """Why a module cannot be had with these options, in words; "" if it can."""
    try:
        options_of(name, given)
        wrong = migrate.problem(schema(name), path_of(name))
        return f"{name}: {wrong}" if wrong else ""
    except ModError as error:
        return str(error)
    except Exception as error:  # its file fails at its import: that is for who wrote it, and must not end a check
        return f"{name} cannot be loaded: {type(error).__name__}: {error}"


# --- the process


class ModServer(GenServer[Mod]):
    """Registers what a file declares, answers tables that lost it, takes it away when it ends in order."""

    async def init(self, mod: Mod) -> Mod:
        """Register what the file declares."""
        process.trap_exit(True)
        await _register(mod, load(mod.name))
        return mod

    def handle_cast(self, request: object, mod: Mod) -> Any:
        """A table asks again."""
        if isinstance(request, Reregister):
            handler_table.register_again(request.table, mod.owner, _entries(request.table, mod))
        return NoReply(mod)

    async def terminate(self, reason: object, mod: Mod) -> None:
        """Take it away, unless this is a crash."""
        if reason == "normal" or reason == "shutdown":
            for table in (iq.TABLE, hooks.TABLE):
                if process.whereis(table) is not None:
                    await handler_table.register(table, mod.owner, ())


def _entries(table: str, mod: Mod) -> tuple[HandlerEntry, ...]:
    make = hook_entries if table == hooks.TABLE else iq_entries
    return make(load(mod.name), mod)


async def _register(mod: Mod, module: ModuleType) -> None:
    await handler_table.register(hooks.TABLE, mod.owner, hook_entries(module, mod))
    await handler_table.register(iq.TABLE, mod.owner, iq_entries(module, mod))


async def register_again(mod: Mod) -> None:
    """Has the tables hold what the file declares now, in place of what it declared before."""
    await _register(mod, load(mod.name))


async def start_link(mod: Mod) -> Pid | None:
    """Starts a module on a host."""
    return await gen_server.start_link(ModServer, mod, name=mod.owner)


def specs(mod: Mod) -> list[ChildSpec]:
    """The children that a module is: processes of its own first, then its ModServer."""
    children = getattr(load(mod.name), "children", None)
    own: list[ChildSpec] = children(mod) if children is not None else []
    return [*own, ChildSpec(mod.owner, (start_link, (mod,)))]
