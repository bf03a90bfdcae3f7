"""setting — how a key of the configuration is declared: its default, its kind, and the words of its documentation.

Way:      config.schema, config.sections, options of modules → [setting]
"""

from __future__ import annotations

from dataclasses import field, fields
from typing import Any

from xmppd.config.kinds import Kind


def setting(default: Any, kind: Kind, doc: str) -> Any:
    """Declare one key: its default, its kind, and the words of its documentation."""
    made = {"default_factory": default} if callable(default) else {"default": default}
    secret = getattr(getattr(kind, "of", kind), "secret", False)
    return field(metadata={"kind": kind, "doc": doc}, repr=not secret, **made)


def kind_of(owner: type, name: str) -> Kind:
    """Return the kind of a field that was declared with `setting`."""
    found: Kind = next(one for one in fields(owner) if one.name == name).metadata["kind"]
    return found
