"""gen_mod_service — the service domain of a module: what it is called on each host, and who serves it.

OTP:      cf. the options `host` and `hosts` of ejabberd's modules
Way:      gen_mod_config (checks it), gen_mod_sup (names it) → [gen_mod_service] → router (has the route)

    DOMAIN = "conference.{host}"                      # [modules.mod_x] domain = "rooms.{host}" is another name for it
    IDENTITY = ("conference", "text", "Chatrooms")    # in its disco#info
    @stanza_handler                                   # (stanza, mod) -> answer | None: what no IQ handler answers
    @iq_handler(ns.X, "query", at=(DOMAIN, ENTITY))   # the domain itself, node@domain
    @on(DiscoItemsHook, at=DOMAIN)                    # the hooks of the domain
    ROOMS = Placed("room", Room)                      # one process for each key: routing.placed
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from otp.stdlib.child_spec import ChildSpec
from xmpp_core.jid import JID, JidError
from xmppd.config.schema import Config
from xmppd.gen_mod import Mod, ModError, load
from xmppd.routing.placed import placed_sup
from xmppd.routing.placed.placed import Placed
from xmppd.routing.routes import ServiceRoute, StanzaHandler

#: the option that renames the domain, beside those of the module's own Options
OPTION: Final = "domain"


def has_domain(name: str) -> bool:
    """Whether the module declares a service domain. Raises ModError."""
    return hasattr(load(name), "DOMAIN")


def domain_of(name: str, host: str, given: Mapping[str, Any]) -> str:
    """The service domain of a module on a host; "" if it declares none. Raises ModError for what is no domain."""
    if not has_domain(name):
        return ""
    template = given.get(OPTION, load(name).DOMAIN)
    try:
        jid = JID.parse(template.replace("{host}", host))
    except (AttributeError, JidError):
        jid = None
    if jid is None or jid.local or jid.resource:
        raise ModError(f'{name}: option "{OPTION}" cannot be {template!r}, it is a domain, as "rooms.{{host}}"')
    return jid.domain


def taken(config: Config, domains: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Which of the service domains, by host and module, cannot be had since somebody has them, and why."""
    components = {domain for listen in config.listen for domain in listen.secrets}
    wrong: dict[tuple[str, str], str] = {}
    seen: dict[str, str] = {}
    for (host, name), domain in domains.items():
        if domain in config.hosts:
            wrong[host, name] = f"{name}: its domain {domain} is a host of this server"
        elif domain in components:
            wrong[host, name] = f"{name}: its domain {domain} is that of a component"
        elif domain in seen:
            wrong[host, name] = f"{name}: its domain {domain} is also that of {seen[domain]}"
        seen.setdefault(domain, f"{name} of {host}")
    return wrong


def route(module: ModuleType, mod: Mod) -> ServiceRoute | None:
    """The route of the module's service domain; None if it has none."""
    if not mod.domain:
        return None
    handlers = [fn for fn in vars(module).values() if callable(fn) and hasattr(fn, "_stanzas")]
    bound: StanzaHandler | None = (lambda stanza: handlers[0](stanza, mod)) if handlers else None
    return ServiceRoute(mod.domain, mod.host, mod.owner, bound, getattr(module, "IDENTITY", None))


def placed_specs(mod: Mod) -> list[ChildSpec]:
    """What the module's Placed need to run."""
    return [placed_sup.spec(mod, value) for value in vars(load(mod.name)).values() if isinstance(value, Placed)]
