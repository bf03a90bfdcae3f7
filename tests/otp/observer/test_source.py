"""test_source — the observer's questions to a plain program that runs.

Way:  otp.observer.source
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from otp.observer import client
from otp.observer.errors import ObserverError
from otp.observer.source import Source
from tests.support.observed_shop import open_shop


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    with open_shop(tmp_path_factory.mktemp("shop")) as path:
        yield Source(lambda command, params: client.ask(path, command, params), str(path))


def test_all_tabs_have_their_data(source: Source) -> None:
    assert source.system()["nonode"]["supervisors"] == 1
    assert source.load()["nonode"]["memory"] > 1_000_000
    assert source.tree()["nonode"][0]["id"] == "shop"
    assert source.tree("shop", first=1)["nonode"][0]["children"][0]["id"] == "till_2"
    assert "till_1" in [row["who"] for row in source.top("reductions")["rows"]]
    assert source.tables() == {"nonode": []}
    assert source.rows("nonode", "none") == []


def test_all_of_a_process(source: Source) -> None:
    told = source.info("till_2")
    assert told is not None
    assert (told["state"], told["current function"], told["kept"]) == ("0", "waits for its next message", "")
    assert source.info("nobody") is None


def test_a_trace_from_begin_to_end(source: Source) -> None:
    place = source.begin("till_1")
    seen: list[Any] = []
    while not seen:
        seen += source.read(place)["events"]
    assert seen[0]["kind"] == "str"
    source.end(place)
    assert source.read(place)["over"]


def test_one_that_is_killed_is_started_again_and_what_holds_the_program_is_refused(source: Source) -> None:
    killed = source.crash("till_2", "kill")
    (shop,) = killed["tree"]["nonode"]
    assert [child["restarts"] for child in shop["children"] if child["id"] == "till_2"] == [1]
    links = source.info("shop")["links"]
    root = next(line.split()[0] for line in links if "till" not in line and "observer" not in line)
    for who in ("shop", root):
        with pytest.raises(ObserverError, match=r"refused: .*the node would end with it"):
            source.crash(who, "kill")


def test_who_is_asked_comes_last() -> None:
    answer = {"main": None, "w1": None, "w2": None}
    source = Source(lambda command, params: answer)
    for asked in (source.system, source.load, source.tables, source.tree):
        assert list(asked()) == ["w1", "w2", "main"]
