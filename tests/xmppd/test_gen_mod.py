"""What a module file declares, and what becomes of it."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tests.support.core_server import CoreServer, crash, play
from tests.support.play_modules import modules, with_play
from xmpp_core.element import Element, el
from xmpp_core.jid import JID
from xmppd import gen_mod
from xmppd.gen_mod import Mod, iq_handler, nonza
from xmppd.routing import handler_table, hooks, iq
from xmppd.routing.hook_points import StreamFeaturesHook
from xmppd.routing.iq import LOCAL, SM
from xmppd.routing.nonzas import Nonza, NonzaKey
from xmppd.store.schema import create_table

pytestmark = pytest.mark.usefixtures(modules.__name__)


def test_declared_handlers_are_there_with_their_mod() -> None:
    async def body(core: CoreServer) -> None:
        assert await hooks.run_fold("localhost", StreamFeaturesHook("localhost"), ()) == (("play.mod_a", 7),)
        assert iq.features("localhost", LOCAL) == ["urn:play"]
        romeo = await core.login("romeo@localhost/r", presence=None, roster=False)
        assert "type='result'" in await romeo.ask("<iq type='get' id='1' to='localhost'><play xmlns='urn:play'/></iq>")
        await crash("play.mod_a@localhost")
        assert await hooks.run_fold("localhost", StreamFeaturesHook("localhost"), ()) == (("play.mod_a", 7),)

    play(body, with_play(limit=7))


def test_a_module_of_another_package_is_asked_again_too() -> None:
    async def body(core: CoreServer) -> None:
        await crash("hooks")
        assert await hooks.run_fold("localhost", StreamFeaturesHook("localhost"), ()) == (("play.mod_a", 7),)

    play(body, with_play(limit=7))


@pytest.mark.parametrize(
    ("name", "owner"),
    [("mod_ping", "mod_ping@h"), ("acme.mod_motd", "acme.mod_motd@h"), ("acme.motd", "mod_acme.motd@h")],
)
def test_a_modules_process_bears_its_name(name: str, owner: str) -> None:
    assert Mod(name, "h", None).owner == owner
    assert handler_table.is_owner(owner)


def announced(*places: Any, **given: Any) -> dict[str, list[str]]:
    """Where a feature is announced whose handler is declared so."""
    module = sys.modules["play.mod_b"]
    vars(module)["answer"] = iq_handler("urn:b", "b", at=places, **given)(lambda asked, mod: asked.result())
    found: dict[str, list[str]] = {LOCAL: [], SM: []}
    for entry in gen_mod.iq_entries(module, Mod("play.mod_b", "h", None)):
        if isinstance(entry.key, iq.Announced):
            found[entry.key.at].append(entry.point)
    return found


def test_where_a_handlers_namespace_is_announced() -> None:
    """What accounts serve is the server's as well, unless the XEP of the feature says otherwise."""
    assert announced(LOCAL) == {LOCAL: ["urn:b"], SM: []}
    assert announced(SM) == announced(LOCAL, SM) == {LOCAL: ["urn:b"], SM: ["urn:b"]}
    assert announced(SM, announce=(SM,)) == {LOCAL: [], SM: ["urn:b"]}
    assert announced(SM, announce=(LOCAL,)) == {LOCAL: ["urn:b"], SM: []}
    assert announced(SM, announce=()) == {LOCAL: [], SM: []}


def test_features_beside_handlers() -> None:
    module = sys.modules["play.mod_b"]
    vars(module)["FEATURES"] = {"urn:rules": (LOCAL, SM)}
    made = [(entry.key, entry.point) for entry in gen_mod.iq_entries(module, Mod("play.mod_b", "h", None))]
    assert made == [(iq.Announced("h", LOCAL), "urn:rules"), (iq.Announced("h", SM), "urn:rules")]


def test_what_a_stream_offers_to_who_has_logged_in() -> None:
    offered = Element("urn:b", "b")
    vars(sys.modules["play.mod_b"])["STREAM_FEATURES"] = (offered,)
    vars(sys.modules["play.mod_a"]).pop("fold")

    async def body(core: CoreServer) -> None:
        assert await hooks.run_fold("localhost", StreamFeaturesHook("localhost"), ()) == ()
        juliet = StreamFeaturesHook("localhost", JID.parse("juliet@localhost"))
        assert await hooks.run_fold("localhost", juliet, ()) == (offered,)

    play(body, with_play())


def test_all_that_the_modules_of_all_hosts_keep() -> None:
    step = create_table("play_b", ("host",), host=str)
    vars(sys.modules["play.mod_b"])["MIGRATIONS"] = (step,)
    assert gen_mod.schemas(with_play()) == [gen_mod.Schema("play.mod_b", (step,))]


def test_a_nonza_is_found_by_what_is_declared_of_it() -> None:
    module, mod = sys.modules["play.mod_b"], Mod("play.mod_b", "h", None)
    declared = nonza("urn:b", "r", after_bind=False)(lambda asked, mod: el("a", "urn:b", {"h": mod.host}))
    vars(module)["acknowledge"] = declared
    [entry] = [
        entry for entry in gen_mod.hook_entries(module, mod) if entry.key == ("h", NonzaKey("urn:b", "r", False))
    ]
    assert entry.owner == mod.owner
    assert entry.fn(Nonza(el("r", "urn:b"), JID.parse("romeo@h"))).to_xml() == "<a xmlns='urn:b' h='h'/>"
