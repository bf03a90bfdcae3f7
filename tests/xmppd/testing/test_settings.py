"""settings — what is not said is as on a server that nobody has configured, but for ports, TLS and the store."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from xmppd import gen_mod
from xmppd.config.schema import DEFAULT_MODULES
from xmppd.testing.settings import Settings, config


def test_nothing_need_be_said() -> None:
    made = config({})
    assert made.hosts == ("localhost",)
    assert tuple(made.modules) == DEFAULT_MODULES
    assert made.store.backend == "memory"
    assert [(listen.module, listen.ip, listen.port, listen.tls) for listen in made.listen] == [
        ("c2s", "127.0.0.1", 0, "off")
    ]


def test_every_setting_has_its_effect() -> None:
    made = config(
        Settings(
            hosts=("a.example", "b.example"),
            tls=True,
            components={"bot.a.example": "s3cret"},
            registration=True,
            limits={"resources": 1},
            store="sqlite",
            home=Path("here"),
        )
    )
    assert made.hosts == ("a.example", "b.example")
    assert [(listen.module, listen.tls) for listen in made.listen] == [("c2s", "required"), ("component", "off")]
    assert made.listen[1].secrets == {"bot.a.example": "s3cret"}
    assert made.registration.open
    assert made.limits.resources == 1
    assert made.store_path == Path("here/data/xmppd.sqlite3")


def test_modules_are_added_changed_and_left_out() -> None:
    made = config({"modules": {"mod_ping": False, "mod_version": {"show_os": True}, "acme.mod_motd": True}})
    assert "mod_ping" not in made.modules
    assert made.modules["mod_version"] == {"show_os": True}
    assert made.modules["acme.mod_motd"] == {}


@pytest.mark.parametrize("name", ["mod_alone", "acme.mod_in_a_package"])
def test_a_module_of_python_is_found_by_the_server(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    module = ModuleType(name)
    made = config({"modules": {module: {}}})
    assert gen_mod.load(list(made.modules)[-1]) is module


def test_a_setting_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(TypeError, match="no such setting: host; there are hosts, admins, tls, "):
        config({"host": "a.example"})  # type: ignore[typeddict-unknown-key]  # that is the test
