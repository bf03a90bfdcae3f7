"""What the server, an account and its service for nodes announce is served there, and nothing stands there unasked.

A feature that is new here needs a request that shows it, or a line that says why none can.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from xmpp_core import caps, ns
from xmpp_core.caps import CapsClaim
from xmpp_core.element import Element
from xmppd.testing.thread import serve_in_thread

INFO = f"<query xmlns='{ns.DISCO_INFO}'/>"
#: feature: type and payload of a request that is understood where it is announced (XEP of the namespace)
REQUESTS = {
    ns.DISCO_INFO: ("get", INFO),
    ns.DISCO_ITEMS: ("get", f"<query xmlns='{ns.DISCO_ITEMS}'/>"),
    ns.COMMANDS: ("set", f"<command xmlns='{ns.COMMANDS}' node='none'/>"),
    ns.LAST: ("get", f"<query xmlns='{ns.LAST}'/>"),
    ns.VERSION: ("get", f"<query xmlns='{ns.VERSION}'/>"),
    ns.TIME: ("get", f"<time xmlns='{ns.TIME}'/>"),
    ns.PING: ("get", f"<ping xmlns='{ns.PING}'/>"),
    ns.REGISTER: ("get", f"<query xmlns='{ns.REGISTER}'/>"),
    ns.PUBSUB: ("get", f"<pubsub xmlns='{ns.PUBSUB}'><subscriptions/></pubsub>"),
}
#: the same, which the server announces for its accounts (XEP-0054 §6, 0191 §3.1, 0280 §4, 0313 §7): asked of an account
OF_ACCOUNTS = {
    ns.ROSTER: ("get", f"<query xmlns='{ns.ROSTER}'/>"),
    ns.PRIVATE: ("get", f"<query xmlns='{ns.PRIVATE}'><storage xmlns='storage:bookmarks'/></query>"),
    ns.VCARD: ("get", f"<vCard xmlns='{ns.VCARD}'/>"),
    ns.VCARD4: ("get", f"<vcard xmlns='{ns.VCARD4}'/>"),
    ns.BLOCKING: ("get", f"<blocklist xmlns='{ns.BLOCKING}'/>"),
    ns.CARBONS: ("set", f"<enable xmlns='{ns.CARBONS}'/>"),
    ns.MAM: ("get", f"<query xmlns='{ns.MAM}'/>"),
    "urn:xmpp:cam:0": ("get", "<list xmlns='urn:xmpp:cam:0'/>"),
    "urn:xmpp:raa:0": ("get", "<query xmlns='urn:xmpp:raa:0'/>"),
    "urn:xmpp:push:0": ("set", "<disable xmlns='urn:xmpp:push:0' jid='push.example'/>"),
}
#: what no request of its own asks for, and the test that shows it
SHOWN_ELSEWHERE = {
    ns.CAPS: "caps/test_own_caps.py",
    caps.CAPS2: "caps/test_own_caps.py",
    ns.RSM: "test_mod_mam.py, test_mod_pep.py",
    "msgoffline": "test_mod_offline.py",
    ns.HINTS: "mam/test_rules.py",
    ns.STANZA_ID: "test_mod_mam.py",
    ns.RETRACT: "test_mod_mam.py",
    f"{ns.RETRACT}#tombstone": "test_mod_mam.py",
    f"{ns.MAM}#extended": "test_mod_mam.py",
    "urn:xmpp:carbons:rules:0": "test_mod_carbons.py",
    "urn:xmpp:reporting:1": "test_mod_reports.py",
    "urn:xmpp:bookmarks:1#compat": "test_mod_bookmarks.py",
    "urn:xmpp:bookmarks:1#compat-pep": "test_mod_bookmarks.py",
    "urn:xmpp:mds:server-assist:0": "test_mod_mds.py",
    "urn:xmpp:pep-vcard-conversion:0": "test_mod_avatar.py",
}
#: features of nodes: all of XEP-0060 §10 that are there, and one that it uses in §6.5.4
OF_NODES = {
    *("access-authorize", "access-open", "access-presence", "access-roster", "access-whitelist", "auto-create"),
    *("auto-subscribe", "config-node", "config-node-max", "create-and-configure", "create-nodes", "delete-items"),
    *("delete-nodes", "filtered-notifications", "instant-nodes", "item-ids", "last-published", "manage-subscriptions"),
    *("member-affiliation", "meta-data", "modify-affiliations", "multi-items", "multi-subscribe"),
    *("outcast-affiliation", "persistent-items", "presence-notifications", "presence-subscribe", "publish"),
    *("publish-node-full", "publish-only-affiliation", "publish-options", "publisher-affiliation", "purge-nodes"),
    *("retract-items", "retrieve-affiliations", "retrieve-default", "retrieve-items", "retrieve-subscriptions", "rsm"),
    *("subscribe", "subscription-notifications"),
}
PLACES = ("localhost", "alice@localhost", "pubsub.localhost")


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve_in_thread(admins=("admin@localhost",)) as server:
        yield server


@pytest.fixture(scope="module")
def alice(server: Any) -> Any:
    return server.client("alice")


def ask(client: Any, to: str, type_: str, payload: str) -> Element:
    found: Element = client.ask(f"<iq type='{type_}' id='q' to='{to}'>{payload}</iq>")
    return found


def info(client: Any, to: str) -> Element:
    query = ask(client, to, "get", INFO).child("query", ns.DISCO_INFO)
    assert query is not None
    return query


def features(query: Element) -> list[str]:
    return [one.get("var") or "" for one in query.elements("feature", ns.DISCO_INFO)]


@pytest.mark.parametrize("place", PLACES)
def test_each_feature_is_served_where_it_is_announced(alice: Any, place: str) -> None:
    for feature in features(info(alice, place)):
        if feature.startswith(f"{ns.PUBSUB}#"):
            assert feature.partition("#")[2] in OF_NODES
        elif feature not in SHOWN_ELSEWHERE:
            to = place if feature in REQUESTS else "alice@localhost"
            answer = ask(alice, to, *(REQUESTS | OF_ACCOUNTS)[feature]).to_xml()
            assert "<service-unavailable " not in answer, (place, feature, answer)
            assert "<feature-not-implemented " not in answer, (place, feature, answer)


def test_what_stands_in_the_lists_of_this_test_is_announced(alice: Any) -> None:
    announced = {feature for place in PLACES for feature in features(info(alice, place))}
    wanted = {*REQUESTS, *OF_ACCOUNTS, *SHOWN_ELSEWHERE, *[f"{ns.PUBSUB}#{name}" for name in OF_NODES]}
    assert announced == wanted


@pytest.mark.parametrize("place", PLACES)
def test_what_is_not_announced_is_not_served(alice: Any, place: str) -> None:
    announced = features(info(alice, place))
    for feature, request in REQUESTS.items():
        if feature not in announced:
            assert "<service-unavailable " in ask(alice, place, *request).to_xml(), (place, feature)


def test_an_identity_of_each_kind_stands_where_its_xep_says(alice: Any) -> None:
    said = {
        place: {(one.get("category"), one.get("type")) for one in info(alice, place).elements("identity")}
        for place in PLACES
    }
    assert said["localhost"] == {("server", "im")}
    assert said["alice@localhost"] == {("account", "registered"), ("pubsub", "pep")}, "XEP-0163 §6"
    assert said["pubsub.localhost"] == {("pubsub", "service")}, "XEP-0060 §5.1"
    items = ask(alice, "localhost", "get", f"<query xmlns='{ns.DISCO_ITEMS}'/>").to_xml()
    assert "<item jid='pubsub.localhost'/>" in items


@pytest.mark.parametrize("user", ["alice", "admin"])
def test_whoever_asks_for_no_node_is_told_what_the_hash_is_of(server: Any, user: str) -> None:
    """A client that has the hash from its stream need not ask (XEP-0115 §6.3), so nobody may be told something else."""
    client = server.client(user, "other")
    _, _, after = client.seen.rpartition(f"<c xmlns='{ns.CAPS}' hash='sha-1' node='https://xmppd.org' ver='")
    ver = after.partition("'")[0]
    assert caps.is_right(CapsClaim("1", "sha-1", ver, f"https://xmppd.org#{ver}"), info(client, "localhost"))
