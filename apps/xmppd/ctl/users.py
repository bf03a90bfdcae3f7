"""users — the account commands, as a worker carries them out.

OTP:      cf. mod_admin_extra and ejabberd_admin (register, unregister, change_password)
Way:      ctl.dispatch → rpc → [users] → auth, routing.accounts
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

from otp.kernel import application
from xmpp_core.jid import JID, JidError
from xmppd.auth import auth
from xmppd.auth.auth_internal import AuthBusy, AuthError
from xmppd.config.schema import Config
from xmppd.ctl.commands import EXIT_FAILED, EXIT_TRY_AGAIN, CommandError
from xmppd.routing import accounts

T = TypeVar("T")
# no letter or digit that another is mistaken for
ALPHABET: Final = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


async def add(user: str, password: str | None) -> dict[str, Any]:
    """Make an account. Gives {"jid", "password" (only if it was made here), "uri"}."""
    jid = account(user)
    chosen = password or new_password()
    await _auth(auth.create_user(jid.local, jid.domain, chosen), jid)
    made = {"password": chosen} if password is None else {}
    return {"jid": jid.bare, **made, "uri": f"xmpp:{jid.bare}"}


async def passwd(user: str, password: str | None) -> dict[str, Any]:
    """Set a password. Gives {"jid", "password" (only if it was made here)}."""
    jid = account(user)
    chosen = password or new_password()
    await _auth(auth.set_password(jid.local, jid.domain, chosen), jid)
    return {"jid": jid.bare, **({"password": chosen} if password is None else {})}


async def delete(user: str) -> dict[str, Any]:
    """Remove an account: contacts are told, sessions end, all that was kept for it goes."""
    jid = account(user)
    if not await accounts.remove(jid):
        raise CommandError(f"there is no account {jid.bare}")
    return {"jid": jid.bare, "removed": True}


async def list_(host: str | None) -> list[str]:
    """Give the accounts of a host as bare JIDs."""
    served = configuration().hosts
    if host is not None and host not in served:
        raise CommandError(f"{host} is not served here; {', '.join(served)} are")
    domain = host or served[0]
    return [f"{user}@{domain}" for user in await auth.list_users(domain)]


# -- for the other commands of this folder


def configuration() -> Config:
    """Give the configuration this node was started with."""
    config: Config = application.get_env("xmppd", "config")
    return config


def account(text: str) -> JID:
    """Give the bare JID meant by `NAME` (of the first host) or `NAME@HOST`. Raises CommandError."""
    hosts = configuration().hosts
    try:
        jid = JID.parse(text if "@" in text else f"{text}@{hosts[0]}").bare_jid()
    except JidError as error:
        raise CommandError(f"{text} is no user name: {error}") from None
    if jid.domain not in hosts:
        raise CommandError(f"{jid.domain} is not served here; {', '.join(hosts)} {'is' if len(hosts) == 1 else 'are'}")
    if not jid.local:
        raise CommandError(f"{text} is no user name")
    return jid


async def existing(jid: JID) -> None:
    """Raise CommandError unless there is such an account."""
    if not await auth.user_exists(jid.local, jid.domain):
        raise CommandError(f"there is no account {jid.bare}")


def new_password() -> str:
    """Give a password of 96 random bits or more, in groups that can be read aloud."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(6)) for _ in range(3))


async def _auth(work: Awaitable[T], jid: JID) -> T:
    words = {
        "conflict": "exists already",
        "item-not-found": "does not exist",
        "not-acceptable": "may not have this password",
    }
    try:
        return await work
    except AuthBusy as error:
        raise CommandError(str(error) or "busy; try again", EXIT_TRY_AGAIN) from None
    except AuthError as error:
        text = words.get(error.condition) or f"cannot be used: {error}"
        raise CommandError(f"{jid.bare} {text}", EXIT_FAILED) from None
