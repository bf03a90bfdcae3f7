"""What a server writes at a login in one step."""

from xmpp_core import ns, sasl2_answers
from xmpp_core.element import el
from xmpp_core.sasl.base import Failure


def test_the_feature_says_what_may_be_asked_for() -> None:
    sm = el("sm", ns.SM).to_xml()
    assert sasl2_answers.feature(("PLAIN",), (sm,), ("urn:x",)) == (
        f"<authentication xmlns='{ns.SASL2}'><mechanism>PLAIN</mechanism><inline><bind xmlns='{ns.BIND2}'>"
        f"<inline><feature var='urn:x'/></inline></bind>{sm}</inline></authentication>"
    )


def test_a_failure_has_its_condition_and_its_words() -> None:
    failure = sasl2_answers.failure(Failure("aborted", text="why"))
    assert failure.child("aborted", ns.SASL) is not None
    assert failure.child_text("text", ns.SASL2) == "why"


def test_success_says_who_and_what() -> None:
    success = sasl2_answers.success("juliet@localhost/x", b"v=1", sasl2_answers.bound(el("enabled", ns.SM)))
    assert success.child_text("authorization-identifier", ns.SASL2) == "juliet@localhost/x"
    assert success.child_text("additional-data", ns.SASL2) == "dj0x"
    assert success.child("bound", ns.BIND2) is not None
    assert sasl2_answers.success("a@b", None).child("additional-data") is None


def test_an_empty_challenge_is_empty() -> None:
    assert sasl2_answers.challenge(b"").to_xml() == f"<challenge xmlns='{ns.SASL2}'/>"
