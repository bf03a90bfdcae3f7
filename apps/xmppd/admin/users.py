"""users — the account commands, as a worker carries them out.

OTP:      cf. mod_admin_extra and ejabberd_admin (register, unregister, change_password, ban_account), the password
          strength of ejabberd_auth
Way:      admin.worker_commands → [users] → auth, routing.account.removal
RFC:      8265 §4.2.2 (a password may not be empty)
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Awaitable, Mapping
from typing import Annotated, Any, Final, TypeVar

from otp.kernel import application
from xmpp_core import prep
from xmpp_core.jid import JID, JidError
from xmpp_core.prep import PrepError
from xmppd import audit
from xmppd.auth import auth
from xmppd.auth.auth_internal import AuthBusy, AuthError
from xmppd.commands import EXIT_FAILED, EXIT_TRY_AGAIN, EXIT_USAGE, Arg, CommandError, command
from xmppd.config.schema import Config
from xmppd.routing.account import access, removal
from xmppd.routing.deliver import Kick
from xmppd.routing.sm import sm

T = TypeVar("T")
User = Annotated[str, Arg("account, as NAME or NAME@HOST")]
#: characters below which a password is called short
SHORT: Final = 8
#: characters of why an account is disabled
MOST_REASON: Final = 500
# no letter or digit that another is mistaken for
ALPHABET: Final = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def _with_password(words: str, result: Mapping[str, Any]) -> str:
    return f"{words}, password {result['password']}" if "password" in result else words


@command(
    "user add", "make an account; prints a password if none is given", aliases=("adduser",),
    text=lambda made: _with_password(f"made {made['jid']}", made),
)  # fmt: skip
async def add(user: User, password: Annotated[str | None, Arg("password", is_secret=True)] = None) -> dict[str, Any]:
    """Make an account. Gives {"jid", "password" (only if it was made here), "uri"}."""
    jid = account(user)
    chosen = new_password() if password is None else password
    warning = checked_password(chosen)
    await _auth(auth.create_user(jid.local, jid.domain, chosen), jid)
    audit.tell(audit.COMMAND, "operator made an account", audit.quoted(jid.bare))
    made = {"password": chosen} if password is None else warning
    return {"jid": jid.bare, **made, "uri": f"xmpp:{jid.bare}"}


@command(
    "user passwd", "set an account's password; asks for it if none is given", aliases=("passwd",),
    text=lambda done: _with_password(f"password of {done['jid']} set", done),
)  # fmt: skip
async def passwd(
    user: User,
    password: Annotated[str | None, Arg("password; asked for if it is not given", is_secret=True, asked=True)] = None,
    random: Annotated[bool, Arg("make a password, and print it")] = False,
) -> dict[str, Any]:
    """Set a password, or with `random` one made here. Gives {"jid", "password" (only if it was made here)}."""
    jid = account(user)
    if password is None and not random:
        raise CommandError("user passwd needs password, or random", EXIT_USAGE)
    chosen = new_password() if password is None else password
    warning = checked_password(chosen)
    await _auth(auth.set_password(jid.local, jid.domain, chosen), jid)
    await access.revoke(jid, Kick("not-authorized", "the password was changed"))
    audit.tell(audit.COMMAND, "operator set a password", audit.quoted(jid.bare))
    return {"jid": jid.bare, **({"password": chosen} if password is None else warning)}


@command(
    "user del", "remove an account and all it left on the server", aliases=("deluser",),
    question="Remove {user} and all it left on the server?", text=lambda gone: f"removed {gone['jid']}",
)  # fmt: skip
async def delete(user: User) -> dict[str, Any]:
    """Remove an account: contacts are told, sessions end, all that was kept for it goes.

    Of a host that is no longer served too; then nobody is told.
    """
    jid = account(user, served=False)
    if not await removal.remove(jid):
        raise _missing(jid)
    audit.tell(audit.COMMAND, "operator removed an account", audit.quoted(jid.bare))
    return {"jid": jid.bare, "removed": True}


@command(
    "user disable", "lock an account and end its sessions; its data stays",
    text=lambda done: f"disabled {done['jid']}, {sessions_text(done['kicked'])} ended",
)  # fmt: skip
async def disable(
    user: User, reason: Annotated[str | None, Arg("words for its clients, the log, and `user show`")] = None
) -> dict[str, Any]:
    """Lock an account: its sessions end and nobody logs in; all that it has stays. Gives {"jid", "kicked"}."""
    jid = account(user)
    if reason and len(reason) > MOST_REASON:
        raise CommandError(f"a reason has {MOST_REASON} characters at most", EXIT_USAGE)
    await _auth(auth.set_disabled(jid.local, jid.domain, True, reason or ""), jid)
    why = audit.quoted(reason) if reason else ""
    audit.tell(audit.COMMAND, "operator disabled an account", audit.quoted(jid.bare), why)
    kick = Kick("not-authorized", f"the account is disabled{f': {reason}' if reason else ''}")
    return {"jid": jid.bare, "disabled": True, "kicked": await access.revoke(jid, kick)}


@command("user enable", "unlock an account; its old password is good again", text=lambda done: f"enabled {done['jid']}")
async def enable(user: User) -> dict[str, Any]:
    """Unlock an account: its old password is good again."""
    jid = account(user)
    await _auth(auth.set_disabled(jid.local, jid.domain, False), jid)
    audit.tell(audit.COMMAND, "operator enabled an account", audit.quoted(jid.bare))
    return {"jid": jid.bare, "disabled": False}


@command("user show", "one account: made when, disabled or not, sessions")
async def show(user: User) -> dict[str, Any]:
    """Return what is known of an account: {"jid", "created" (UTC), "disabled", "reason", "sessions"}."""
    jid = account(user, served=False)
    found = await auth.account(jid.local, jid.domain)
    if found is None:
        raise _missing(jid)
    return {
        "jid": jid.bare,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(found.created_at)),
        "disabled": found.disabled,
        "reason": found.reason or None,
        "sessions": len(sm.sessions(jid.bare)),
    }


@command("user list", "the accounts of a host", aliases=("registered_users",), none="no accounts")
async def list_(
    host: Annotated[str | None, Arg("virtual host; the first one configured if not given", positional=True)] = None,
    disabled: Annotated[bool, Arg("only those that are disabled")] = False,
) -> list[str]:
    """Return the accounts of a host as bare JIDs; of one that is no longer served too, if it has any."""
    served = configuration().hosts
    with contextlib.suppress(PrepError):
        host = prep.domain(host) if host is not None else None
    domain = served[0] if host is None else host
    found = [f"{user}@{domain}" for user in await auth.list_users(domain, disabled=disabled)]
    if not found and domain not in served:
        raise _not_served(domain)
    return found


async def orphans() -> dict[str, int]:
    """Return how many accounts each host has that has some and is not served."""
    served = configuration().hosts
    return {host: len(await auth.list_users(host)) for host in await auth.hosts() if host not in served}


# -- passwords


def new_password() -> str:
    """Return a password of 96 random bits or more, in groups that can be read aloud."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(6)) for _ in range(3))


def checked_password(password: str) -> dict[str, str]:
    """Return {} for a good password, {"warning": words} for one that is taken all the same. Raises CommandError(2)."""
    if not password.strip():
        raise CommandError("the password is empty: nobody could log in with it", EXIT_USAGE)
    if len(password) < SHORT:
        return {"warning": f"the password is short: {len(password)} of {SHORT} characters or more"}
    return {}


# -- for other commands


def sessions_text(count: int) -> str:
    """So many sessions, in words."""
    return f"{count} session{'' if count == 1 else 's'}"


def configuration() -> Config:
    """Return the configuration this node was started with."""
    config: Config = application.get_env("xmppd", "config")
    return config


def account(text: str, served: bool = True) -> JID:
    """Return the bare JID meant by `NAME` (of the first host) or `NAME@HOST`, of a host that is `served`.

    Raises CommandError(2).
    """
    jid = address(text)
    if jid.resource:
        raise CommandError(f"{text}: a resource is not wanted here, an account is meant: {jid.bare}", EXIT_USAGE)
    if not jid.local:
        raise CommandError(f"{text} is no user name", EXIT_USAGE)
    if served and jid.domain not in configuration().hosts:
        raise _not_served(jid.domain)
    return jid


def address(text: str) -> JID:
    """Return the JID meant by `NAME`, `NAME@HOST`, either with `/RESOURCE`. Raises CommandError(2)."""
    bare, slash, resource = text.partition("/")
    whole = f"{bare}{slash}{resource}" if "@" in bare else f"{bare}@{configuration().hosts[0]}{slash}{resource}"
    try:
        return JID.parse(whole)
    except JidError as error:
        raise CommandError(f"{text} is no user name: {error}", EXIT_USAGE) from None


async def existing(jid: JID) -> None:
    """Raise CommandError unless there is such an account."""
    if not await auth.user_exists(jid.local, jid.domain):
        raise _missing(jid)


def _missing(jid: JID) -> CommandError:
    return CommandError(f"there is no account {jid.bare}")


def _not_served(domain: str) -> CommandError:
    hosts = configuration().hosts
    return CommandError(
        f"{domain} is not served here; {', '.join(hosts)} {'is' if len(hosts) == 1 else 'are'}", EXIT_USAGE
    )


async def _auth(work: Awaitable[T], jid: JID) -> T:
    try:
        return await work
    except AuthBusy as error:
        raise CommandError(str(error) or "busy; try again", EXIT_TRY_AGAIN) from None
    except auth.NoAccount:
        raise _missing(jid) from None
    except auth.AccountExists:
        raise CommandError(f"{jid.bare} exists already", EXIT_FAILED) from None
    except auth.BadPassword as error:
        raise CommandError(f"{jid.bare} may not have this password: {error}", EXIT_USAGE) from None
    except AuthError as error:
        raise CommandError(f"{jid.bare} cannot be used: {error}", EXIT_USAGE) from None
