"""stream_open — the rules of wait_for_stream: headers, features, and the switch to TLS.

Way:      stream_fsm.TABLE → [header] → SendHeader, SendFeatures
RFC:      6120 §4.2, §4.3, §4.7 (attributes), §4.9.3; §5.4.3.3 (after TLS)
"""

from __future__ import annotations

import re

from xmpp_core import ns
from xmpp_core import stream_answers as answers
from xmpp_core.element import Element
from xmpp_core.errors import StreamError
from xmpp_core.jid import JID, JidError
from xmpp_core.parser import StreamStart
from xmpp_core.stream_events import Action, SendFeatures, SendHeader, TlsReady
from xmpp_core.stream_rules import Next, close, fail
from xmpp_core.stream_state import StateName, StreamConfig, StreamState

_VERSION = re.compile(r"([0-9]{1,5})\.([0-9]{1,5})")
_MAX_LANG = 35  # characters of xml:lang (RFC 5646 §4.4.1)

# §4.8.3: a content namespace that is declared must be ours; stanzas may also declare it themselves
_CONTENT = frozenset({ns.CLIENT, ns.STREAM, ""})


def header(state: StreamState, start: StreamStart, config: StreamConfig) -> Next:
    """A stream header: refused, or answered by ours and the features of this stage."""
    try:
        host, legacy = _check_host(state, start, config), _is_legacy(state, start, config)
    except StreamError as error:
        return close(state, error)
    lang = start.attrs.get("xml:lang", "en")
    opened = state.but(host=host, hint=_hint(start))
    reply = SendHeader(host, start.attrs.get("from"), None if legacy else "1.0", lang)
    if legacy:
        return opened.but(name=StateName.WAIT_FOR_AUTH), [reply]
    opened, features = _features(opened, config)
    return opened, [reply, features]


def element_before_header(state: StreamState, _element: Element, _config: StreamConfig) -> Next:
    """The first thing of a stream is its header."""
    return fail(state, "invalid-xml")


def tls_ready(state: StreamState, event: TlsReady, _config: StreamConfig) -> Next:
    """TLS is on: what was said in the clear is forgotten (RFC 6120 §5.4.3.3)."""
    fresh = StreamState(tls=True, channel_binding=event.channel_binding)
    return fresh.but(host=state.host, failures=state.failures), []


def _features(state: StreamState, config: StreamConfig) -> tuple[StreamState, Action]:
    if state.username:
        named = state.but(name=StateName.WAIT_FOR_BIND)
        return named, SendFeatures("bind", answers.bind_features())
    named = state.but(name=StateName.WAIT_FOR_FEATURE_REQUEST)
    if state.tls_missing(config):
        return named, SendFeatures("encrypt", (answers.starttls_feature(True),))
    features = answers.auth_features(state.offered(config), state.legacy_offered(config))
    if config.tls == "optional" and not state.tls:
        features = (answers.starttls_feature(False), *features)
    return named, SendFeatures("auth", features)


def _check_host(state: StreamState, start: StreamStart, config: StreamConfig) -> str:
    """The served domain the header is for. Raises StreamError. RFC: 6120 §4.7.1, §4.7.2, §4.8.1"""
    if not start.ns_ok or start.default_ns not in _CONTENT:
        raise StreamError("invalid-namespace")
    if not start.is_stream:
        raise StreamError("bad-format")
    if len(start.attrs.get("xml:lang", "")) > _MAX_LANG:
        raise StreamError("policy-violation", "xml:lang is too long")
    host = _domain(start.attrs.get("to"))
    if host not in config.hosts:
        raise StreamError("host-unknown")
    if state.host and host != state.host:
        raise StreamError("not-authorized", "a stream stays with its host")
    _check_from(state, start.attrs.get("from"), host)
    return host


def _domain(to: str | None) -> str:
    """`to` must be there and be a domain."""
    if not to:
        raise StreamError("improper-addressing", "the stream header has no 'to'")
    try:
        jid = JID.parse(to)
    except JidError as error:
        raise StreamError("improper-addressing") from error
    if jid.full != jid.domain:
        raise StreamError("improper-addressing")
    return jid.domain


def _check_from(state: StreamState, from_: str | None, host: str) -> None:
    """`from`, where given, is an account here, and after login the client's own."""
    if from_ is None:
        return
    try:
        jid = JID.parse(from_)
    except JidError as error:
        raise StreamError("invalid-from") from error
    if jid.domain != host or (state.username and jid.local not in ("", state.username)):
        raise StreamError("invalid-from")


def _hint(start: StreamStart) -> str:
    """The account that the client says it is, "" for none; checked already."""
    from_ = start.attrs.get("from")
    return JID.parse(from_).local if from_ is not None else ""


def _is_legacy(state: StreamState, start: StreamStart, config: StreamConfig) -> bool:
    """Whether the client is of before RFC 3920 and may be. Raises StreamError. RFC: 6120 §4.7.5"""
    version = start.attrs.get("version")
    parts = _VERSION.fullmatch(version) if version is not None else None
    major = int(parts[1]) if parts else 0
    if major == 1:
        return False
    if major > 1 or (version is not None and not parts) or not config.legacy_auth or state.username:
        raise StreamError("unsupported-version")
    if not state.tls:
        raise StreamError("policy-violation", "Use of TLS required")
    return True
