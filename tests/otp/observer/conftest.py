"""A program without a plugin, whatever else this process has loaded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from otp.observer import plugin


@pytest.fixture(autouse=True)
def no_plugin() -> Iterator[None]:
    """The node knows nothing of its program."""
    before = plugin.installed()
    plugin.install(plugin.Plugin())
    yield
    plugin.install(before)
