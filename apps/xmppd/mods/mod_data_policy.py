"""mod_data_policy — tells users what becomes of their data: what the configuration says, and what its operator adds.

Way:  mod_disco → DiscoIdentitiesHook → [mod_data_policy] → RetentionHook of the modules that keep something
XEP:  0504
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from xmpp_core.dataforms import Field, Form
from xmpp_core.element import Element
from xmppd.config.schema import Config
from xmppd.gen_mod import Mod, on
from xmppd.routing import hooks
from xmppd.routing.archive_hook_points import RetentionHook
from xmppd.routing.hook_points import DiscoIdentitiesHook

XEP = {504: "0.1.0"}
POLICY: Final = "urn:xmpp:data-policy:0"
ACCESS: Final = (
    "admins", "moderators", "organization_member", "government", "advertisers", "partners", "none",
)  # fmt: skip
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


@dataclass(frozen=True)
class Options:
    """`publish`: whether anything is said at all. How passwords come, how long messages are kept and whether an account
    can be erased is taken from the rest of the configuration. What is not known there: `tos`, a URI; `access`: who can
    read users' data ("admins", "government" …, or "none"); `encrypted_at_rest`, `export`; `backup_hours` between two
    backups and `backup_kept_hours` of each, 0: there are none, -1: nothing is said; `extra`, in words."""

    publish: bool = False
    tos: str = ""
    access: tuple[str, ...] = ()
    encrypted_at_rest: bool = False
    export: bool = False
    backup_hours: int = -1
    backup_kept_hours: int = -1
    extra: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError."""
        if wrong := [one for one in self.access if one not in ACCESS]:
            raise ValueError(f'access: "{wrong[0]}" is none of {", ".join(ACCESS)}')
        if "none" in self.access and len(self.access) > 1:
            raise ValueError('access: "none" stands alone')
        if self.tos and not _URI.fullmatch(self.tos):
            raise ValueError(f'tos: "{self.tos}" is no URI')
        if min(self.backup_hours, self.backup_kept_hours) < -1:
            raise ValueError("backup_hours and backup_kept_hours are 0 or more, or -1")


@on(DiscoIdentitiesHook)
async def policy(acc: tuple[Element, ...], point: DiscoIdentitiesHook, mod: Mod) -> tuple[Element, ...]:
    """The form, at the host itself."""
    if point.to.local or point.node or not mod.options.publish or mod.config is None:
        return acc
    hours = await hooks.run_fold(mod.host, RetentionHook(mod.host), 0.0)
    return (*acc, form(mod.options, mod.config, mod.host, hours))


def form(options: Options, config: Config, host: str, hours: float) -> Element:
    """What becomes of the data of a host's users. §3"""
    plain = "PLAIN" in config.auth.mechanisms or config.auth.legacy_auth or config.registration_open(host)
    said = [
        Field("auth_data", ("plain" if plain else "hidden",), "list-single"),
        Field("data_retention", ("infinite" if math.isinf(hours) else f"{math.ceil(hours)}",), "text-single"),
        _flag("encryption_at_rest", options.encrypted_at_rest),
        _flag("data_export", options.export),
        _flag("full_erasure", "mod_register" in config.modules_of(host)),
    ]
    texts = {"tos": options.tos, "backup_frequency": _hours(options.backup_hours)}
    texts["backup_retention"] = _hours(options.backup_kept_hours)
    said += [Field(name, (text,), "text-single") for name, text in texts.items() if text]
    said += [Field("access_policy", options.access, "list-multi")] if options.access else []
    said += [Field("extra_info", tuple(options.extra.splitlines()), "text-multi")] if options.extra else []
    return Form("result", (Field("FORM_TYPE", (POLICY,), "hidden"), *said)).to_element()


def _flag(name: str, value: bool) -> Field:
    return Field(name, ("true" if value else "false",), "boolean")


def _hours(hours: int) -> str:
    return "" if hours < 0 else str(hours)
