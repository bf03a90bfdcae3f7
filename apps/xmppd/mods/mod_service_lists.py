"""mod_service_lists — lists that administrators change while the server runs: whom it keeps out, whom alone it lets in,
and who else is an administrator.

Way:  commands (ad-hoc and the command line) → [mod_service_lists] → keeper → store; stanzas of accounts and for them,
      IsAdminHook → [mod_service_lists] → keeper.of_host
XEP:  0133 §4.11, §4.12, §4.29
Differs: a stream from a server that is kept out is not refused; its stanzas are
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from otp.stdlib.child_spec import ChildSpec
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq, Presence, Stanza
from xmppd import audit
from xmppd.auth import auth
from xmppd.commands import Arg, CommandError, command
from xmppd.gen_mod import Mod, on
from xmppd.mods.service_lists import keeper
from xmppd.mods.service_lists.rules import ADMINS, LISTS, ServiceLists, parsed, refuses
from xmppd.routing import router
from xmppd.routing.hook_points import (
    AccountPresenceHook,
    AccountReceivesHook,
    AccountRemovedHook,
    AccountSendsHook,
    Stage,
    SubscriptionListsHook,
    UserReceivePresenceHook,
)
from xmppd.routing.login_hook_points import IsAdminHook
from xmppd.routing.routes import Fallback

MIGRATIONS: Final = keeper.STEPS
Which = Annotated[str, Arg("blocked, allowed or admins")]


def children(mod: Mod) -> list[ChildSpec]:
    """The keeper."""
    return [keeper.spec(mod.host)]


# --- what administrators ask for


@command("access show", "who is kept out, who alone is let in, and who administers", none="nobody")
async def show(which: Which, mod: Mod) -> list[str]:
    """The JIDs of a list; of the administrators, those of the configuration come first. Raises CommandError."""
    _known(which)
    found = sorted(getattr(keeper.of_host(mod.host), which))
    own = list(_configured(mod)) if which == ADMINS else []
    return [*own, *[jid for jid in found if jid not in own]]


@command("access set", "have a list be these addresses, and no others", text=lambda done: f"{done['jids']} addresses")
async def set_(
    which: Which, mod: Mod, jids: Annotated[list[str] | None, Arg("addresses; none: nobody", positional=True)] = None
) -> dict[str, Any]:
    """Replace a list. Gives {"list", "jids": how many}. Raises CommandError, and nothing has changed then."""
    _known(which)
    try:
        found = parsed(jids or [])
    except ValueError as error:
        raise CommandError(str(error)) from None
    found = await _admins(found, mod) if which == ADMINS else _others(found, mod)
    await keeper.replace(mod.host, which, found)
    audit.tell(audit.COMMAND, f"list {which} set to {len(found)} addresses", audit.quoted(mod.host))
    return {"list": which, "jids": len(found)}


def _known(which: str) -> None:
    if which not in LISTS:
        raise CommandError(f"{which!r} is none of {', '.join(LISTS)}")


def _others(jids: list[str], mod: Mod) -> list[str]:
    hosts = mod.config.hosts if mod.config is not None else (mod.host,)
    if ours := [jid for jid in jids if jid in hosts]:
        raise CommandError(f"{ours[0]} is a host of this server: it would not talk to itself")
    return jids


async def _admins(jids: list[str], mod: Mod) -> list[str]:
    """Those beside the configuration's."""
    own = _configured(mod)
    if missing := [jid for jid in own if jid not in jids]:
        raise CommandError(f"{missing[0]} is an administrator by the configuration, and can be taken out there only")
    more = [jid for jid in jids if jid not in own]
    for jid in map(JID.parse, more):
        if not jid.local or jid.resource or not await auth.user_exists(jid.local, jid.domain):
            raise CommandError(f"there is no account {jid.full}")
    return more


def _configured(mod: Mod) -> tuple[str, ...]:
    return mod.config.admins if mod.config is not None else ()


# --- administrators


@on(IsAdminHook)
def is_admin(acc: bool, point: IsAdminHook, mod: Mod) -> bool:
    """Also those of the list."""
    return acc or point.account.bare in keeper.of_host(mod.host).admins


@on(AccountRemovedHook)
async def removed(point: AccountRemovedHook, mod: Mod) -> None:
    """Another account of this name is no administrator."""
    admins = keeper.of_host(mod.host).admins
    if point.user.bare in admins:
        await keeper.replace(mod.host, ADMINS, sorted(admins - {point.user.bare}))


# --- who is kept out


@on(AccountSendsHook, seq=Stage.BLOCK, kind="message")
def outgoing(stanza: Stanza | None, point: AccountSendsHook, mod: Mod) -> Stanza | None:
    """Nothing goes to those who are kept out, and the client is told so."""
    lists = keeper.of_host(mod.host)
    if not lists.shut_out or stanza is None or stanza.to is None or not _refused(lists, stanza.to, mod):
        return stanza
    if stanza.kind == "presence" or stanza.is_error or (isinstance(stanza, Iq) and not stanza.is_request):
        return None
    raise StanzaError("policy-violation", f"this server does not talk to {stanza.to.domain}", type_="cancel")


@on(AccountReceivesHook, seq=Stage.BLOCK, kind="message")
def incoming(stanza: Stanza | None, point: AccountReceivesHook, mod: Mod) -> Stanza | None:
    """Nothing comes from them; who asks or writes is told so."""
    lists = keeper.of_host(mod.host)
    if not lists.shut_out or stanza is None or stanza.from_ is None or not _refused(lists, stanza.from_, mod):
        return stanza
    asks = stanza.is_request if isinstance(stanza, Iq) else stanza.type in ("chat", "normal")
    if stanza.kind == "presence" or not asks:
        return None
    raise StanzaError("policy-violation", "this server does not talk to you", type_="cancel")


@on(AccountPresenceHook, seq=10)
def asks(presence: Presence | None, point: AccountPresenceHook, mod: Mod) -> Presence | None:
    """Their subscriptions and probes are not heard."""
    return presence if not keeper.of_host(mod.host).shut_out else _heard(presence, mod)


@on(UserReceivePresenceHook, seq=10)
def unseen(presence: Presence | None, point: UserReceivePresenceHook, mod: Mod) -> Presence | None:
    """Nor is it seen that they are there."""
    return presence if not keeper.of_host(mod.host).shut_out else _heard(presence, mod)


def _heard(presence: Presence | None, mod: Mod) -> Presence | None:
    if presence is None or presence.from_ is None:
        return presence
    return None if _refused(keeper.of_host(mod.host), presence.from_, mod) else presence


@on(SubscriptionListsHook, seq=85)
def lists_of(acc: tuple[set[str], set[str]], point: SubscriptionListsHook, mod: Mod) -> tuple[set[str], set[str]]:
    """They are not told who is there."""
    lists = keeper.of_host(mod.host)
    if not lists.shut_out:
        return acc
    sees, seen = ({name for name in names if not _refused(lists, JID.parse(name), mod)} for names in acc)
    return sees, seen


def _refused(lists: ServiceLists, other: JID, mod: Mod) -> bool:
    """The server itself is never kept out."""
    if other.domain == mod.host and not other.local:
        return False
    return refuses(lists, other, isinstance(router.route_of(other.domain), Fallback))
