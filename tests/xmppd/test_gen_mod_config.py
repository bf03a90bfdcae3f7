"""What a configuration says of modules."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

import pytest

from tests.support.play_modules import Options, modules, with_play
from xmppd import gen_mod, gen_mod_config
from xmppd.gen_mod import ModError
from xmppd.store.backend import Table
from xmppd.store.schema import create_table

pytestmark = pytest.mark.usefixtures(modules.__name__)


def test_options_are_typed() -> None:
    assert gen_mod_config.options_of("play.mod_a", {"limit": 4}) == Options(4)
    assert gen_mod_config.options_of("mod_ping", {}) == gen_mod.NoOptions()
    assert gen_mod_config.options_of("play.mod_a", {"maybe": 1}).maybe == 1


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("play.mod_a", {"limt": 1}, 'did you mean "limit"?'),
        ("play.mod_a", {"limit": "many"}, "it is a int"),
        ("play.mod_a", {"limit": True}, "it is a int"),
        ("play.mod_a", {"loud": 1}, "it is a bool"),
        ("mod_pong", {}, "there is no module mod_pong"),
        ("nobodys.package.mod_x", {}, "there is no module nobodys.package.mod_x"),
    ],
)
def test_what_is_wrong_is_said(name: str, given: dict[str, object], words: str) -> None:
    with pytest.raises(ModError, match=words.replace("?", r"\?")):
        gen_mod_config.options_of(name, given)


def test_what_a_module_needs_comes_first() -> None:
    assert gen_mod_config.in_order(["play.mod_a", "mod_ping", "play.mod_b"]) == ["mod_ping", "play.mod_b", "play.mod_a"]
    with pytest.raises(ModError, match=r"play.mod_a needs play.mod_b"):
        gen_mod_config.in_order(["play.mod_a"])
    vars(sys.modules["play.mod_b"])["DEPENDS"] = ("play.mod_a",)
    with pytest.raises(ModError, match="in a circle"):
        gen_mod_config.in_order(["play.mod_a", "play.mod_b"])


def test_problems_of_a_configuration() -> None:
    assert gen_mod_config.problems(with_play()) == []
    assert gen_mod_config.problems(with_play(limit="x")) == [
        ("modules.play.mod_a", "play.mod_a: option \"limit\" cannot be 'x', it is a int")
    ]


@dataclass(frozen=True, slots=True)
class Seen:
    host: str
    user: str
    when: int = 0


def test_a_record_that_no_step_makes_is_a_problem_of_its_module() -> None:
    vars(sys.modules["play.mod_b"])["MIGRATIONS"] = (create_table("play_seen", ("host", "user"), host=str, user=str),)
    Table("play_seen", Seen, ("host", "user"))
    try:
        [(key, words)] = gen_mod_config.problems(with_play())
        assert (key, words) == (
            "modules.play.mod_b",
            "play.mod_b: table play_seen: MIGRATIONS and the record differ in when",
        )
    finally:
        del Table.by_record[Seen]


@pytest.mark.parametrize("table", ["account", "module_schema", "roster"])
def test_a_table_has_one_owner(table: str) -> None:
    step = create_table(table, ("host",), host=str)
    vars(sys.modules["play.mod_b"])["MIGRATIONS"] = (step,)
    config = with_play()
    config = replace(config, modules={"mod_roster": {}, **config.modules})
    found = [words for _, words in gen_mod_config.problems(config)]
    assert len(found) == 1
    assert found[0].startswith("play.mod_b: ")
    assert table in found[0]
