"""c2s_auth — a stream's logins: runs the SASL mechanism, looks accounts up, and delays the answer after failures.

Way:      stream.c2s_actions → [c2s_auth] → xmpp_core.sasl (steps) and auth (look-ups)
Process:  runs in the c2s
RFC:      6120 §6; 5802; 5929 §4 (tls-server-end-point)
XEP:      0078 (where configured)
"""

from __future__ import annotations

import contextlib
import secrets
import sys

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.exits import ReceiveTimeout
from otp.erts.signals import Exit
from otp.stdlib import gen_fsm
from xmpp_core import bind, prep
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError
from xmpp_core.prep import PrepError
from xmpp_core.sasl import mechanisms
from xmpp_core.sasl.base import Answer, Failure, NeedKeys, NeedPasswordCheck, Outcome, SaslContext
from xmpp_core.stream_events import LegacyAuth, LegacyAuthResult, NegotiationTimeout, ReportAuth, SaslStep
from xmppd import audit
from xmppd.auth import auth
from xmppd.auth.auth import AuthBusy
from xmppd.auth.throttle import address_key
from xmppd.net.connection import END_POINT, Disconnected
from xmppd.routing import hooks
from xmppd.routing.deliver import Kick, Shutdown
from xmppd.routing.hook_points import AuthResultHook
from xmppd.routing.sm import sm
from xmppd.store.store import StoreError
from xmppd.stream.c2s_session import C2sData

_LATER = Failure("temporary-auth-failure")


async def sasl_step(data: C2sData, request: SaslStep) -> Outcome:
    """What one message of the client leads to; never raises for anything that the client sent."""
    try:
        if request.first:
            data.mechanism = mechanisms.start(request.mechanism, _context(data))
        assert data.mechanism is not None
        step = data.mechanism.step(request.data)
        while isinstance(step, NeedKeys | NeedPasswordCheck):
            step = data.mechanism.answer(await _look_up(data.host, step))
    except (AuthBusy, StoreError):
        step = _LATER
    if isinstance(step, Failure):
        data.mechanism = None
    return step


async def _look_up(host: str, need: NeedKeys | NeedPasswordCheck) -> Answer:
    if isinstance(need, NeedKeys):
        return await auth.scram_keys(need.username, host, need.hash_name)
    return await auth.check_plain(need.username, host, need.password)


def _context(data: C2sData) -> SaslContext:
    end_point = data.connection.channel_binding(END_POINT)
    return SaslContext(
        host=data.host,
        secret=auth.server_secret(),
        nonce=secrets.token_urlsafe(18),
        iterations=data.settings.iterations,
        channel_binding=end_point or None,
        plus_offered=any(name.endswith("-PLUS") for name in data.fsm.offered(data.settings.stream)),
    )


async def report(data: C2sData, result: ReportAuth) -> None:
    """An attempt ended: count it if it failed, take the client for known if not, and tell the modules; return when it
    may be answered. The verdict comes first: streams that try at the same time slow each other."""
    data.mechanism = None
    _told(data, result)
    throttle, now = data.settings.throttle, CLOCK.monotonic()
    if result.ok:
        data.how = sys.intern(result.mechanism)
        data.connection.authenticated()
    elif throttle is not None:
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
    ip = audit.address(data.connection.peer)
    who = audit.quoted(f"{result.username}@{data.host}") if result.username else ""
    how = result.mechanism or "XEP-0078"
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
        right = await auth.check_plain(request.username, data.host, request.password)
    except JidError:
        return LegacyAuthResult(error=StanzaError("jid-malformed"))
    except (AuthBusy, StoreError):
        return LegacyAuthResult(error=StanzaError("resource-constraint"))
    if not right:
        return LegacyAuthResult(error=StanzaError("not-authorized"))
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
