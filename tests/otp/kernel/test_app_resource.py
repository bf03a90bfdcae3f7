"""What an application resource may say, and how its mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from otp.kernel import app_resource
from otp.kernel.app_resource import AppResourceError

FULL = """
name = "greeter"
vsn = "1.0"
description = "Says hello"
mod = "greeter.app:GreeterApp"
modules = ["greeter.app"]
registered = ["greeter_sup"]
applications = ["kernel", "stdlib"]
optional_applications = ["colours"]
env = { greeting = "hello", times = 3 }
"""


def test_a_full_resource_is_read() -> None:
    spec = app_resource.parse(FULL)
    assert (spec.name, spec.vsn, spec.mod) == ("greeter", "1.0", "greeter.app:GreeterApp")
    assert spec.applications == ("kernel", "stdlib")
    assert spec.optional_applications == ("colours",)
    assert spec.registered == ("greeter_sup",)
    assert dict(spec.env) == {"greeting": "hello", "times": 3}


def test_a_library_application_has_no_mod() -> None:
    assert app_resource.parse('name = "lib"\nvsn = "1"').mod is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('vsn = "1"', "'name' is missing"),
        ('name = "a"', "'vsn' is missing"),
        ('name = "a"\nvsn = "1"\naplications = []', "did you mean 'applications'?"),
        ('name = "a"\nvsn = "1"\napplications = "kernel"', "'applications' must be a list of strings"),
        ('name = "a"\nvsn = "1"\napplications = ["b", "b"]', "'applications' names something twice"),
        ('name = "a"\nvsn = "1"\napplications = ["a"]', "'a' cannot depend on itself"),
        ('name = "a"\nvsn = "1"\nmod = "a.app"', "'mod' must look like"),
        ('name = "A b"\nvsn = "1"', "lower-case identifier"),
        ('name = "a"\nvsn = 1', "'vsn' must be a string"),
        ('name = "a"\nvsn = "1"\nenv = 4', "'env' must be a table"),
        ("name = ", "not TOML"),
    ],
)
def test_a_mistake_is_told(text: str, told: str) -> None:
    with pytest.raises(AppResourceError) as error:
        app_resource.parse(text, "a.app.toml")
    assert told in str(error.value)
    assert str(error.value).startswith("a.app.toml: ")


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(AppResourceError) as error:
        app_resource.parse("colour = 1\nmod = 3")
    assert len(error.value.problems) == 4


def test_the_name_inside_must_be_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "other.app.toml"
    path.write_text('name = "greeter"\nvsn = "1"')
    with pytest.raises(AppResourceError, match="'greeter', but the file says 'other'"):
        app_resource.read(path)


def test_an_application_is_found_on_the_code_path(tmp_path: Path) -> None:
    folder = tmp_path / "greeter"
    folder.mkdir()
    (folder / "greeter.app.toml").write_text(FULL)
    assert app_resource.find("greeter", [tmp_path / "empty", tmp_path]).name == "greeter"


@pytest.mark.parametrize("name", ["kernel", "stdlib"])
def test_our_own_applications_are_on_the_default_path(name: str) -> None:
    assert app_resource.find(name).name == name


def test_an_unknown_application_tells_where_it_was_sought(tmp_path: Path) -> None:
    with pytest.raises(AppResourceError, match="no such application") as error:
        app_resource.find("nothing", [tmp_path])
    assert str(tmp_path) in str(error.value)
