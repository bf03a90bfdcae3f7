"""c2s_login — a login in one step: resumes the session that is asked for, else binds, and answers in one write.

Way:      stream.c2s_actions → [c2s_login] → hooks (tokens, what is enabled), nonzas (resume), sm → connection
Process:  runs in the c2s
XEP:      0388 (SASL2), 0386 (Bind 2)
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Collection
from typing import Final

from otp.erts import process
from xmpp_core import ns, sasl2_answers
from xmpp_core import stream_answers as answers
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError, StreamError
from xmpp_core.jid import JID
from xmpp_core.stream_events import Event, LoggedIn, Login, Resumed, StreamFault, TakenOver
from xmppd.routing import hooks, nonzas
from xmppd.routing.archive_hook_points import ArchiveEndsHook, CatchesUpHook
from xmppd.routing.deliver import Replaced
from xmppd.routing.hook_points import StreamFeaturesHook
from xmppd.routing.login_hook_points import BindInlineHook, LoginFeatures, LoginFeaturesHook, LoginHook
from xmppd.routing.nonzas import HandOver, Nonza, Resume
from xmppd.routing.sm import sm
from xmppd.stream import c2s_auth, c2s_session
from xmppd.stream.c2s_session import C2sData
from xmppd.stream.driver import Attach, give_away
from xmppd.stream.login_answer import LoginAnswer

#: seconds within which a session takes over a connection that is handed to it
HANDED_OVER_WITHIN: Final = 5.0
#: characters of the tag in a client's resources
_LONGEST_TAG: Final = 128
_NOTHING: Final = LoginFeatures()


async def features_of(data: C2sData, stage: str, elements: tuple[Element, ...], done: Collection[str] = ()) -> str:
    """The features of a stage, with what modules offer there, as they are written; without those whose namespace is in
    `done`: a client would begin them a second time."""
    if stage != "encrypt" and hooks.wanted(data.host, StreamFeaturesHook):
        user = JID(data.fsm.username, data.host) if data.fsm.username else None
        elements = await hooks.run_fold(data.host, StreamFeaturesHook(data.host, user, data.safe), elements)
    written = "".join([_written(element) for element in elements if element.ns not in done])
    if stage == "auth":
        written = await _feature(data) + written
    return f"<stream:features>{written}</stream:features>"


#: elements that are the same object on every stream, and how they are written; the object is kept, so its id is its own
_WRITTEN: Final[dict[int, tuple[Element, str]]] = {}
_MOST_WRITTEN: Final = 64


def _written(element: Element) -> str:
    known = _WRITTEN.get(id(element))
    if known is None:
        if len(_WRITTEN) >= _MOST_WRITTEN:
            _WRITTEN.clear()
        known = _WRITTEN[id(element)] = (element, element.to_xml())
    return known[1]


async def _feature(data: C2sData) -> str:
    """<authentication/>, where a login is offered."""
    offered = data.fsm.offered(data.settings.stream)
    if not offered:
        return ""
    features = _NOTHING
    if hooks.wanted(data.host, LoginFeaturesHook):
        features = await hooks.run_fold(data.host, LoginFeaturesHook(data.host, data.fsm.channel_binding), _NOTHING)
    return sasl2_answers.feature(offered, features.inline, features.bind)


async def login(data: C2sData, action: Login) -> Event:
    """Do what the client has asked for with its login, and answer it."""
    await data.connection.set_limits(data.settings.limits)
    user, request = JID(action.username, data.host), action.request
    client = c2s_auth.client_of(user, request)
    said: tuple[Element, ...] = ()
    if hooks.wanted(data.host, LoginHook):
        point = LoginHook(user, client, action.mechanism, request, action.token, data.connection.peer)
        said = await hooks.run_fold(data.host, point, said)
    try:
        resumed = await _resume(data, user, request, LoginAnswer(action.data, said))
    except StreamError as error:
        return StreamFault(error)
    if not isinstance(resumed, tuple):
        return resumed
    answer = LoginAnswer(action.data, (*said, *resumed))
    bind = request.child("bind", ns.BIND2)
    if bind is None:
        await _write(data, answer.around(user.full), answers.bind_features())
        return LoggedIn()
    jid, bound = await _bind(data, user, client, bind)
    begun = [element.ns for element in bound.elements() if element.name != "failed"]
    await _write(data, answer.around(jid.full, bound), (), begun)
    return LoggedIn(jid)


async def _resume(data: C2sData, user: JID, request: Element, answer: LoginAnswer) -> Event | tuple[Element, ...]:
    """An older session goes on over this connection; else what is said to those who have asked for one."""
    refused: list[Element] = []
    for asked in request.elements():
        nonza = Nonza(asked, user, None, data.connection.peer)
        handler = await nonzas.handler_of(data.host, nonza)
        if handler is None:
            continue
        found = handler(nonza)
        if isinstance(found, Awaitable):
            found = await found
        match found:
            case HandOver(pid) if process.is_alive(pid):
                connection = give_away(data, HANDED_OVER_WITHIN)
                process.send(pid, Attach(connection, asked, data.how, answer))
                data.ending = "its connection goes to the session that it resumes"
                return TakenOver()
            case HandOver():
                refused.append(answers.sm_refusal(asked, "item-not-found"))
            case Resume(jid):
                data.login = answer
                await c2s_session.open_session(data, jid, found, asked)
                return Resumed(jid)
            case Element():
                refused.append(found)
            case tuple():
                refused += found
    return tuple(refused)


async def _bind(data: C2sData, user: JID, client: str, bind: Element) -> tuple[JID, Element]:
    """A resource and a session of its own; what the modules do with it. Earlier sessions of the client end."""
    jid = _choose(data, user, client, bind.child_text("tag", ns.BIND2) or "")
    before = [row for row in sm.sessions(user.bare) if client and row.client == client]
    await c2s_session.open_session(data, jid, client=client)
    session = data.session
    assert session is not None
    nothing: tuple[Element, ...] = ()
    await hooks.run(data.host, CatchesUpHook(session))
    said = await hooks.run_fold(data.host, BindInlineHook(session, bind), nothing)
    archive = await hooks.run_fold(data.host, ArchiveEndsHook(user), None)
    for row in before:
        if row.jid != jid:
            process.send(row.pid, Replaced())
    return jid, sasl2_answers.bound(*said, *([archive] if archive is not None else []))


def _choose(data: C2sData, user: JID, client: str, tag: str) -> JID:
    """`tag/id`: for a client that has said who it is the same each time. A tag that cannot be in a resource is left
    out. XEP: 0386 §3.3"""
    own = c2s_auth.derived("resource", user, f"{client}\0{tag}", 10) if client else secrets.token_urlsafe(12)
    for wanted in (f"{tag}/{own}" if 0 < len(tag) <= _LONGEST_TAG else own, own):
        try:
            return c2s_auth.choose(data, user, wanted)
        except StanzaError:
            continue
    return c2s_auth.choose(data, user, "")


async def _write(data: C2sData, success: Element, features: tuple[Element, ...], done: Collection[str] = ()) -> None:
    """The answer, and the features of what may follow, at once; neither is counted by stream management."""
    data.send(success.to_xml() + await features_of(data, "bind", features, done))
