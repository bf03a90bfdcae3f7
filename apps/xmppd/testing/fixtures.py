"""fixtures — for pytest: `xmppd`, a server for one test, on a thread of its own.

Way:      pytest → [fixtures] → xmppd.testing.thread

A test suite names it in its top conftest.py: pytest_plugins = ["xmppd.testing.fixtures"]. Nobody gets it unasked: it
loads the server.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from xmppd.testing.thread import ThreadServer, serve_in_thread


@pytest.fixture
def xmppd(request: pytest.FixtureRequest) -> Iterator[ThreadServer]:
    """A running server; the mark `xmppd` says how it is set, by the keywords of xmppd.testing.settings.Settings."""
    marks = [mark.kwargs for mark in request.node.iter_markers("xmppd")]
    chosen = {name: value for kwargs in reversed(marks) for name, value in kwargs.items()}
    with serve_in_thread(**chosen) as server:
        yield server


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "xmppd(**settings): how the server of the fixture `xmppd` is set")
