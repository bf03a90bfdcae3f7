"""mod_register — accounts made, changed and removed by their users.

Making one is closed unless [registration] open says otherwise; the other two are for users who are logged in. A
password is taken over TLS only, or where the listener says plain_without_tls. [registration] rate says how often.

Way:  before authentication: c2s → C2sUnauthenticatedIqHook → [mod_register] → auth
      later: router → iq → [mod_register] → auth, accounts
XEP:  0077; 0004 (the same form as a data form)
"""

from __future__ import annotations

from otp.erts import process
from otp.erts.clock import CLOCK
from xmpp_core import dataforms, ns
from xmpp_core.dataforms import Field, Form
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError
from xmpp_core.stanza import Iq
from xmppd import audit
from xmppd.auth import auth
from xmppd.auth.auth import AccountExists, AuthBusy, BadName, BadPassword
from xmppd.auth.tables import REGISTRATION
from xmppd.auth.throttle import address_key, hourly, is_loopback
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.routing.account import access, removal
from xmppd.routing.deliver import Deliver, Kick
from xmppd.routing.hook_points import C2sUnauthenticatedIqHook, StreamFeaturesHook
from xmppd.routing.hooks import Stop
from xmppd.routing.sm import sm

XEP = {77: "2.4"}
#: to the other sessions of an account
CHANGED = Kick("not-authorized", "the password was changed")
_FEATURE = Element(ns.REGISTER_FEATURE, "register")
INSTRUCTIONS = "Choose a user name and a password for your account on this server."
FORM = Form(
    "form",
    (
        Field("FORM_TYPE", (ns.REGISTER,), "hidden"),
        Field("username", (), "text-single", "User name", required=True),
        Field("password", (), "text-private", "Password", required=True),
    ),
    "Account",
    INSTRUCTIONS,
)


def is_open(mod: Mod) -> bool:
    """Whether anybody may make an account on this host."""
    return mod.config is not None and mod.config.registration_open(mod.host)


# --- before authentication


@on(StreamFeaturesHook)
def feature(acc: tuple[Element, ...], point: StreamFeaturesHook, mod: Mod) -> tuple[Element, ...]:
    """Announced before the login, where it would be granted."""
    if point.user is not None or not point.safe or not is_open(mod):
        return acc
    return (*acc, _FEATURE)


@on(C2sUnauthenticatedIqHook)
async def unauthenticated(acc: Iq | None, point: C2sUnauthenticatedIqHook, mod: Mod) -> Stop[Iq | None] | Iq | None:
    """Answers with the form, and makes an account for a form that is filled in."""
    iq = point.iq
    if acc is not None or iq.payload is None or iq.payload.ns != ns.REGISTER or not iq.is_request:
        return acc
    try:
        return Stop(await _unauthenticated(iq, iq.payload, mod, point))
    except StanzaError as error:
        return Stop(iq.error(error))


async def _unauthenticated(iq: Iq, query: Element, mod: Mod, point: C2sUnauthenticatedIqHook) -> Iq:
    if iq.to is not None and iq.to.full != mod.host:
        raise StanzaError("item-not-found", "accounts of this host only")
    if not is_open(mod):
        raise StanzaError("not-allowed", "registration is closed")
    if not point.safe:
        raise StanzaError("not-authorized", "passwords are taken over TLS only")
    if iq.type == "get":
        return iq.result(_form())
    user, password = _read(query)
    told = f"registration from {audit.address(point.ip)}"
    who = audit.quoted(f"{user}@{mod.host}")
    try:
        _within_rate(mod, point.ip, f"ip:{address_key(point.ip)}")
        if _is_kept(user, mod):
            raise StanzaError("conflict", "that name is taken")
        await _stored(auth.create_user(user, mod.host, password, REGISTRATION))
    except StanzaError as error:
        # names that come faster than the rate allows are one line, of which the log keeps so many
        asked = "" if error.condition == "resource-constraint" else who
        audit.tell(audit.NOT_REGISTERED, f"{told} refused: {error.condition}", asked)
        raise
    audit.tell(audit.REGISTERED, f"{told}: {who}")
    return iq.result()


def _is_kept(user: str, mod: Mod) -> bool:
    """Whether it is an administrator's name: an operator makes that account. Strangers are not told that it is one."""
    try:
        return mod.config is not None and mod.config.is_admin(JID(user, mod.host))
    except JidError:
        return False


def _within_rate(mod: Mod, ip: str, key: str) -> None:
    """Counts one try of `key`. Raises StanzaError (wait) when it was one too many. Names that are taken count too:
    to try them is how accounts are found out."""
    rate = mod.config.registration.rate if mod.config is not None else None
    if rate is None or not ip or is_loopback(ip):
        return
    if not hourly(mod.owner, rate).take(key, CLOCK.monotonic()):
        raise StanzaError("resource-constraint", "too often; try again later", type_="wait")


def _form() -> Element:
    return el(
        "query",
        ns.REGISTER,
        None,
        el("instructions", ns.REGISTER, None, INSTRUCTIONS),
        Element(ns.REGISTER, "username"),
        Element(ns.REGISTER, "password"),
        FORM.to_element(),
    )


def _read(query: Element) -> tuple[str, str]:
    """(user name, password) from the fields or from the data form. Raises StanzaError not-acceptable, bad-request."""
    form = dataforms.find(query)
    if form is not None:
        values = FORM.check(form)
        return values["username"][0], values["password"][0]
    user, password = query.child_text("username"), query.child_text("password")
    if not user or not password:
        raise StanzaError("not-acceptable", "a user name and a password are wanted")
    return user, password


async def _stored(doing: object) -> None:
    """Awaits what auth does, its refusals as stanza errors."""
    try:
        await doing  # type: ignore[misc]
    except AccountExists:
        raise StanzaError("conflict", "that name is taken") from None
    except BadName as error:
        raise StanzaError("jid-malformed", str(error)) from None
    except BadPassword as error:
        raise StanzaError("not-acceptable", str(error)) from None
    except AuthBusy as error:
        raise StanzaError("resource-constraint", str(error), type_="wait") from None


# --- after it


@iq_handler(ns.REGISTER, "query")
async def registered(iq: Iq, mod: Mod) -> Iq | None:
    """What is registered; a new password; the end of the account. Always the sender's own account."""
    assert iq.from_ is not None
    assert iq.payload is not None
    user = iq.from_.bare_jid()
    if user.domain != mod.host or not user.local or (iq.to is not None and iq.to.local and iq.to.bare != user.bare):
        raise StanzaError("forbidden", "accounts are their users' own")
    if iq.type == "get":
        return iq.result(_known(user))
    if iq.payload.child("remove") is not None:
        await _remove(iq, iq.payload, user)
        return None
    session = sm.own_session()
    if session is not None and not session.safe:
        raise StanzaError("not-authorized", "passwords are taken over TLS only")  # XEP-0077 §3.3
    name, password = _read(iq.payload)
    if _jid(name, mod.host) != user:
        raise StanzaError("forbidden", "this account's own name is wanted")
    ip = session.ip if session is not None else ""
    _within_rate(mod, ip, f"account:{user.bare}")
    await _stored(auth.set_password(user.local, mod.host, password))
    await access.revoke(user, CHANGED, but=process.self_())
    audit.tell(audit.PASSWORD, f"password change from {audit.address(ip)}", audit.quoted(user.bare))
    return iq.result()


def _jid(name: str, host: str) -> JID:
    try:
        return JID(name, host)
    except JidError as error:
        raise StanzaError("jid-malformed", str(error)) from None


def _known(user: JID) -> Element:
    return el(
        "query",
        ns.REGISTER,
        None,
        Element(ns.REGISTER, "registered"),
        el("instructions", ns.REGISTER, None, "Send a new password, or <remove/> to end the account."),
        el("username", ns.REGISTER, None, user.local),
        Element(ns.REGISTER, "password"),
    )


async def _remove(iq: Iq, query: Element, user: JID) -> None:
    """The result first, then the end of all streams (XEP-0077 §3.2)."""
    if len(list(query.elements())) != 1:
        raise StanzaError("bad-request", "remove stands alone")
    await removal.remove(user, close=False)
    session = sm.own_session()
    ip = audit.address(session.ip if session is not None else "")
    audit.tell(audit.REMOVED, f"account removed by its user from {ip}", audit.quoted(user.bare))
    process.send(process.self_(), Deliver(iq.result()))
    removal.kick(user)
