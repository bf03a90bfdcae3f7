"""Errors as the XEP's examples show them."""

from xmpp_core import ns
from xmpp_core.pubsub.pubsub_errors import CONDITIONS, pubsub_error


def test_each_condition_stands_beside_its_stanza_error() -> None:
    for what, (condition, type_) in CONDITIONS.items():
        element = pubsub_error(what, "words").to_element()
        assert element.get("type") == type_
        assert [(child.ns, child.name) for child in element.elements()] == [
            (ns.STANZAS, condition), (ns.STANZAS, "text"), (ns.PUBSUB_ERRORS, what),
        ]  # fmt: skip


def test_a_feature_is_named_and_another_stanza_error_has_its_own_type() -> None:
    found = pubsub_error("unsupported", feature="subscribe")
    assert found.app is not None
    assert found.app.get("feature") == "subscribe"
    assert pubsub_error("not-subscribed", condition="not-authorized").type_ == "auth"
