"""What the service domain of a module is called, and what it cannot be called."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import StartError
from tests.proof import mod_tiny_room
from tests.support.core_server import CoreServer, config_of, play
from xmppd import gen_mod_config, gen_mod_service, gen_mod_sup
from xmppd.config.schema import Config, Host, Listen
from xmppd.gen_mod import Mod, ModError
from xmppd.routing import router
from xmppd.routing.routes import Fallback, ServiceRoute

NAME = mod_tiny_room.__name__
HOSTS = ("localhost", "second.example")


def config(given: Mapping[str, Any], **changes: Any) -> Config:
    found = config_of(("mod_disco",), HOSTS)
    return dataclasses.replace(found, modules={**found.modules, NAME: given}, **changes)


@pytest.mark.parametrize(
    ("given", "domain"),
    [
        ({}, "rooms.localhost"),
        ({"domain": "Chat.{host}"}, "chat.localhost"),
        ({"domain": "chat.example"}, "chat.example"),
    ],
)
def test_a_domain_is_named_after_its_host_or_as_the_configuration_says(given: Mapping[str, Any], domain: str) -> None:
    assert gen_mod_service.domain_of(NAME, "localhost", given) == domain
    assert gen_mod_config.options_of(NAME, given) == mod_tiny_room.Options()


@pytest.mark.parametrize("domain", ["a@{host}", "{host}/x", "", 5])
def test_what_is_no_domain_is_refused(domain: object) -> None:
    ((key, text),) = {*gen_mod_config.problems(config({"domain": domain}))}
    assert key == f"modules.{NAME}"
    assert "it is a domain" in text


def test_a_module_without_a_domain_has_no_such_option() -> None:
    assert gen_mod_service.domain_of("mod_ping", "localhost", {}) == ""
    with pytest.raises(ModError, match='no option "domain"'):
        gen_mod_config.options_of("mod_ping", {"domain": "x.{host}"})
    with pytest.raises(ModError, match='did you mean "domain"'):
        gen_mod_config.options_of(NAME, {"domian": "x.{host}"})


COMPONENT = Listen(module="component", secrets={"rooms.localhost": "s"})


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (config({"domain": "second.example"}), "its domain second.example is a host of this server"),
        (config({"domain": "chat.example"}), "its domain chat.example is also that of"),
        (config({}, listen=(COMPONENT,)), "its domain rooms.localhost is that of a component"),
    ],
)
def test_a_domain_that_somebody_has_is_refused(made: Config, words: str) -> None:
    assert words in " ".join(text for _, text in gen_mod_config.problems(made))
    assert gen_mod_config.problems(config({})) == []


def test_a_renamed_domain_is_another_route() -> None:
    async def body(core: CoreServer) -> None:
        new = config({"domain": "chat.{host}"})
        assert isinstance(router.route_of("rooms.second.example"), ServiceRoute)
        done = await gen_mod_sup.reload(core.config, new)
        assert [text.split()[0] for text in done] == ["stopped", "started"] * 2
        assert router.route_of("rooms.localhost") == Fallback("rooms.localhost")
        assert router.services_of("second.example") == ["chat.second.example"]
        await gen_mod_sup.reload(new, config_of(("mod_disco",), HOSTS))
        assert router.services_of("localhost") == []

    play(body, config({}))


def test_a_module_does_not_start_while_a_component_has_its_domain() -> None:
    async def body(core: CoreServer) -> None:
        assert await router.register_route("rooms.localhost", process.self_())
        mod = Mod(NAME, "localhost", mod_tiny_room.Options(), None, "rooms.localhost")
        with pytest.raises(StartError, match="a component has it"):
            await gen_mod_sup.start_mod(mod)

    play(body, config_of(()))


def test_one_host_may_call_it_otherwise() -> None:
    own = Host(modules={NAME: {"domain": "chat.{host}"}})
    made = dataclasses.replace(config({}), host={"second.example": own})
    names = {mod.domain for host in HOSTS for mod in gen_mod_sup.mods_of(made, host)}
    assert names == {"rooms.localhost", "chat.second.example", ""}
