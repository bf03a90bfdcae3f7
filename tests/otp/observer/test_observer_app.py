"""test_observer_app — the application: with a path it listens, without one it does not.

Way:  otp.observer.observer_app
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from otp.kernel import application, application_controller
from otp.observer import client
from tests.support.node import run


@pytest.mark.parametrize("listens", [True, False])
def test_it_is_an_application_like_any(tmp_path: Path, listens: bool) -> None:
    path = tmp_path / "s"

    async def body() -> Any:
        if listens:
            application.set_env("observer", "socket", str(path))
        try:
            await application_controller.start_link()
            await application_controller.ensure_all_started("observer")
            assert path.exists() is listens
            if not listens:
                return []
            return (await asyncio.to_thread(client.ask, path, "tree", {"under": "observer_sup"}))["test"]
        finally:
            application.forget_env("observer")

    assert [one["id"] for one in run(body)] == (["observer_sup"] if listens else [])
