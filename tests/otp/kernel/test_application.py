"""Settings of applications (after application_SUITE: get_env, set_env)."""

from __future__ import annotations

import pytest

from otp.kernel import application
from otp.kernel.application import Application


@pytest.fixture(autouse=True)
def _clean():
    yield
    application.forget_env("app")


def test_get_env() -> None:
    assert application.get_env("app", "key") is None
    assert application.get_env("app", "key", 7) == 7
    application.set_env("app", "key", None)
    assert application.get_env("app", "key", 7) is None


def test_loading_keeps_what_was_set_and_configuration_wins() -> None:
    application.set_env("app", "b", "set")
    application.merge_env("app", {"a": "default", "b": "default", "c": "default"}, {"c": "configured"})
    assert application.get_all_env("app") == {"a": "default", "b": "set", "c": "configured"}


def test_all_env_is_a_copy() -> None:
    application.set_env("app", "a", 1)
    application.get_all_env("app")["a"] = 2
    assert application.get_env("app", "a") == 1


def test_config_change_tells_what_changed() -> None:
    application.merge_env("app", {"same": 1, "other": 1, "gone": 1}, {})
    changed, new, removed = application.replace_env("app", {"same": 1, "other": 2, "fresh": 3})
    assert (changed, new, removed) == ({"other": 2}, {"fresh": 3}, ["gone"])
    assert application.get_env("app", "gone") is None


def test_an_application_must_say_how_it_starts() -> None:
    with pytest.raises(NotImplementedError, match="Application has no start"):
        Application().start("normal", {})
    assert Application().prep_stop("state") == "state"
