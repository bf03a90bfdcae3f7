"""Configuration of nodes: the table of fields, forms, preconditions."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.dataforms import Field, Form
from xmpp_core.errors import StanzaError
from xmpp_core.pubsub import node_config
from xmpp_core.pubsub.node_config import FIELDS, MAX, OPTIONS_TYPE, NodeConfig, NodeLimits

LIMITS = NodeLimits(items=100, payload=1000)


def values_of(name: str) -> st.SearchStrategy[tuple[str, ...]]:
    """Texts that a field may have."""
    kind = FIELDS[name]
    if name == "purge_offline":
        return st.sampled_from([("0",), ("false",)])
    if kind.options:
        return st.sampled_from([(option,) for option in kind.options])
    match kind.type:
        case "boolean":
            return st.sampled_from([("0",), ("1",), ("true",), ("false",)])
        case "list-multi" | "jid-multi":
            return st.lists(st.text("abc", max_size=3), max_size=4).map(tuple)
    if name in ("max_items", "item_expire", "max_payload_size"):
        return st.one_of(st.just(("max",)), st.integers(0, 100).map(lambda n: (str(n),)))
    return st.text(max_size=20).map(lambda text: (text,))


FORMS = st.fixed_dictionaries({}, optional={name: values_of(name) for name in FIELDS})


def form_of(given_: dict[str, tuple[str, ...]]) -> Form:
    made = [Field(f"pubsub#{name}", values) for name, values in given_.items()]
    return Form("submit", (Field("FORM_TYPE", (OPTIONS_TYPE,)), *made))


def test_there_is_a_field_for_everything_and_nothing_else() -> None:
    assert set(FIELDS) == {field.name for field in fields(NodeConfig)}


@given(FORMS)
def test_what_an_owner_fills_in_is_so_and_the_form_shows_it(given_: dict[str, tuple[str, ...]]) -> None:
    config = node_config.configured(NodeConfig(), form_of(given_).fields, LIMITS)
    again = node_config.configured(NodeConfig(), node_config.to_form(config).fields, LIMITS)
    assert again == config
    stored = node_config.from_pairs(node_config.to_pairs(config, node_config.PEP_DEFAULT), node_config.PEP_DEFAULT)
    assert stored == config


@given(FORMS, FORMS)
def test_preconditions_hold_if_and_only_if_every_field_is_the_same(
    has: dict[str, tuple[str, ...]], wants: dict[str, tuple[str, ...]]
) -> None:
    config = node_config.configured(NodeConfig(), form_of(has).fields, LIMITS)
    wanted = node_config.read_options(form_of(wants), LIMITS)
    differs = replace(config, **wanted) != config
    if differs:
        with pytest.raises(StanzaError) as error:
            node_config.check_preconditions(config, wanted)
        assert error.value.condition == "conflict"
        assert error.value.app is not None
        assert error.value.app.name == "precondition-not-met"
    else:
        node_config.check_preconditions(config, wanted)


@given(FORMS)
def test_what_the_form_shows_is_no_obstacle(given_: dict[str, tuple[str, ...]]) -> None:
    config = node_config.configured(NodeConfig(), form_of(given_).fields, LIMITS)
    shown = node_config.to_form(config, "submit")
    options = Form(
        "submit", tuple([replace(f, values=(OPTIONS_TYPE,)) if f.var == "FORM_TYPE" else f for f in shown.fields])
    )
    node_config.check_preconditions(config, node_config.read_options(options, LIMITS))


def test_max_is_what_was_said_to_be_max_and_no_number() -> None:
    config = node_config.configured(NodeConfig(max_items=5), [Field("pubsub#max_items", ("max",))], LIMITS)
    assert config.max_items == MAX
    node_config.check_preconditions(config, {"max_items": MAX})
    with pytest.raises(StanzaError, match="conflict"):
        node_config.check_preconditions(config, {"max_items": 100})
    assert node_config.limit_of_items(config, LIMITS) == 100


@pytest.mark.parametrize(
    ("var", "value", "condition"),
    [
        ("pubsub#access_model", "secret", "not-acceptable"),
        ("pubsub#max_items", "101", "not-acceptable"),
        ("pubsub#max_items", "-1", "not-acceptable"),
        ("pubsub#max_items", "\u0661", "not-acceptable"),
        ("pubsub#persist_items", "yes", "not-acceptable"),
        ("pubsub#max_payload_size", "1001", "not-acceptable"),
        ("pubsub#title", "x" * 2000, "not-acceptable"),
        ("pubsub#nonsense", "1", "bad-request"),
        ("title", "1", "bad-request"),
    ],
)
def test_what_is_refused_of_a_publisher(var: str, value: str, condition: str) -> None:
    with pytest.raises(StanzaError) as error:
        node_config.read_options(Form("submit", (Field("FORM_TYPE", (OPTIONS_TYPE,)), Field(var, (value,)))), LIMITS)
    assert error.value.condition == condition


def test_an_owner_may_send_fields_that_are_not_known() -> None:
    given_: list[Any] = [Field("pubsub#nonsense", ("1",)), Field("pubsub#title", ("A",))]
    assert node_config.configured(NodeConfig(), given_, LIMITS) == NodeConfig(title="A")


def test_options_are_a_form_of_their_type() -> None:
    with pytest.raises(StanzaError, match="bad-request"):
        node_config.read_options(Form("submit", (Field("FORM_TYPE", (node_config.FORM_TYPE,)),)), LIMITS)


def test_what_a_later_version_wrote_does_not_matter() -> None:
    pairs = {"title": ["A"], "from_the_future": ["1"], "access_model": ["telepathy"]}
    assert node_config.from_pairs(pairs, NodeConfig()) == NodeConfig(title="A")
