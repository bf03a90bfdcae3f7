"""passwords — which passwords an administrator may give, and new ones.

OTP:      cf. mod_admin_extra's check_password and the password strength of ejabberd_auth
Way:      admin.users, on a worker → [passwords]
RFC:      8265 §4.2.2 (a password may not be empty)
"""

from __future__ import annotations

import secrets
from typing import Final

from xmppd.commands import EXIT_USAGE, CommandError

#: characters below which a password is called short
SHORT: Final = 8
# no letter or digit that another is mistaken for
ALPHABET: Final = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def new_password() -> str:
    """Give a password of 96 random bits or more, in groups that can be read aloud."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(6)) for _ in range(3))


def checked(password: str) -> dict[str, str]:
    """Give {} for a good password, {"warning": words} for one that is taken all the same. Raises CommandError(2)."""
    if not password.strip():
        raise CommandError("the password is empty: nobody could log in with it", EXIT_USAGE)
    if len(password) < SHORT:
        return {"warning": f"the password is short: {len(password)} of {SHORT} characters or more"}
    return {}
