"""test_runtime__docs — the programs of docs/otp.md run, and print what stands below them."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from otp.erts import process
from otp.erts.actor import PROCESSES
from tests.support.node import until

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "otp.md").read_text(encoding="utf-8")
PROGRAM = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)


def programs() -> list[tuple[str, str]]:
    return [(match[1], match[2] or "") for match in PROGRAM.finditer(PAGE)]


def test_the_plain_program_prints_what_the_page_says() -> None:
    (code, said), _ = programs()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.stdout, done.stderr) == (said, "")
    assert said


def test_the_web_program_serves_and_its_supervisor_restarts_what_crashed() -> None:
    _, (code, _) = programs()
    names: dict[str, Any] = {"__name__": "shop"}
    exec(code, names)  # the page is ours
    app = names["app"]

    async def main() -> None:
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://shop", timeout=30) as client,
        ):
            assert [(await client.get("/next")).json() for _ in range(3)] == [1, 2, 3]
            crashed = process.whereis("counter")
            assert (await client.post("/crash")).status_code == 200
            await until(lambda: process.whereis("counter") not in (None, crashed))
            assert (await client.get("/next")).json() == 1

    asyncio.run(main())
    assert not PROCESSES
