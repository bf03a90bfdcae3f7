"""test_bind — which resource a client gets: its wish, the server's choice, and conflicts."""

from __future__ import annotations

import pytest

from xmpp_core.bind import Choice, Policy, choose
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID

JULIET = JID.parse("juliet@localhost")
FRESH = "f5b9c2"


def at(resource: str) -> JID:
    return JULIET.with_resource(resource)


def test_the_wish_is_granted_and_without_one_the_server_chooses() -> None:
    assert choose(JULIET, "balcony", [], FRESH) == Choice(at("balcony"))
    assert choose(JULIET, "", [], FRESH) == Choice(at(FRESH))


@pytest.mark.parametrize(("policy", "choice"), [
    (Policy.ACCEPTNEW, Choice(at("balcony"), replaces=True)),
    (Policy.SETRESOURCE, Choice(at(FRESH))),
])  # fmt: skip
def test_a_conflict_is_settled_by_policy(policy: Policy, choice: Choice) -> None:
    assert choose(JULIET, "balcony", ["balcony"], FRESH, policy) == choice


def test_closenew_refuses_the_new_one() -> None:
    with pytest.raises(StanzaError) as refused:
        choose(JULIET, "balcony", ["balcony"], FRESH, Policy.CLOSENEW)
    assert (refused.value.condition, refused.value.type_) == ("conflict", "modify")


def test_the_prepared_form_is_compared() -> None:
    assert choose(JULIET, "bal\u00a0cony", ["bal cony"], FRESH).replaces


@pytest.mark.parametrize("wanted", ["\0", "x" * 1024])
def test_what_is_no_resource_is_a_bad_request(wanted: str) -> None:
    with pytest.raises(StanzaError) as refused:
        choose(JULIET, wanted, [], FRESH)
    assert refused.value.condition == "bad-request"


def test_an_account_has_so_many_sessions_and_replacing_one_needs_no_room() -> None:
    taken = [str(number) for number in range(10)]
    with pytest.raises(StanzaError) as refused:
        choose(JULIET, "balcony", taken, FRESH)
    assert refused.value.condition == "resource-constraint"
    assert choose(JULIET, "3", taken, FRESH) == Choice(at("3"), replaces=True)
