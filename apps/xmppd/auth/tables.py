"""tables — what is stored of accounts, and the keys that all workers share.

Way:      auth, auth_internal → [tables] → store
Differs:  a record's repr, which may stand in a crash report, leaves out what people wrote
RFC:      5803 (form of the keys)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmppd.store.backend import Table
from xmppd.store.schema import Schema, add_columns, create_table

#: who has made an account: somebody who runs the server, or whoever has it
OPERATOR: Final = "operator"
REGISTRATION: Final = "registration"
#: the HTTP service that knows the password, at the first login
SERVICE: Final = "service"


@dataclass(frozen=True, slots=True)
class Account:
    """A user and the SCRAM keys made of the password, as `SCRAM-SHA-256$iterations:salt$stored:server`."""

    host: str
    user: str
    scram_sha_1: str = field(repr=False)
    scram_sha_256: str = field(repr=False)
    scram_sha_512: str = field(repr=False)
    #: seconds since 1970
    created_at: int = 0
    disabled: bool = False
    #: OPERATOR, REGISTRATION or SERVICE; "": by whom is not known
    created_by: str = ""
    #: why it is disabled, in the words of who did that
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Secret:
    """A key that all workers share and that outlives them, such as the one made-up salts come from."""

    name: str
    value: bytes = field(repr=False)


ACCOUNT: Final = Table("account", Account, ("host", "user"))
SECRET: Final = Table("secret", Secret, ("name",))
SCHEMA: Final = Schema(
    "auth",
    (
        create_table(
            "account",
            ("host", "user"),
            host=str,
            user=str,
            scram_sha_1=str,
            scram_sha_256=str,
            scram_sha_512=str,
            created_at=int,
            disabled=bool,
        ),
        create_table("secret", ("name",), name=str, value=bytes),
        add_columns("account", created_by=(str, "")),
        add_columns("account", reason=(str, "")),
    ),
)
