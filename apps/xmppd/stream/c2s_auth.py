"""c2s_auth — a stream's logins: runs the SASL mechanism, looks accounts up, and delays the answer after failures.

Way:      stream.c2s_actions → [c2s_auth] → xmpp_core.sasl (steps) and auth (look-ups)
Process:  runs in the c2s
RFC:      6120 §6; 5802; 5929 §4 (tls-server-end-point)
XEP:      0178 §2; 0078 (where configured)
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
import ssl
import sys
from base64 import b32encode

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.exits import ReceiveTimeout
from otp.erts.signals import Exit
from otp.stdlib import gen_fsm
from xmpp_core import bind, ns, prep
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError
from xmpp_core.prep import PrepError
from xmpp_core.sasl import mechanisms
from xmpp_core.sasl.base import (
    Answer,
    Failure,
    Need,
    NeedAccount,
    NeedGuest,
    NeedKeys,
    NeedOwner,
    NeedPasswordCheck,
    Outcome,
    SaslContext,
    Success,
)
from xmpp_core.sasl.ht import MECHANISMS as TOKEN_MECHANISMS
from xmpp_core.stream_events import LegacyAuth, LegacyAuthResult, NegotiationTimeout, ReportAuth, SaslStep
from xmppd import audit
from xmppd.auth import auth
from xmppd.auth.auth import AuthBusy
from xmppd.auth.throttle import address_key
from xmppd.net import certificate
from xmppd.net.connection import END_POINT, Disconnected
from xmppd.routing import hooks
from xmppd.routing.deliver import Kick, Shutdown
from xmppd.routing.hook_points import AuthResultHook
from xmppd.routing.login_hook_points import GuestHook, TokensHook
from xmppd.routing.sm import sm
from xmppd.store.store import StoreError
from xmppd.stream import traffic
from xmppd.stream.c2s_session import C2sData

_LATER = Failure("temporary-auth-failure")


async def sasl_step(data: C2sData, request: SaslStep) -> Outcome:
    """What one message of the client leads to; never raises for anything that the client sent."""
    try:
        if request.first:
            data.mechanism = mechanisms.start(request.mechanism, _context(data))
        assert data.mechanism is not None
        step = data.mechanism.step(request.data)
        while isinstance(step, Need):
            step = data.mechanism.answer(await _look_up(data, step))
        if isinstance(step, Success):
            step = await _not_disabled(data, step)
    except (AuthBusy, StoreError):
        step = _LATER
    if isinstance(step, Failure):
        data.mechanism = None
    return step


async def _not_disabled(data: C2sData, step: Success) -> Outcome:
    """Who has shown that the account is theirs, and they only, are told that it is disabled. RFC: 6120 §6.5.2"""
    found = await auth.account(step.username, data.host)
    return Failure("account-disabled", step.username) if found is not None and found.disabled else step


async def _look_up(data: C2sData, need: Need) -> Answer:
    host = data.host
    if isinstance(need, NeedKeys):
        return await auth.scram_keys(need.username, host, need.hash_name)
    if isinstance(need, NeedPasswordCheck):
        return await auth.is_password(need.username, host, need.password)
    if isinstance(need, NeedAccount):
        return await auth.user_exists(need.username, host)
    if isinstance(need, NeedOwner):
        return await auth.token_owner(need.token, host)
    if isinstance(need, NeedGuest):
        return await hooks.run_fold(host, GuestHook(host, data.connection.peer), "")
    user, none = JID(need.username, host), ()
    return await hooks.run_fold(host, TokensHook(user, client_of(user, data.fsm.request), need.mechanism), none)


def client_of(user: JID, request: Element | None) -> str:
    """The id of the user's client that has sent this <authenticate/>, "" if it does not say: made of the id that it
    gives itself, whatever form that has, which is nobody else's business. XEP: 0388 §2.5"""
    agent = request.child("user-agent", ns.SASL2) if request is not None else None
    id_ = (agent.get("id") or "") if agent is not None else ""
    return derived("client", user, id_, 16) if 0 < len(id_) <= sm.MOST_CLIENT_ID else ""


def derived(what: str, user: JID, id_: str, octets: int) -> str:
    """A name that this server alone makes of the id, and nobody turns back."""
    made = hmac.digest(auth.server_secret(), f"{what}\0{user.bare}\0{id_}".encode(), "sha256")[:octets]
    return b32encode(made).decode().rstrip("=").lower()


def _context(data: C2sData) -> SaslContext:
    end_point = data.connection.channel_binding(END_POINT)
    offered = data.fsm.offered(data.settings.stream)
    bound = any(name.endswith("-PLUS") for name in offered)
    return SaslContext(
        host=data.host,
        secret=auth.server_secret(),
        nonce=secrets.token_urlsafe(18),
        iterations=data.settings.iterations,
        channel_binding=end_point or None,
        plus_offered=bound,
        offered=mechanisms.list_of(offered, (END_POINT,) if bound else ()) if data.settings.protect else b"",
        identities=_identities(data) if data.fsm.mechanism == "EXTERNAL" else (),
    )


def look_at_certificate(data: C2sData) -> None:
    """Before the features of a stream: whether the client has shown a certificate, and may log in by it."""
    shown = data.settings.whose is not None and bool(data.connection.peer_certificate())
    if shown != data.fsm.certificate:
        data.fsm = data.fsm.but(certificate=shown)


def _identities(data: C2sData) -> tuple[str, ...]:
    """Whose certificate the client has shown, of the accounts of the stream's host."""
    whose, der = data.settings.whose, data.connection.peer_certificate()
    if whose is None or not der:
        return ()
    try:
        [shown] = certificate.read(ssl.DER_cert_to_PEM_cert(der))
    except ValueError:  # one that only OpenSSL can read
        return ()
    return whose(shown.addresses, shown.common_names, data.host)


async def report(data: C2sData, result: ReportAuth) -> None:
    """An attempt ended: count it if it failed, take the client for known if not, and tell the modules; return when it
    may be answered. The verdict comes first: streams that try at the same time slow each other."""
    data.mechanism = None
    _told(data, result)
    throttle, now = data.settings.throttle, CLOCK.monotonic()
    if result.ok:
        data.how = sys.intern(result.mechanism)
        data.connection.authenticated()
    elif throttle is not None and result.mechanism not in TOKEN_MECHANISMS:  # nobody guesses a token
        for key in _keys(data, result.username):
            throttle.spend(key, now)
    if hooks.wanted(data.host, AuthResultHook):
        point = AuthResultHook(data.host, result.username or "", result.mechanism, result.ok, data.connection.peer)
        await hooks.run(data.host, point)
    if throttle is not None and len(throttle):  # else nobody has failed of late
        data.connection.judging(True)
        await _hold_back(throttle.delay(_keys(data, result.username), now))
        data.connection.judging(False)


def _told(data: C2sData, result: ReportAuth) -> None:
    traffic.count_login(result)
    ip = audit.address(data.connection.peer)
    who = audit.quoted(f"{result.username}@{data.host}") if result.username else ""
    how = result.mechanism or traffic.LEGACY
    if result.ok:
        audit.tell(audit.LOGIN, f"login from {ip}: {who}", how, data.connection.tls_version() or "no TLS")
    else:
        audit.tell(audit.LOGIN_FAILED, f"login from {ip} failed: {result.reason}", who, audit.mechanism(how))


def _keys(data: C2sData, username: str | None) -> list[str]:
    """What is counted together: the address, and the account in whatever spelling, whether there is one or not."""
    keys = [f"ip:{address_key(data.connection.peer)}"]
    if username:
        with contextlib.suppress(PrepError):
            keys.append(f"account:{prep.local(username)}@{data.host}")
    return keys


async def _hold_back(seconds: float) -> None:
    """Wait, but not for a client that has gone, nor when the server goes down."""
    if not seconds:
        return
    try:
        message = await process.receive(_ends_the_wait, seconds)
    except ReceiveTimeout:
        return
    process.send(process.self_(), message)


def _ends_the_wait(message: object) -> bool:
    if isinstance(message, gen_fsm.Event):
        return isinstance(message.event, Disconnected)
    return isinstance(message, Exit | Kick | NegotiationTimeout | Shutdown)


async def legacy_login(data: C2sData, request: LegacyAuth) -> LegacyAuthResult:
    """XEP-0078: the password is checked and the resource chosen in one step."""
    try:
        account = JID(request.username, data.host)
        right = await auth.is_password(request.username, data.host, request.password)
        found = await auth.account(request.username, data.host) if right else None
    except JidError:
        return LegacyAuthResult(error=StanzaError("jid-malformed"))
    except (AuthBusy, StoreError):
        return LegacyAuthResult(error=StanzaError("resource-constraint"))
    if found is None:
        return LegacyAuthResult(error=StanzaError("not-authorized"))
    if found.disabled:  # said as SASL says it, to whoever has shown that the account is theirs
        disabled = Element(ns.SASL, "account-disabled")
        return LegacyAuthResult(error=StanzaError("not-authorized", "this account is disabled", app=disabled))
    try:
        return LegacyAuthResult(choose(data, account, request.resource))
    except StanzaError as error:
        return LegacyAuthResult(error=error)


def choose(data: C2sData, account: JID, wanted: str) -> JID:
    """The full JID that `account` (bare) gets for its wish, "" for none. Raises StanzaError. RFC: 6120 §7.7.2"""
    taken = [session.jid.resource for session in sm.sessions(account.bare)]
    # how many sessions an account may have is sm's business: there the oldest gives way
    most = len(taken) + 1
    fresh = secrets.token_urlsafe(16)
    return bind.choose(account, wanted, taken, fresh, data.settings.policy, most).jid
