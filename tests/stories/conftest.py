"""A booted server for all files of this folder; each test's connections are closed after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.booted import Booted


@pytest.fixture(scope="session")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    folder: Path = tmp_path_factory.mktemp("server")
    with Booted.start(folder, workers=2) as server:
        yield server


@pytest.fixture
def server(booted: Booted) -> Iterator[Booted]:
    yield booted
    booted.drop_all()
