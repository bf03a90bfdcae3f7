"""Rows of several nodes, merged: every node ends with the same table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from otp.erts.pid import intern
from xmpp_core.jid import JID
from xmppd.routing.session import Session
from xmppd.routing.sm.rows import Rows, SessionRows, is_newer

NODES = ("a", "b", "c")
JIDS = [JID.parse(f"{user}@localhost/{resource}") for user in ("romeo", "juliet") for resource in "rs"]


@dataclass(frozen=True)
class News:
    """What a node says: a session is so, or is over, or these are all of them."""

    node: str
    number: int
    what: str
    sessions: Rows


class Node:
    """The model: what a node has, and all that it has said."""

    def __init__(self, name: str) -> None:
        self.name, self.own, self.news = name, dict[int, Session](), list[News]()

    def say(self, what: str, *sessions: Session) -> None:
        number = len([news for news in self.news if news.what != "all"])
        self.news.append(News(self.name, number + (what != "all"), what, sessions))

    def all(self) -> News:
        self.say("all", *self.own.values())
        return self.news.pop()


def history(steps: list[tuple[int, int, str]]) -> list[Node]:
    """Each step: a node, which of its sessions, and what becomes of it. Sessions are newer the later they begin."""
    nodes = [Node(name) for name in NODES]
    for at, (number, which, what) in enumerate(steps):
        node = nodes[number]
        session = node.own.get(which)
        if what == "all":
            node.say("all", *node.own.values())
        elif what == "end" and session is not None:
            del node.own[which]
            node.say("remove", session)
        elif session is not None:
            node.own[which] = session._replace(priority=at)
            node.say("put", node.own[which])
        else:
            pid = intern(node.name, 1, at + 1)
            node.own[which] = Session(JIDS[which], pid, (at // 2, 0))  # two may have been bound at the same moment
            node.say("put", node.own[which])
    return nodes


def hear(rows: SessionRows, news: News) -> None:
    if news.what == "all":
        if rows.replace(news.node, news.number, news.sessions) is not None:
            for session in news.sessions:
                rows.put(session)
    elif rows.hear(news.node, news.number):
        [session] = news.sessions
        if news.what == "put":
            rows.put(session)
        else:
            rows.remove(session.jid, session.pid)


def merged(nodes: list[Node]) -> dict[str, Rows]:
    """The newest session of each full JID of all nodes."""
    newest: dict[JID, Session] = {}
    for session in (session for node in nodes for session in node.own.values()):
        if session.jid not in newest or is_newer(session, newest[session.jid]):
            newest[session.jid] = session
    table: dict[str, Rows] = {}
    for session in sorted(newest.values(), key=lambda row: (row.sid, str(row.pid))):
        table[session.bare] = (*table.get(session.bare, ()), session)
    return table


STEPS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.sampled_from(["put", "put", "end", "all"])))


@st.composite
def mixed(draw: st.DrawFn, of: Callable[[list[News], st.DrawFn], list[News]]) -> tuple[list[Node], list[News]]:
    nodes = history(draw(STEPS))
    return nodes, of([news for node in nodes for news in node.news], draw)


def in_any_order(news: list[News], draw: st.DrawFn) -> list[News]:
    doubled = news + draw(st.lists(st.sampled_from(news), max_size=8)) if news else []
    return draw(st.permutations(doubled))


def as_links_bring_them(news: list[News], draw: st.DrawFn) -> list[News]:
    """Those of one node in their order, some of them twice; mixed with those of the others."""
    waiting = {name: [n for n in news if n.node == name] for name in NODES}
    come: list[News] = []
    while any(waiting.values()):
        name = draw(st.sampled_from([name for name, rest in waiting.items() if rest]))
        come.append(waiting[name].pop(0))
        if draw(st.booleans()):
            come.append(draw(st.sampled_from(come)))
    return come


@given(mixed(as_links_bring_them))
def test_however_the_news_of_nodes_are_mixed_the_table_is_the_same(case: tuple[list[Node], list[News]]) -> None:
    nodes, come = case
    rows = SessionRows({})
    for node in nodes:
        hear(rows, News(node.name, 0, "all", ()))
    for news in come:
        hear(rows, news)
    assert rows.visible == merged(nodes)
    assert not rows.missed, "nobody need be asked again"


@given(mixed(in_any_order))
def test_news_in_any_order_and_doubled_end_in_the_same_table(case: tuple[list[Node], list[News]]) -> None:
    nodes, come = case
    rows = SessionRows({})
    for news in come:
        hear(rows, news)
    for node in nodes:
        if node.name in rows.missed:  # then it was asked, and says
            hear(rows, node.all())
    assert rows.visible == merged(nodes)
    hidden = {row.pid for hidden in rows.hidden.values() for row in hidden}
    assert hidden == {s.pid for n in nodes for s in n.own.values()} - {
        r.pid for _, rs in rows.visible.items() for r in rs
    }


@given(mixed(as_links_bring_them), st.sampled_from(NODES))
def test_a_node_that_is_lost_takes_its_sessions_and_brings_them_back(
    case: tuple[list[Node], list[News]], lost: str
) -> None:
    nodes, come = case
    rows = SessionRows({})
    for news in come:
        hear(rows, news)
    for node in nodes:
        if node.name in rows.missed:
            hear(rows, node.all())
    (one,) = (node for node in nodes if node.name == lost)
    shown = [row for _, found in rows.visible.items() for row in found if row.pid.node == lost]
    assert {row.pid for row in rows.lose(lost)} == {row.pid for row in shown}
    assert rows.visible == merged([node for node in nodes if node is not one])
    assert rows.lose(lost) == []
    hear(rows, one.all())
    assert rows.visible == merged(nodes)


def test_the_newest_session_wins_also_where_the_older_is_heard_of_last() -> None:
    old = Session(JIDS[0], intern("a", 1, 1), (1, 0))
    new = Session(JIDS[0], intern("b", 1, 1), (2, 0))
    rows = SessionRows({})
    assert rows.put(new) is None
    assert rows.put(old) is new
    assert rows.of_account("romeo@localhost") == (new,)
    assert rows.is_visible(new)
    assert not rows.is_visible(old)
    assert not rows.remove(old.jid, old.pid)
    assert rows.remove(new.jid, new.pid)
    assert rows.visible == {}
    assert rows.hidden == {}


def test_a_session_that_ended_before_the_older_one_was_heard_of_leaves_no_trace_of_either() -> None:
    old = Session(JIDS[0], intern("a", 1, 1), (1, 0))
    new = Session(JIDS[0], intern("b", 1, 1), (2, 0))
    rows = SessionRows({})
    for session in (new, old):
        rows.put(session)
        rows.remove(session.jid, session.pid)
    assert rows.visible == {}


def test_the_sessions_of_an_account_stand_in_the_order_of_their_binding() -> None:
    first, second = (Session(jid, intern("a", 1, 5 - at), (at, 0)) for at, jid in enumerate(JIDS[:2]))
    rows = SessionRows({})
    rows.put(second)
    rows.put(first)
    assert rows.of_account("romeo@localhost") == (first, second)
