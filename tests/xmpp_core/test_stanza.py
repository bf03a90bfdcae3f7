"""test_stanza — message, presence, iq: addresses, kinds, replies.

RFC:  6120 §8; 6121 §4, §5
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.errors import StanzaError, stanza_error
from xmpp_core.jid import JID
from xmpp_core.stanza import (
    ECHO_MOST,
    SHOWS,
    Iq,
    Message,
    Presence,
    Stanza,
    from_element,
    is_stanza,
    make_iq,
    make_message,
    make_presence,
)

ROMEO, JULIET = JID.parse("romeo@example.net/orchard"), JID.parse("juliet@example.com")


def test_an_element_becomes_its_kind_and_is_stamped() -> None:
    message = from_element(el("message", ns.CLIENT, {"to": "Juliet@Example.com", "from": "x@y"}), ROMEO)
    assert isinstance(message, Message)
    assert (message.from_, message.to, message.kind) == (ROMEO, JULIET, "message")
    assert message.el.attrs == {"to": JULIET.full, "from": ROMEO.full}
    assert isinstance(from_element(el("presence", ns.CLIENT)), Presence)
    iq = from_element(el("iq", ns.CLIENT, {"from": "a@b"}), to=JULIET)
    assert isinstance(iq, Iq)
    assert (iq.from_, iq.to) == (JID.parse("a@b"), JULIET)


def test_what_is_no_stanza() -> None:
    assert is_stanza(el("iq", ns.CLIENT))
    for other in (el("iq", "urn:x"), el("query", ns.CLIENT)):
        assert not is_stanza(other)
        with pytest.raises(ValueError, match="not a stanza"):
            from_element(other)
    with pytest.raises(StanzaError) as caught:
        from_element(el("iq", ns.CLIENT, {"to": "@"}))
    assert caught.value.condition == "jid-malformed"


def test_copies_with_other_addresses() -> None:
    message = make_message(JULIET, "hi", from_=ROMEO, id_="1")
    copy = message.addressed(to=ROMEO)
    assert (copy.from_, copy.to, copy.el.attrs["to"], copy.body) == (ROMEO, ROMEO, ROMEO.full, "hi")
    assert message.el.attrs["to"] == JULIET.full
    assert copy.addressed(JULIET).el.attrs["from"] == JULIET.full
    assert isinstance(copy, Message)
    other = message.with_el(el("message", ns.CLIENT))
    assert (other.from_, other.body) == (ROMEO, None)


def test_messages() -> None:
    assert make_message(JULIET, "x").to_xml() == "<message type='chat' to='juliet@example.com'><body>x</body></message>"
    plain = make_message(None, None, el("active", ns.CHATSTATES), type_="normal")
    assert (plain.type, plain.body, plain.to_xml()) == (
        "normal",
        None,
        f"<message><active xmlns='{ns.CHATSTATES}'/></message>",
    )
    assert from_element(el("message", ns.CLIENT, {"type": "shout"})).type == "normal"


def test_presence() -> None:
    away = make_presence(JULIET, el("show", ns.CLIENT, None, " away\n"), el("priority", ns.CLIENT, None, "-5"))
    assert (away.type, away.show, away.status, away.priority) == ("", "away", None, -5)
    assert (make_presence(None).priority, make_presence(None, type_="unavailable").type) == (0, "unavailable")


@pytest.mark.parametrize("text", ["128", "-129", "x", "1_0", "٣", "99999999"])
def test_priorities_that_are_none(text: str) -> None:
    with pytest.raises(StanzaError):
        _ = make_presence(None, el("priority", ns.CLIENT, None, text)).priority


def test_the_types_of_presence() -> None:
    for type_ in ("", "unavailable", "subscribe", "probe", "error"):
        make_presence(JULIET, type_=type_).check()
    with pytest.raises(StanzaError, match="no such type"):
        make_presence(JULIET, type_="invisible").check()


NUMBERS = ["0", "-128", "127", "128", "-129", "999", "1.5", "high"]
ODD = ["", " ", "Away", "online", "available", "0", "x" * 50]


@pytest.mark.parametrize("type_", [*ODD, "invisible"])
def test_a_presence_type_that_is_none(type_: str) -> None:
    with pytest.raises(StanzaError, match="no such type"):
        Presence(el("presence", ns.CLIENT, {"type": type_})).check()


@given(
    st.lists(st.tuples(st.just("show"), st.sampled_from([*sorted(SHOWS), *ODD])), max_size=2),
    st.lists(st.tuples(st.just("priority"), st.sampled_from(NUMBERS))),
    st.lists(st.tuples(st.sampled_from(["status", "x"]), st.just("words")), max_size=2),
)
def test_show_and_priority_are_checked_whomever_it_is_for(
    shows: list[tuple[str, str]], priorities: list[tuple[str, str]], others: list[tuple[str, str]]
) -> None:
    children = [el(name, ns.CLIENT, None, text or None) for name, text in [*others, *priorities, *shows]]
    foreign = el("show", "urn:other", None, "online")
    made = Presence(el("presence", ns.CLIENT, {"to": JULIET.full}, *children, foreign))
    right = len(shows) < 2 and len(priorities) < 2
    right = right and all(text.strip() in ("", *SHOWS) for _, text in shows)
    right = right and all(text in ("0", "-128", "127") for _, text in priorities)
    if not right:
        with pytest.raises(StanzaError):
            made.check()
        return
    made.check()
    left = [child for child in children if child.name != "show" or child.text().strip()]
    assert list(made.el.elements()) == [*left, foreign], "an empty show says nothing"


def test_iq_answers() -> None:
    ask = make_iq("get", "7", el("query", ns.ROSTER), to=JULIET, from_=ROMEO)
    assert ask.payload == el("query", ns.ROSTER)
    assert ask.is_request
    answer = ask.result(el("query", ns.ROSTER))
    assert answer.el.attrs == {"type": "result", "id": "7", "from": JULIET.full, "to": ROMEO.full}
    assert (answer.from_, answer.to, answer.is_request) == (JULIET, ROMEO, False)
    assert ask.result().payload is None


@given(st.integers(0, 10_000))
def test_an_error_is_small_however_large_its_original(size: int) -> None:
    message = make_message(JID.parse("b@x/r"), "x" * size, from_=JID.parse("a@x/r"))
    answer = message.error(StanzaError("service-unavailable"))
    assert answer.stanza_error().condition == "service-unavailable"
    assert (answer.body is not None) == (message.weight() <= ECHO_MOST)
    assert answer.weight() < 2 * ECHO_MOST


def test_errors_echo_swap_and_are_never_answered() -> None:
    ask = make_iq("set", "7", el("query", ns.ROSTER), to=JULIET, from_=ROMEO)
    refusal = ask.error(stanza_error("forbidden"))
    assert (refusal.from_, refusal.to, refusal.id, refusal.is_error) == (JULIET, ROMEO, "7", True)
    assert [e.name for e in refusal.el.elements()] == ["query", "error"]
    assert refusal.stanza_error().condition == "forbidden"
    for final in (refusal, ask.result()):
        with pytest.raises(ValueError, match="never answered"):
            final.error(stanza_error("forbidden"))


@pytest.mark.parametrize(
    ("attrs", "children", "lawful"),
    [
        ({"type": "get", "id": "1"}, 1, True),
        ({"type": "set", "id": "1"}, 2, False),
        ({"type": "get", "id": "1"}, 0, False),
        ({"type": "result", "id": "1"}, 0, True),
        ({"type": "result", "id": "1"}, 2, False),
        ({"type": "error", "id": "1"}, 2, True),
        ({"type": "get"}, 1, False),
        ({"type": "ask", "id": "1"}, 1, False),
        ({"id": "1"}, 1, False),
    ],
)
def test_the_shape_of_an_iq(attrs: dict[str, str], children: int, lawful: bool) -> None:
    iq = Iq(el("iq", ns.CLIENT, attrs, *[el("q", "urn:q") for _ in range(children)]))
    if lawful:
        iq.check()
    else:
        with pytest.raises(StanzaError):
            iq.check()


def test_stanzas_cross_nodes() -> None:
    message = make_message(JULIET, "hi", from_=ROMEO)
    back = Stanza.from_wire(message.to_wire())
    assert back == message
    assert (type(back), back.from_, back.to) == (Message, ROMEO, JULIET)
    assert back != make_message(JULIET, "ho", from_=ROMEO)
