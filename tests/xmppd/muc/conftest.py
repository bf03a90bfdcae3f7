"""One server for the tests of rooms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from xmppd.testing.thread import serve_in_thread


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve_in_thread(admins=("admin@localhost",)) as server:
        yield server
