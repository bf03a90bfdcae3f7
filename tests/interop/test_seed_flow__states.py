"""test_seed_flow__states — what each state of a client's stream answers, row by row (sections 3.1 to 3.7), on the wire.

Where ejabberd of 2015 is silent or uses names of RFC 3920, the rows have what RFC 6120 says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.booted import Booted
from tests.support.wire import BIND, SASL, STREAM, TLS, Ended, Wire, condition, local, mechanisms, names

SESSION = "urn:ietf:params:xml:ns:xmpp-session"
AUTH = "jabber:iq:auth"
NS = f"xmlns='jabber:client' xmlns:stream='{STREAM[1:-1]}'"
HEADER = f"<stream:stream to='localhost' version='1.0' {NS}>"
PING = "<ping xmlns='urn:xmpp:ping'/>"


def answers(wire: Wire, sent: str, last: str = "") -> list[str]:
    """What comes for `sent`: names and conditions, and at the end the stream error ("/" for an end without one).

    If the stream goes on, something that always has an answer (a SASL abort, or `last`) marks the end.
    """
    wire.send(sent + (last or f"<abort xmlns='{SASL}'/>"))
    found: list[str] = []
    try:
        while True:
            element = wire.next()
            said = condition(element)
            if not last and said in ("aborted", "not-authorized") and local(element) == "failure":
                return found
            found.append(f"{names([element])[0]} {said or ''}".strip())
            if last and element.get("id") == "last":
                return found[:-1]
    except Ended as end:
        return [*found, f"/{end.error or ''}"]


# -- 3.1 wait_for_stream


@pytest.mark.parametrize(
    ("header", "error"),
    [
        (HEADER.replace(STREAM[1:-1], "urn:x"), "invalid-namespace"),
        (HEADER.replace("jabber:client", "urn:x"), "invalid-namespace"),
        (f"<stream:stream to='unknown.example' version='1.0' {NS}>", "host-unknown"),
        (f"<stream:stream version='1.0' {NS}>", "improper-addressing"),
        (f"<stream:stream to='romeo@localhost' version='1.0' {NS}>", "improper-addressing"),
        (f"<stream:stream to='localhost' from='romeo@elsewhere.example' version='1.0' {NS}>", "invalid-from"),
        (f"<stream:stream to='localhost' version='2.0' {NS}>", "unsupported-version"),
        (f"<stream:stream to='localhost' version='1.0' xml:lang='{'x' * 36}' {NS}>", "policy-violation"),
        (f"<stream:stream to='localhost' {NS}>", "unsupported-version"),
        (f"<presence {NS}/>", "invalid-namespace"),
        ("</stream:stream>", "not-well-formed"),
        ("<stream:stream <", "not-well-formed"),
        ("<!DOCTYPE x [<!ENTITY y 'z'>]>", "restricted-xml"),
    ],
    ids=[
        "namespace-of-the-prefix", "namespace-of-the-content", "host", "no-to", "to-with-a-user", "from-elsewhere",
        "version-2", "long-language", "no-version", "element-first", "end-first", "not-xml", "doctype",
    ],
)  # fmt: skip
def test_state_wait_for_stream_bad_header(server: Booted, header: str, error: str) -> None:
    """3.1: our header first, then the error the RFC names, then the end."""
    wire = server.wire()
    wire.send(header)
    assert wire.end() == error
    assert wire.reader.header is not None
    assert wire.reader.header.get("id")


def test_state_wait_for_stream_version_1(server: Booted) -> None:
    """3.1: features with STARTTLS, mechanisms, registration; compression is not offered."""
    features = server.wire().open()
    names = {local(child) for child in features}
    assert names == {"starttls", "mechanisms", "register", "authentication", "limits"}
    assert "SCRAM-SHA-256" in mechanisms(features)


def test_state_wait_for_stream_tls_required(server: Booted) -> None:
    """3.1: mechanisms are withheld while TLS is required and off; PLAIN and -PLUS come with TLS."""
    wire = server.wire(server.tls)
    features = wire.open()
    assert [local(child) for child in features] == ["starttls"]
    assert [local(child) for child in features[0]] == ["required"]
    wire.start_tls(server.trust())
    assert {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"} <= mechanisms(wire.features)
    assert "starttls" not in {local(child) for child in wire.features}


def test_state_wait_for_stream_authenticated(server: Booted) -> None:
    """3.1: after login bind, the optional session, roster versions and pre-approval; a new stream id."""
    wire = server.wire()
    wire.open()
    first = wire.reader.header
    wire.authenticate(server.account(), "secret")
    features = wire.open()
    assert {"bind", "session", "ver", "sub"} <= {local(child) for child in features}
    assert features.find(f"{{{SESSION}}}session/{{{SESSION}}}optional") is not None
    assert first is not None
    assert wire.reader.header is not None
    assert first.get("id") != wire.reader.header.get("id")


# -- 3.2 wait_for_auth, the login of XEP-0078


@pytest.fixture(scope="module")
def legacy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    with Booted.start(tmp_path_factory.mktemp("legacy"), 1, "[auth]\nlegacy_auth = true\n") as made:
        yield made
        made.drop_all()


def old_client(server: Booted) -> Wire:
    """A stream without version, under TLS."""
    wire = server.wire(server.direct)
    wire.wrap()
    wire.header(f"to='localhost' xmlns='{wire.namespace}'")
    return wire


def login(user: str, password: str = "secret", resource: str = "<resource>r</resource>") -> str:
    """An XEP-0078 login."""
    fields = f"<username>{user}</username><password>{password}</password>{resource}"
    return f"<iq type='set' id='a'><query xmlns='{AUTH}'>{fields}</query></iq>"


def test_state_wait_for_auth_is_off_by_default(server: Booted) -> None:
    """3.2: neither a feature nor an answer."""
    wire = server.wire(server.direct)
    wire.wrap()
    assert "auth" not in {local(child) for child in wire.open()}
    wire.send(login("romeo"))
    assert wire.end() == "not-authorized"


def test_state_wait_for_auth_get(legacy: Booted) -> None:
    """3.2: the fields; no digest, since no password is kept."""
    wire = old_client(legacy)
    wire.send(f"<iq type='get' id='g'><query xmlns='{AUTH}'/></iq>")
    answer = wire.next()
    assert [local(field) for field in answer[0]] == ["username", "password", "resource"]


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (login("romeo", resource=""), "not-acceptable"),
        (login("a@@b"), "jid-malformed"),
        (login("nobody"), "not-authorized"),
    ],
    ids=["no-resource", "malformed", "wrong-password"],
)
def test_state_wait_for_auth_refused(legacy: Booted, sent: str, error: str) -> None:
    """3.2: an error, and another attempt is admitted."""
    user = legacy.account()
    wire = old_client(legacy)
    wire.send(sent)
    assert condition(wire.next()) == error
    wire.send(login(user))
    assert wire.next().get("type") == "result"


def test_state_wait_for_auth_ok(legacy: Booted) -> None:
    """3.2: the session is established at once."""
    user = legacy.account()
    wire = old_client(legacy)
    wire.send(login(user))
    assert wire.next().get("type") == "result"
    wire.jid = f"{user}@localhost/r"
    wire.online()


@pytest.mark.parametrize("sent", [f"<iq type='get' id='1'>{PING}</iq>", "<message/>", "<presence/>"])
def test_state_wait_for_auth_anything_else(legacy: Booted, sent: str) -> None:
    """3.2: E15 drops it silently; RFC 6120 §4.9.3.12 ends the stream."""
    wire = old_client(legacy)
    wire.send(sent)
    assert wire.end() == "not-authorized"


# -- 3.3 wait_for_feature_request


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        (f"<auth xmlns='{SASL}' mechanism='NONE'/>", ["failure invalid-mechanism"]),
        (f"<auth xmlns='{SASL}' mechanism='PLAIN'>!!!</auth>", ["failure incorrect-encoding"]),
        (f"<auth xmlns='{SASL}' mechanism='PLAIN'>AGE=</auth>", ["failure malformed-request"]),
        ("<compress xmlns='http://jabber.org/protocol/compress'/>", ["failure setup-failed"]),
        (
            "<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>",
            ["failure unsupported-method"],
        ),
        ("<iq type='get' id='1'><query xmlns='jabber:iq:register'/></iq>", ["iq:result"]),
        (f"<iq type='get' id='1'>{PING}</iq>", ["/not-authorized"]),
        ("<message/>", ["/not-authorized"]),
        ("<presence/>", ["/not-authorized"]),
        ("<thing xmlns='urn:x'/>", ["/not-authorized"]),
        ("</stream:stream>", ["/"]),
        ("<message></presence>", ["/not-well-formed"]),
        (f"<message>{'x' * 8200}</message>", ["/policy-violation"]),
        (f"<message>{'<x/>' * 40}</message>", ["/policy-violation"]),
    ],
)
def test_state_wait_for_feature_request(server: Booted, sent: str, got: list[str]) -> None:
    """3.3, and the limits before login."""
    wire = server.wire()
    wire.open()
    assert answers(wire, sent) == got


def test_state_wait_for_feature_request_login(server: Booted) -> None:
    """3.3: right at once with PLAIN, by a challenge with SCRAM; wrong: failure, and another attempt."""
    user = server.account()
    wire = server.wire()
    wire.open()
    assert condition(wire.authenticate(user, "wrong")) == "not-authorized"
    assert condition(wire.authenticate(user, "wrong", "SCRAM-SHA-1")) == "not-authorized"
    assert condition(wire.authenticate("nobody", "wrong", "SCRAM-SHA-512")) == "not-authorized"
    assert local(wire.authenticate(user, "secret", "SCRAM-SHA-512")) == "success"


def test_state_wait_for_feature_request_starttls(server: Booted) -> None:
    """3.3: <proceed/>, TLS with the host's certificate, a new stream."""
    wire = server.wire()
    wire.open()
    wire.start_tls(server.trust())
    wire.login(server.account(), mechanism="SCRAM-SHA-256")


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        ("<message/>", ["/policy-violation"]),
        (f"<iq type='get' id='1'>{PING}</iq>", ["/policy-violation"]),
        (f"<auth xmlns='{SASL}' mechanism='PLAIN'>AGEAYg==</auth></stream:stream>", ["encryption-required", "/"]),
    ],
    ids=["message", "iq", "auth"],
)
def test_state_wait_for_feature_request_while_tls_is_missing(server: Booted, sent: str, got: list[str]) -> None:
    """3.3: TLS required and off."""
    wire = server.wire(server.tls)
    wire.open()
    wire.send(sent)
    assert [str(condition(wire.next())) for _ in got[1:]] + [f"/{wire.end() or ''}"] == got


# -- 3.4 wait_for_sasl_response


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        (f"<response xmlns='{SASL}'>Yz1iaXdzLHI9eCxwPXg=</response>", "malformed-request|not-authorized"),
        (f"<response xmlns='{SASL}'>!</response>", "incorrect-encoding"),
        (f"<abort xmlns='{SASL}'/>", "aborted"),
        (f"<auth xmlns='{SASL}' mechanism='NONE'/>", "invalid-mechanism"),
        ("<message/>", "/not-authorized"),
        (f"<starttls xmlns='{TLS}'/>", "None"),
    ],
    ids=["wrong", "not-base64", "abort", "starts-over", "stanza", "starttls"],
)
def test_state_wait_for_sasl_response(server: Booted, sent: str, got: str) -> None:
    """3.4: every end of an exchange is told, an abort too; then another may begin."""
    user = server.account()
    wire = server.wire()
    wire.open()
    wire.auth("SCRAM-SHA-256", f"n,,n={user},r=abcdefgh")
    assert local(wire.next()) == "challenge"
    wire.send(sent)
    if got.startswith("/"):
        assert wire.end() == got[1:]
        return
    assert str(condition(wire.next())) in got.split("|")
    if got == "None":
        assert wire.end() is None
    else:
        assert local(wire.authenticate(user, "secret", "SCRAM-SHA-256")) == "success"


# -- 3.5 wait_for_bind and 3.6 wait_for_session


def authenticated(server: Booted) -> Wire:
    wire = server.wire()
    wire.open()
    wire.authenticate(server.account(), "secret")
    wire.open()
    return wire


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        (
            f"<iq type='set' id='b'><bind xmlns='{BIND}'><resource>{'x' * 1100}</resource></bind></iq>",
            ["iq:error bad-request"],
        ),
        (f"<iq type='get' id='1'>{PING}</iq>", ["iq:error not-authorized"]),
        (f"<iq type='set' id='1'><session xmlns='{SESSION}'/></iq>", ["iq:error not-authorized"]),
        ("<presence/>", ["presence:error not-authorized"]),
        ("<iq type='result' id='1'/>", []),
        (f"<iq type='get' id='1' to='elsewhere.example'>{PING}</iq>", ["/not-authorized"]),
        ("<resume xmlns='urn:xmpp:sm:3' h='0' previd='x'/>", ["failed item-not-found"]),
        ("<enable xmlns='urn:xmpp:sm:3'/>", ["failed unexpected-request"]),
    ],
)
def test_state_wait_for_bind(server: Booted, sent: str, got: list[str]) -> None:
    """3.5: nothing is dropped silently, every request has its answer (RFC 6120 §8.2.3), and bind still works."""
    wire = authenticated(server)
    assert answers(wire, sent) == got
    if not (got and got[0].startswith("/")):
        assert wire.bind("r").endswith("/r")


def test_state_wait_for_bind_ok(server: Booted) -> None:
    """3.5: the resource asked for, or one of the server's making."""
    assert authenticated(server).bind("orchard").endswith("/orchard")
    first, second = authenticated(server).bind(), authenticated(server).bind()
    assert len(first.partition("/")[2]) >= 16
    assert first.partition("/")[2] != second.partition("/")[2]


def test_state_wait_for_session_waits_for_nobody(server: Booted) -> None:
    """3.6: a client that skips the session step is established; one that does it gets a result."""
    wire = authenticated(server)
    wire.bind()
    wire.online()
    assert wire.ask("set", f"<session xmlns='{SESSION}'/>").get("type") == "result"


# -- 3.7 session_established


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        ("<enable xmlns='urn:xmpp:sm:3'/>", ["enabled"]),
        ("<r xmlns='urn:xmpp:sm:3'/>", ["failed unexpected-request"]),
        ("<message from='tybalt@localhost' to='localhost'/>", ["/invalid-from"]),
        ("<message to='a b@localhost' id='1'/>", ["message:error jid-malformed"]),
        ("<message to='@' type='error'/>", []),
        ("<presence to='@'/>", ["presence:error jid-malformed"]),
        ("<presence type='strange'/>", ["presence:error bad-request"]),
        ("<iq type='set' id='1'><query xmlns='jabber:iq:privacy'/></iq>", ["iq:error service-unavailable"]),
        (f"<iq type='set' id='1'><bind xmlns='{BIND}'/></iq>", ["iq:error not-allowed"]),
        (f"<starttls xmlns='{TLS}'/>", ["failure", "/"]),
        (f"<auth xmlns='{SASL}' mechanism='PLAIN'>AGE=</auth>", ["failure not-authorized"]),
        ("<thing/>", ["/unsupported-stanza-type"]),
        ("<stream:stream to='localhost'>", ["/invalid-xml"]),
        (f"<message>{'x' * 262200}</message>", ["/policy-violation"]),
        (f"<message>{'<x>' * 70}", ["/policy-violation"]),
        ("<message></presence>", ["/not-well-formed"]),
        ("<?pi x?>", ["/restricted-xml"]),
        ("<!-- comment -->", ["/restricted-xml"]),
        ("&undefined;", ["/restricted-xml"]),
        ("</stream:stream>", ["/"]),
    ],
)
def test_state_session_established(server: Booted, sent: str, got: list[str]) -> None:
    """3.7: what a client may not say, and how it is told; the other rows are stories."""
    wire = server.client()
    last = f"<iq type='get' id='last'>{PING}</iq>"
    assert answers(wire, sent, last) == got


def test_state_session_established_kick_has_its_words(server: Booted) -> None:
    """3.7, messages of other processes: kick."""
    wire = server.client()
    server.ask("session kick", {"user": wire.jid, "reason": "enough"})
    assert wire.end() in ("policy-violation", "reset", "not-authorized")
    assert wire.error is not None
    assert "enough" in "".join(wire.error.itertext())


def test_timeout_one_budget_for_the_whole_negotiation(tmp_path: Path) -> None:
    """Section 3, timeouts: junk does not lengthen the time, and the end has its error."""
    with Booted.start(tmp_path, 1, limits="negotiation_seconds = 1") as own:
        wire = own.wire()
        wire.open()
        for _ in range(3):
            wire.send(" ")
        assert wire.end() == "connection-timeout"
        own.drop_all()
