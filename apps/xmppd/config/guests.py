"""guests — which modules serve a host for guests, who have no account (SASL ANONYMOUS).

OTP:      cf. allow_multiple_connections and anonymous_protocol of ejabberd
Way:      config.schema → [guests]; listeners → [guests]
XEP:      0175 §3
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: the module that lets guests in: a host has it only where it is named
MODULE: Final = "mod_anonymous"
#: modules that keep nothing of an account beyond its session; others come only if the operator wants them
KEEP_NOTHING: Final = frozenset({
    MODULE, "mod_adhoc", "mod_announce", "mod_caps", "mod_carbons", "mod_contact", "mod_csi", "mod_data_policy",
    "mod_disco", "mod_extdisco", "mod_ping", "mod_presence", "mod_report_affiliations", "mod_stream_limits", "mod_time",
    "mod_version",
})  # fmt: skip
Modules = Mapping[str, Mapping[str, Any]]


def has_guests(modules: Modules) -> bool:
    """Whether a host with these modules is for guests."""
    return MODULE in modules


def modules_for(modules: Modules) -> Modules:
    """Of a host's modules those that run there: all, or where there are guests those that keep nothing of them, those
    of other packages, and what mod_anonymous names in `also`."""
    if MODULE not in modules:
        return modules
    also = modules[MODULE].get("also", ())
    return {name: options for name, options in modules.items() if name in KEEP_NOTHING or "." in name or name in also}
