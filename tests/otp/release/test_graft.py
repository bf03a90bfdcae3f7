"""graft — what is held of a module's old version runs the code of the new one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from otp.release import graft

NAME = "module_of_test_graft"
TEXT = """
import enum
from dataclasses import dataclass
from functools import lru_cache
from otp.stdlib.gen_server import GenServer

class Server(GenServer):
    def answer(self): return {n}

@dataclass(frozen=True, slots=True)
class Point:
    x: int
    def far(self): return self.x * {n}
    @staticmethod
    def name(): return "v{n}"
    @property
    def double(self): return self.x + {n}

class Colour(enum.Enum):
    RED = 1

def scale(by=({n})): return by
scale.mark = {n}

@lru_cache
def cached(x): return x + {n}

def counter(fn):
    def inner(*args): return fn(*args) + {n}
    return inner

@counter
def counted(x): return x

TABLE = {{Point: scale, Colour.RED: [Point]}}
Either = Point | Server
"""


def version(n: int, text: str = TEXT) -> dict[str, Any]:
    module = sys.modules[NAME] = ModuleType(NAME)  # where dataclasses looks
    exec(compile(text.format(n=n), NAME, "exec"), vars(module))
    return vars(module)


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    sys.modules.pop(NAME, None)


def joined() -> tuple[dict[str, Any], dict[str, Any]]:
    before, after = version(100), version(200)
    assert graft.strangers(NAME, before, after) == []
    graft.join(NAME, before, after)
    return before, after


def test_functions_that_are_held_run_the_new_code() -> None:
    before, after = joined()
    assert after["scale"] is before["scale"]
    assert before["scale"]() == before["scale"].mark == 200
    assert before["counted"](1) == 201
    assert before["cached"](1) == 201


def test_values_made_before_are_of_the_class_and_have_its_new_methods() -> None:
    before = version(100)
    made, after = before["Point"](3), version(200)
    graft.join(NAME, before, after)
    assert isinstance(made, after["Point"])
    assert made == after["Point"](3)
    assert (made.far(), made.name(), made.double) == (600, "v200", 203)
    assert after["TABLE"] == {made.__class__: before["scale"], after["Colour"].RED: [made.__class__]}
    assert isinstance(made, after["Either"])


def test_a_callback_class_is_another_one_and_the_old_has_its_code() -> None:
    before, after = joined()
    assert after["Server"] is not before["Server"]
    assert after["Server"]().answer() == before["Server"]().answer() == 200


def test_methods_come_and_go_with_the_new_version() -> None:
    before, after = version(1), version(2, TEXT.replace("def far", "def near"))
    graft.join(NAME, before, after)
    made = before["Point"](2)
    assert made.near() == 4
    assert not hasattr(made, "far")


def test_classes_whose_values_would_not_fit_are_named() -> None:
    odd = TEXT.replace("    x: int", "    x: int\n    y: int = 0").replace("    RED = 1", "    RED = 2")
    assert graft.strangers(NAME, version(1), version(2, odd)) == ["Point", "Colour"]
    server = TEXT.replace("class Server(GenServer):", "class Server(GenServer):\n    more: int = 3")
    assert graft.strangers(NAME, version(1), version(2, server)) == []
    before, after = version(1), version(2, odd)
    graft.join(NAME, before, after, frozenset({"Point", "Colour"}))
    assert after["Point"](1).y == 0
