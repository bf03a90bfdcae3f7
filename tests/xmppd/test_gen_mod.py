"""What a module file declares, and what becomes of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

import pytest

from tests.support.core_server import CoreServer, config_of, crash, play
from xmpp_core.stanza import Iq
from xmppd import gen_mod
from xmppd.config.schema import Config
from xmppd.gen_mod import Mod, ModError, iq_handler, on
from xmppd.routing import handler_table, hooks, iq
from xmppd.routing.hook_points import StreamFeatures, UserAvailable
from xmppd.routing.iq import LOCAL


@dataclass(frozen=True)
class Options:
    limit: int = 3
    word: str = "x"
    loud: bool = False
    maybe: int | None = None


@iq_handler("urn:play", "play", at=(LOCAL,))
def answer(request: Iq, mod: Mod) -> Iq:
    return request.result()


@on(StreamFeatures, seq=5)
def fold(acc: tuple[object, ...], point: StreamFeatures, mod: Mod) -> tuple[object, ...]:
    return (*acc, (mod.name, mod.options.limit))


@on(UserAvailable)
async def told(point: UserAvailable, mod: Mod) -> None:
    point.session.module_states["played"] = mod.host


@pytest.fixture(autouse=True)
def modules() -> Iterator[None]:
    """Two modules, one of which needs the other."""
    first, second = ModuleType("play.mod_a"), ModuleType("play.mod_b")
    vars(first).update(Options=Options, answer=answer, fold=fold, told=told, DEPENDS=("play.mod_b",))
    sys.modules |= {"play": ModuleType("play"), "play.mod_a": first, "play.mod_b": second}
    yield
    for name in ("play", "play.mod_a", "play.mod_b"):
        del sys.modules[name]


def test_options_are_typed() -> None:
    assert gen_mod.options_of("play.mod_a", {"limit": 4}) == Options(4)
    assert gen_mod.options_of("mod_ping", {}) == gen_mod.NoOptions()
    assert gen_mod.options_of("play.mod_a", {"maybe": 1}).maybe == 1


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
        gen_mod.options_of(name, given)


def test_what_a_module_needs_comes_first() -> None:
    assert gen_mod.in_order(["play.mod_a", "mod_ping", "play.mod_b"]) == ["mod_ping", "play.mod_b", "play.mod_a"]
    with pytest.raises(ModError, match=r"play.mod_a needs play.mod_b"):
        gen_mod.in_order(["play.mod_a"])
    vars(sys.modules["play.mod_b"])["DEPENDS"] = ("play.mod_a",)
    with pytest.raises(ModError, match="in a circle"):
        gen_mod.in_order(["play.mod_a", "play.mod_b"])


def with_play(**options: object) -> Config:
    return Config(**{**vars(config_of(())), "modules": {"play.mod_a": options, "play.mod_b": {}}})


def test_problems_of_a_configuration() -> None:
    assert gen_mod.problems(with_play()) == []
    assert gen_mod.problems(with_play(limit="x")) == [
        ("modules.play.mod_a", "play.mod_a: option \"limit\" cannot be 'x', it is a int")
    ]


def test_declared_handlers_are_there_with_their_mod() -> None:
    async def body(core: CoreServer) -> None:
        assert await hooks.run_fold("localhost", StreamFeatures("localhost"), ()) == (("play.mod_a", 7),)
        assert iq.namespaces("localhost", LOCAL) == ["urn:play"]
        romeo = await core.login("romeo@localhost/r", presence=None, roster=False)
        assert "type='result'" in await romeo.ask("<iq type='get' id='1' to='localhost'><play xmlns='urn:play'/></iq>")
        await crash("play.mod_a@localhost")
        assert await hooks.run_fold("localhost", StreamFeatures("localhost"), ()) == (("play.mod_a", 7),)

    play(body, with_play(limit=7))


def test_a_module_of_another_package_is_asked_again_too() -> None:
    async def body(core: CoreServer) -> None:
        await crash("hooks")
        assert await hooks.run_fold("localhost", StreamFeatures("localhost"), ()) == (("play.mod_a", 7),)

    play(body, with_play(limit=7))


@pytest.mark.parametrize(
    ("name", "owner"),
    [("mod_ping", "mod_ping@h"), ("acme.mod_motd", "acme.mod_motd@h"), ("acme.motd", "mod_acme.motd@h")],
)
def test_a_modules_process_bears_its_name(name: str, owner: str) -> None:
    assert Mod(name, "h", None).owner == owner
    assert handler_table.is_owner(owner)
