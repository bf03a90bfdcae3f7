"""A login in one step, on the wire."""

from __future__ import annotations

import asyncio
import re

from tests.support.login_client import ENABLE, PING, bind, come, on_a_server, request, who
from tests.support.node import until
from xmpp_core import ns
from xmppd.routing.sm import sm
from xmppd.testing.server import Server, serve


def test_a_session_in_one_round_trip() -> None:
    async def body(server: Server) -> None:
        client, answer = await come(server, request(bind(ENABLE, "Phone")) + PING.format("p"))
        jid = who(answer)
        assert jid.startswith("alice@localhost/Phone/")
        assert "phone" not in jid.partition("Phone/")[2]
        assert f"<bound xmlns='{ns.BIND2}'><enabled xmlns='{ns.SM}' id='" in answer
        features = await client.expect("<stream:features>.*?</stream:features>")
        assert ns.BIND not in features
        assert ns.SM not in features, "it is on: a client would enable it a second time"
        await client.expect("<iq type='result' id='p'")
        assert sm.sessions("alice@localhost")[0].client not in ("", "phone")
        client.send(f"<r xmlns='{ns.SM}'/>")
        await client.expect("<a [^>]*h='1'/>")

    on_a_server(body)


def test_the_same_client_has_the_same_resource_and_one_session() -> None:
    async def body(server: Server) -> None:
        first, answer = await come(server, request(bind(tag="Phone")))
        again, second = await come(server, request(bind(tag="Phone")))
        assert who(answer) == who(second)
        assert "conflict" in await first.gone()
        _, other = await come(server, request(bind(tag="Desk")))  # a client that has changed its name
        assert "conflict" in await again.gone()
        _, stranger = await come(server, request(bind(tag="Desk"), agent="desk"))
        assert who(other) != who(stranger)
        await until(lambda: len(sm.sessions("alice@localhost")) == 2)

    on_a_server(body)


def test_without_an_id_or_with_a_tag_that_cannot_be() -> None:
    async def body(server: Server) -> None:
        jids = {who((await come(server, request(bind(), agent="")))[1]) for _ in range(2)}
        assert len(jids) == 2
        _, answer = await come(server, request(bind(tag="&#xfdd0;")))
        assert "/" in who(answer)

    on_a_server(body)


def test_a_session_goes_on_and_what_it_missed_comes_after_the_answer() -> None:
    async def body(server: Server) -> None:
        client, answer = await come(server, request(bind(ENABLE)))
        found = re.search("<enabled [^>]* id='([^']+)'", answer)
        assert found is not None
        jid = who(answer)
        client.drop()
        await until(lambda: not sm.sessions("alice@localhost")[0].attached)
        bob = await server.client("bob")
        bob.send(f"<message to='{jid}' type='chat'><body>missed</body></message>")
        await server.settle()
        resume = f"<resume xmlns='{ns.SM}' previd='{found[1]}' h='0'/>"
        again, answer = await come(server, request(resume + bind(ENABLE)))
        assert f"<resumed xmlns='{ns.SM}' previd='{found[1]}' h='0'/></success>" in answer
        assert who(answer) == jid
        rest = await again.expect("<message.*?</message>")
        assert "missed" in rest
        assert "features" not in rest
        assert len(sm.sessions("alice@localhost")) == 1

    on_a_server(body)


def test_a_session_that_is_not_there_makes_way_for_a_new_one() -> None:
    async def body(server: Server) -> None:
        _, answer = await come(server, request(f"<resume xmlns='{ns.SM}' previd='none' h='0'/>" + bind()))
        assert answer.index("<failed ") < answer.index("<bound ")
        assert who(answer).startswith("alice@localhost/")

    on_a_server(body)


def test_a_failed_login_does_nothing_and_may_be_tried_again() -> None:
    async def body(server: Server) -> None:
        client, answer = await come(server, request(bind(ENABLE), password="wrong"))
        assert "<not-authorized " in answer
        assert sm.sessions("alice@localhost") == ()
        client.send(request())
        assert who(await client.expect("<success.*?</success>")) == "alice@localhost"
        assert ns.BIND in await client.expect("<stream:features>.*?</stream:features>")
        client.send(f"<iq type='set' id='b'><bind xmlns='{ns.BIND}'/></iq>")
        await client.expect("<jid>alice@localhost/")

    on_a_server(body)


def test_the_mechanisms_do_not_tell_who_has_an_account() -> None:
    async def body(server: Server) -> None:
        offered = set()
        for name in ("alice", "nobody"):
            client = await server.connect()
            client.send(
                f"<stream:stream to='localhost' from='{name}@localhost' xmlns='jabber:client' "
                "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
            )
            offered.add(await client.expect("<stream:features>.*</stream:features>"))
        assert len(offered) == 1
        assert f"<feature var='{ns.SM}'/>" in offered.pop()

    on_a_server(body)


def test_what_the_archive_has_is_not_handed_over_and_the_rest_is() -> None:
    async def body(server: Server) -> None:
        bob = await server.client("bob")
        for text, hint in (("archived", ""), ("not archived", "<no-permanent-store xmlns='urn:xmpp:hints'/>")):
            bob.send(f"<message to='alice@localhost' type='chat'><body>{text}</body>{hint}</message>")
        await server.settle()
        client, answer = await come(server, request(bind()))
        assert f"<metadata xmlns='{ns.MAM}'><start " in answer
        client.send("<presence/>")
        assert "<body>not archived<" in await client.expect("<message.*?</message>")
        await server.settle()
        assert "<body>archived<" not in client.seen

    on_a_server(body)


def test_what_is_offered_with_the_login_is_offered_where_one_can_log_in() -> None:
    async def whole() -> None:
        async with serve(tls=True) as server:
            client = await server.connect()
            assert "<authentication" not in await client.open(), "nothing before TLS"
            client.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            await client.expect("<proceed[^>]*>")
            await client.start_tls()
            features = await client.open()
            login = re.findall(f"<authentication xmlns='{ns.SASL2}'>.*?</authentication>", features)[0]
            inside, _, inline = login.partition("<inline>")
            names = re.findall("<mechanism>(.*?)</mechanism>", inside)
            hashes = ("SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1")
            assert names == [*[f"{name}-PLUS" for name in hashes], *hashes, "PLAIN"]
            old = re.findall(f"<mechanisms xmlns='{ns.SASL}'>.*?</mechanisms>", features)[0]
            assert re.findall("<mechanism>(.*?)</mechanism>", old) == names, "there are no tokens in the older way"
            fast = re.findall(f"<fast xmlns='{ns.FAST}'.*?</fast>", inline)[0]
            assert re.findall("<mechanism>(.*?)</mechanism>", fast) == ["HT-SHA-256-ENDP", "HT-SHA-256-NONE"]
            assert "tls-0rtt" not in fast
            assert features.count("<channel-binding type='tls-server-end-point'/>") == 1

    asyncio.run(whole())


def test_after_a_login_with_a_resource_nothing_of_the_old_way_is_left() -> None:
    async def body(server: Server) -> None:
        client, answer = await come(server, request(bind()))
        jid = who(answer)
        again = f"<iq type='set' id='b'><bind xmlns='{ns.BIND}'/></iq>"
        assert "<not-allowed " in (await client.ask(again)).to_xml()
        assert [row.jid.full for row in sm.sessions("alice@localhost")] == [jid]

    on_a_server(body)
