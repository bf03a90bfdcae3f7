"""test_hosts — several hosts on one server, and services beside them, on two workers."""

from __future__ import annotations

import ssl

import pytest

from tests.support.booted import SECRET, Booted
from tests.support.contact import pushed
from tests.support.wire import Component, Ended, Wire, condition, local, names

PING = "<ping xmlns='urn:xmpp:ping'/>"


def on(server: Booted, host: str, user: str, resource: str = "") -> Wire:
    """A client of that host; the account is made."""
    server.ask("user add", {"user": f"{user}@{host}", "password": "secret"})
    return server.wire(domain=host).login(user, "secret", resource)


def test_one_name_on_two_hosts_is_two_accounts(server: Booted) -> None:
    here, there = on(server, "localhost", "twin"), on(server, "verona.test", "twin")
    assert (here.bare, there.bare) == ("twin@localhost", "twin@verona.test")
    here.ask("set", "<vCard xmlns='vcard-temp'><FN>Here</FN></vCard>")
    assert len(there.ask("get", "<vCard xmlns='vcard-temp'/>")[0]) == 0
    assert there.ask("get", PING, "verona.test").get("from") == "verona.test"


def test_users_of_two_hosts_are_contacts_like_any(server: Booted) -> None:
    romeo, juliet = on(server, "localhost", "romeo").online(), on(server, "verona.test", "juliet").online()
    romeo.send(f"<presence type='subscribe' to='{juliet.bare}'/>")
    assert pushed(romeo.next())["ask"] == "subscribe"
    assert juliet.next().get("from") == romeo.bare
    juliet.send(f"<presence type='subscribed' to='{romeo.bare}'/>")
    assert names([romeo.next(), romeo.next(), romeo.next()]) == ["presence:subscribed", "iq:set", "presence"]
    juliet.close()
    assert (got := romeo.next()).get("type") == "unavailable"
    assert got.get("from") == juliet.jid


@pytest.mark.parametrize("host", ["localhost", "verona.test"])
@pytest.mark.parametrize("way", ["starttls", "direct"])
def test_each_host_shows_its_own_certificate(server: Booted, host: str, way: str) -> None:
    trust = ssl.create_default_context(cafile=str(server.home / "certs" / f"{host}.pem"))
    wire = server.wire(server.direct if way == "direct" else server.tls, host)
    if way == "direct":
        wire.wrap(trust)
        wire.open()
    else:
        wire.open()
        wire.start_tls(trust)
    certificate = wire.sock.getpeercert()  # type: ignore[attr-defined]  # an SSLSocket by now
    assert ("DNS", host) in certificate["subjectAltName"]


def test_a_host_may_differ_from_the_others(server: Booted, tmp_path: object) -> None:
    more = '[host."verona.test"]\nregistration_open = false\n'
    with Booted.start(tmp_path, 1, more) as own:  # type: ignore[arg-type]  # a Path
        for host, answer in (("localhost", "iq:result"), ("verona.test", "iq:error")):
            wire = own.wire(domain=host)
            features = {local(child) for child in wire.open()}
            assert ("register" in features) == (host == "localhost")
            fields = "<username>new</username><password>secret</password>"
            wire.send(f"<iq type='set' id='r'><query xmlns='jabber:iq:register'>{fields}</query></iq>")
            assert names([wire.next()]) == [answer]
        own.drop_all()


# -- services


@pytest.mark.parametrize(
    ("domain", "secret", "error"),
    [
        ("c0.test", "wrong", "not-authorized"),
        ("unknown.test", SECRET, "host-unknown"),
        ("localhost", SECRET, "host-unknown"),
    ],
)
def test_a_service_that_may_not_connect(server: Booted, domain: str, secret: str, error: str) -> None:
    with Component(server.component, domain) as service, pytest.raises(Ended) as end:
        service.handshake(secret)
    assert end.value.error == error


def test_a_service_speaks_for_its_own_domain_only(server: Booted) -> None:
    service, romeo = server.service(), server.client()
    service.send(f"<message from='x@c0.test' to='{romeo.jid}' id='own'/>")
    assert romeo.next().get("id") == "own"
    service.send(f"<message from='x@localhost' to='{romeo.jid}' id='forged'/>")
    assert condition(service.next()) == "forbidden"
    service.send(f"<message from='x@c0.test' to='{romeo.jid}' id='still'/>")
    assert romeo.next().get("id") == "still", "one stanza was refused, and nothing forged came"


def test_a_second_service_of_one_domain_that_knows_the_secret_takes_its_place(server: Booted) -> None:
    """Whichever workers they are on; the older one may hang in a network that forgot it."""
    before = server.service()
    for _ in range(6):
        service = server.service()
        assert before.end() == "conflict"
        service.send(f"<iq type='get' id='new' from='c0.test' to='localhost'>{PING}</iq>")
        assert service.next().get("id") == "new"
        before = service
    with Component(server.component, "c0.test") as other, pytest.raises(Ended) as end:
        other.handshake("not the secret")
    assert end.value.error == "not-authorized"
    before.send(f"<iq type='get' id='still' from='c0.test' to='localhost'>{PING}</iq>")
    assert before.next().get("id") == "still"


def test_what_is_for_a_service_that_has_gone_comes_back(server: Booted) -> None:
    clients = [server.on_worker(worker, server.account()) for worker in ("w1", "w2")]
    for _ in range(10):
        service = server.service()
        service.close()
        for client in clients:
            client.send("<message to='x@c0.test' id='late'><body>?</body></message>")
            assert condition(client.next()) in ("remote-server-not-found", "service-unavailable")


def test_a_service_comes_again_on_whichever_worker(server: Booted) -> None:
    clients = [server.on_worker(worker, server.account()) for worker in ("w1", "w2")]
    for turn in range(10):
        service = server.service()
        for client in clients:
            client.send(f"<message to='x@c0.test' id='m{turn}'/>")
            assert service.next().get("id") == f"m{turn}"
        service.close()
