"""gen_mod — what a mod_* file declares.

OTP:      cf. gen_mod.erl
Way:      mod_* → [gen_mod] → gen_mod_server (registers it), gen_mod_config (checks it), sup (its tables)

    XEP = {199: "2.0.1"}                              # docs/xeps.md
    DEPENDS = ("mod_roster",)                         # started before, stopped after
    @dataclass(frozen=True)
    class Options: limit: int = 100                   # checked against [modules.mod_x] at boot
    MIGRATIONS = (create_table(…),)                   # its tables, see store.schema
    FEATURES = {"msgoffline": (LOCAL,)}               # what disco#info says beside the namespaces of handlers
    STREAM_FEATURES = (Element(ns.ROSTER_VER, "ver"),)  # what a stream offers after the login
    LOGIN_FEATURES = (Element(ns.SM, "sm"),)           # what may be asked for with the login (SASL2)
    BIND_FEATURES = (ns.CARBONS,)                     # what a session may begin with: BindInlineHook
    @iq_handler(ns.PING, "ping", at=(LOCAL, SM))      # (iq, mod) -> Iq | None, or raises StanzaError
    @nonza(ns.CSI, "active")                          # (nonza, mod) -> Element | None, see routing.nonzas
    @on(UserSendPacketHook, seq=50)                   # a Fold: (acc, point, mod) -> acc | Stop; a Run: (point, mod)
    @every(3600)                                      # (mod) -> None, again and again
    @http_handler("/x", methods=("GET",))             # (request, mod) -> HttpResponse, see gen_mod_http
    def children(mod): return [ChildSpec(…)]          # processes of the module's own, beside its ModServer
    DOMAIN = "conference.{host}"                      # a service domain of its own: gen_mod_service
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, TypeAlias, TypeVar, overload

from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq, Stanza
from xmppd.config.schema import Config
from xmppd.routing import hooks, iq, nonzas
from xmppd.routing.account.account import AccountState
from xmppd.routing.handler_table import OWNER_PREFIX, HandlerEntry, is_owner
from xmppd.routing.hook_kinds import Fold, Run
from xmppd.routing.hook_points import StreamFeaturesHook
from xmppd.routing.hooks import Stop
from xmppd.routing.iq import At
from xmppd.routing.login_hook_points import LoginFeatures, LoginFeaturesHook
from xmppd.routing.nonzas import Answer, Nonza, NonzaKey
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
    """One module on one host, `domain` its service domain there: what every handler of it gets as its last argument."""

    name: str
    host: str
    options: Any
    config: Config | None = None
    domain: str = ""

    @property
    def owner(self) -> str:
        """The registered name of its process, and the owner of its handlers; a table that lost them knows it by
        `handler_table.is_owner`."""
        prefix = "" if is_owner(self.name) else OWNER_PREFIX
        return f"{prefix}{self.name}@{self.host}"


NonzaHandler: TypeAlias = Callable[[Nonza, Mod], Answer | Awaitable[Answer]]
IqHandler: TypeAlias = Callable[[Iq, Mod], Iq | Awaitable[Iq | None] | None]
RunHandler: TypeAlias = Callable[[P, Mod], Stop[Any] | Awaitable[Stop[Any] | None] | None]
Timed: TypeAlias = Callable[[Mod], Awaitable[None] | None]
FoldHandler: TypeAlias = Callable[[A, P, Mod], A | Stop[A] | Awaitable[A | Stop[A]]]
StanzaHandler: TypeAlias = Callable[[Stanza, Mod], Stanza | Awaitable[Stanza | None] | None]


def iq_handler(
    ns: str,
    name: str = "",
    *,
    at: Iterable[At] = (iq.LOCAL, iq.SM),
    only: str = "",
    strangers: str = iq.UNAVAILABLE,
    announce: Iterable[At] | None = None,
) -> Callable[[IqHandler], IqHandler]:
    """Declares a handler of requests whose payload is `name` of namespace `ns` ("": any element of it).

    `announce`: in whose disco#info the namespace stands. Unless it is said, where it is served, and for what accounts
    serve in the server's as well: it is the server that is asked whether it has cards, private storage and the like
    (XEP-0054 §6, 0191 §3.1, 0280 §4). What only accounts announce says `announce=(SM,)`; `()`: nobody does.

    `only` is "get" or "set" where the protocol knows no other: the other is answered feature-not-implemented.
    `strangers`, at SM: the condition for those who may not know whether there is the account; iq.SERVED asks the
    handler all the same, and it must not let them tell a user from nobody either.
    """

    def mark(fn: IqHandler) -> IqHandler:
        places = tuple(at)
        shown = _usual_places(places) if announce is None else tuple(announce)
        _marks(fn, "_iqs").extend((ns, name, place, only, strangers) for place in places)
        _marks(fn, "_announced").extend((ns, place) for place in shown)
        return fn

    return mark


@overload
def on(
    point: type[Run[P]], seq: int = hooks.DEFAULT_SEQ, *, at: At = iq.LOCAL, kind: str = ""
) -> Callable[[RunHandler[P]], RunHandler[P]]: ...
@overload
def on(
    point: type[Fold[P, A]], seq: int = hooks.DEFAULT_SEQ, *, at: At = iq.LOCAL, kind: str = ""
) -> Callable[[FoldHandler[A, P]], FoldHandler[A, P]]: ...
def on(point: type[Any], seq: int = hooks.DEFAULT_SEQ, *, at: At = iq.LOCAL, kind: str = "") -> Callable[[Any], Any]:
    """Declares a handler of a hook point; lower `seq` runs first. A type checker sees whether it fits the point.

    `at`: LOCAL: where the point is run for the host; DOMAIN: where it is run for the module's service domain. `kind`:
    "message" of a handler that returns all other stanzas as they are, which may be spared those: presence, that goes to
    many, above all.
    """

    def mark(fn: Any) -> Any:
        _marks(fn, "_hooks").append((point, seq, at, kind))
        return fn

    return mark


def stanza_handler(fn: StanzaHandler) -> StanzaHandler:
    """Declares what takes the stanzas for the module's service domain that no IQ handler answers: messages, presence,
    requests to node@domain/resource, answers. Returns what is to be answered to the sender; may raise StanzaError."""
    fn.__dict__["_stanzas"] = True
    return fn


def nonza(ns: str, name: str, *, after_bind: bool = True) -> Callable[[NonzaHandler], NonzaHandler]:
    """Declares a handler of the first-level element `name` of `ns` that is no stanza: of clients that have bound a
    resource, or of those that have logged in and not bound yet. A StreamError that it raises ends the stream."""

    def mark(fn: NonzaHandler) -> NonzaHandler:
        _marks(fn, "_nonzas").append(NonzaKey(ns, name, after_bind))
        return fn

    return mark


def every(seconds: float | Callable[[Any], float]) -> Callable[[Timed], Timed]:
    """Declares what is to be done again and again while the module runs: first after `seconds`, then so long after its
    end. A function of the module's options may say how long.

    It is called with `mod`, in a process of its own, and may be async. What it raises is logged, and ends no more.
    On each worker: what it does to the store must be right when it is done by several.
    """

    def mark(fn: Timed) -> Timed:
        fn.__dict__["_every"] = seconds
        return fn

    return mark


def started(fn: Timed) -> Timed:
    """Declares what is done once the module serves: at its start, again when its options have changed, and when its
    process was made anew. As @every otherwise."""
    fn.__dict__["_started"] = True
    return fn


def _usual_places(at: tuple[At, ...]) -> tuple[At, ...]:
    return (*at, iq.LOCAL) if iq.SM in at and iq.LOCAL not in at else at


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
    """The handlers of hooks and of nonzas that the file declares, bound to `mod`; one announces its STREAM_FEATURES."""
    listening = [
        entry
        for fn in _functions(module, "_hooks")
        for point, seq, at, kind in fn._hooks
        for entry in hooks.entries(_domain_at(at, mod), point, _bind_hook(fn, point, mod), seq, mod.owner, kind)
    ]
    answering = [
        nonzas.entry(mod.host, kind, _bind_nonza(fn, mod), mod.owner)
        for fn in _functions(module, "_nonzas")
        for kind in fn._nonzas
    ]
    offered = tuple(getattr(module, "STREAM_FEATURES", ()))
    if offered:
        listening.append(HandlerEntry((mod.host, StreamFeaturesHook), hooks.DEFAULT_SEQ, mod.owner, _offers(offered)))
    with_login = LoginFeatures(
        tuple([element.to_xml() for element in getattr(module, "LOGIN_FEATURES", ())]),
        getattr(module, "BIND_FEATURES", ()),
    )
    if any(with_login):
        listening.append(
            HandlerEntry((mod.host, LoginFeaturesHook), hooks.DEFAULT_SEQ, mod.owner, _offers_with_login(with_login))
        )
    kept = [
        HandlerEntry((mod.host, AccountState), hooks.DEFAULT_SEQ, mod.owner, state) for state in account_states(module)
    ]
    return (*listening, *answering, *kept)


def account_states(module: ModuleType) -> list[AccountState[Any]]:
    """What the file keeps of each account in memory."""
    return [state for state in vars(module).values() if isinstance(state, AccountState)]


def _offers(features: tuple[Element, ...]) -> Callable[[tuple[Element, ...], StreamFeaturesHook], tuple[Element, ...]]:
    return lambda acc, point: acc if point.user is None else (*acc, *features)


def _offers_with_login(more: LoginFeatures) -> Callable[[LoginFeatures, LoginFeaturesHook], LoginFeatures]:
    return lambda acc, _point: LoginFeatures(acc.inline + more.inline, acc.bind + more.bind)


def iq_entries(module: ModuleType, mod: Mod) -> tuple[HandlerEntry, ...]:
    """The IQ handlers that the file declares, bound to `mod`, and the features that it announces."""
    handlers = [
        iq.entry(_domain_at(at, mod), ns, name, at, _bind_iq(fn, mod, only), mod.owner, strangers)
        for fn in _functions(module, "_iqs")
        for ns, name, at, only, strangers in fn._iqs
    ]
    announced = [mark for fn in _functions(module, "_announced") for mark in fn._announced]
    announced += [(name, at) for name, places in getattr(module, "FEATURES", {}).items() for at in places]
    marks = dict.fromkeys(announced)
    return (*handlers, *[iq.announcement(_domain_at(at, mod), at, name, mod.owner) for name, at in marks])


def _domain_at(at: At, mod: Mod) -> str:
    """Where the module is asked at this place: at its host, or at its service domain. Raises ModError without one."""
    if at not in (iq.DOMAIN, iq.ENTITY):
        return mod.host
    if not mod.domain:
        raise ModError(f'{mod.name} declares something at its service domain, and no DOMAIN = "….{{host}}"')
    return mod.domain


def timers(module: ModuleType) -> dict[str, Timed]:
    """What the file declares with @every, by the function's name."""
    return {fn.__name__: fn for fn in _functions(module, "_every")}


def beginnings(module: ModuleType) -> list[Timed]:
    """What the file declares with @started."""
    return _functions(module, "_started")


def seconds_of(fn: Timed, mod: Mod) -> float:
    """How long after its end (or the module's start) a function is called that is declared with @every."""
    seconds = fn.__dict__["_every"]
    return float(seconds(mod.options) if callable(seconds) else seconds)


def _functions(module: ModuleType, mark: str) -> list[Any]:
    return [fn for fn in vars(module).values() if callable(fn) and hasattr(fn, mark)]


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
