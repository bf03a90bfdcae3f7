"""settings — what a test may choose of its server, and the configuration that comes of it.

Way:      a test → [settings] → xmppd.testing.server
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypedDict

from xmppd.config.schema import (
    DEFAULT_MODULES,
    AuthSection,
    Config,
    KeepaliveSection,
    LimitsSection,
    Listen,
    Paths,
    Registration,
    StoreSection,
)
from xmppd.config.sm_section import SmSection

#: the home of a server that keeps nothing on disk; whoever starts it gives it another
NOWHERE: Final = Path("nowhere")
_LOCAL: Final = "xmppd_testing_local"
Modules = Mapping[str | ModuleType, Mapping[str, Any] | bool]


class Settings(TypedDict, total=False):
    """The keywords of serve(), of running() and of the mark `xmppd`; each may be left out.

    `hosts`: the domains, ("localhost",). `admins`: JIDs of accounts that may call commands; nobody. `tls`: STARTTLS
    demanded, with a certificate of the test's own; False. `modules`: as in `[modules]` of xmppd.toml, beside those that
    a server has without being told: options by name, True for none, False to leave one out; a module of Python in place
    of its name. `components`: the domains that external services (XEP-0114) may have, each with its secret.
    `registration`: whether anybody may make an account (XEP-0077); False. `http`: whether there is a listener for HTTP;
    False. `limits`, `auth`, `keepalive`, `sm`: what those sections of the configuration are to say, None for its "off".
    `store`: "memory", or "sqlite" in a folder of the test's own. `home`: that folder.
    """

    hosts: tuple[str, ...]
    admins: tuple[str, ...]
    tls: bool
    modules: Modules
    components: Mapping[str, str]
    http: bool
    registration: bool
    limits: Mapping[str, Any]
    auth: Mapping[str, Any]
    keepalive: Mapping[str, Any]
    sm: Mapping[str, Any]
    store: str
    home: Path


def config(settings: Settings) -> Config:
    """The configuration of a server on free ports of the loopback. Raises TypeError for a name that is none."""
    if unknown := settings.keys() - Settings.__annotations__.keys():
        known = ", ".join(Settings.__annotations__)
        raise TypeError(f"no such setting: {', '.join(sorted(unknown))}; there are {known}")
    tls = settings.get("tls", False)
    listen = [Listen(port=0, tls="required" if tls else "off", plain_without_tls=True)]
    if components := settings.get("components"):
        listen.append(Listen(module="component", port=0, tls="off", secrets=components))
    if settings.get("http", False):
        listen.append(Listen(module="http", port=0, tls="off"))
    return Config(
        paths=Paths(settings.get("home", NOWHERE)),
        hosts=settings.get("hosts", ("localhost",)),
        admins=settings.get("admins", ()),
        listen=tuple(listen),
        registration=Registration(open=settings.get("registration", False)),
        limits=LimitsSection(**settings.get("limits", {})),
        auth=AuthSection(**settings.get("auth", {})),
        keepalive=KeepaliveSection(**settings.get("keepalive", {})),
        sm=SmSection(**settings.get("sm", {})),
        store=StoreSection(backend=settings.get("store", "memory")),
        modules=_modules(settings.get("modules", {})),
    )


def _modules(chosen: Modules) -> dict[str, Mapping[str, Any]]:
    modules: dict[str, Mapping[str, Any]] = {name: {} for name in DEFAULT_MODULES}
    for key, options in chosen.items():
        name = name_of(key)
        if options is False:
            modules.pop(name, None)
        else:
            modules[name] = {} if options is True else options
    return modules


def name_of(module: str | ModuleType) -> str:
    """A name under which the server finds a module of Python; one without a dot would be taken for one of its own."""
    if isinstance(module, str):
        return module
    name = module.__name__
    if "." not in name:
        name = f"{_LOCAL}.{name}"
        sys.modules.setdefault(_LOCAL, ModuleType(_LOCAL))
    sys.modules[name] = module
    return name
