"""Who is told what."""

from __future__ import annotations

from typing import Any

from tests.support.pep_client import befriend, come, events, iq, publish


def test_the_access_model_says_which_contacts_are_told(server: Any) -> None:
    anna, friend, eve = server.client("anna"), server.client("amy"), server.client("eve")
    befriend(server, anna, friend)
    nodes = ("whitelist", "presence", "open")
    for client in (anna, friend, eve):
        come(server, client, *nodes)
    for model in nodes:
        publish(anna, model, access_model=model)
    assert len(events(server, anna)) == 3
    assert ["node='presence'" in event or "node='open'" in event for event in events(server, friend)] == [True, True]
    assert not events(server, eve)


def test_a_contact_group_may_be_all_that_is_told(server: Any) -> None:
    bert, inside, outside = server.client("bert"), server.client("in"), server.client("out")
    for client, group in ((inside, "Kin"), (outside, "Work")):
        befriend(server, bert, client)
        bare = client.jid.partition("/")[0]
        bert.ask(
            f"<iq type='set' id='r{group}'><query xmlns='jabber:iq:roster'><item jid='{bare}'>"
            f"<group>{group}</group></item></query></iq>"
        )
    for client in (inside, outside):
        come(server, client, "n")
    publish(bert, "n", access_model="roster", roster_groups_allowed="Kin")
    assert len(events(server, inside)) == 1
    assert not events(server, outside)


def test_deletions_are_told_and_payloads_left_out_where_the_node_says_so(server: Any) -> None:
    carl = server.client("carl")
    come(server, carl, "n")
    publish(carl, "n", id_="1", deliver_payloads="0", notify_retract="0", max_items="2", notification_type="normal")
    iq(carl, "set", "<retract node='n'><item id='1'/></retract>")
    publish(carl, "n", id_="2")
    iq(carl, "set", "<retract node='n' notify='true'><item id='2'/></retract>")
    first, second, third = events(server, carl)
    assert "<item id='1'/>" in first
    assert "type=" not in first.partition(">")[0]
    assert "<item id='2'/>" in second
    assert "<items node='n'><retract id='2'/></items>" in third


def test_nobody_is_told_where_the_node_says_so(server: Any) -> None:
    dora = server.client("dora")
    come(server, dora, "n")
    publish(dora, "n", deliver_notifications="0")
    assert not events(server, dora)
