"""A module's file is the feature: without it there is a whole server, which does not know the feature."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from xmppd import gen_mod
from xmppd.config.schema import DEFAULT_MODULES
from xmppd.routing.iq import LOCAL, SM

ROOT = Path(__file__).parents[2]


def asked(name: str) -> list[tuple[str, str, str]]:
    """What the module answers in the server's or an account's name: namespace, element, and the attribute that says to
    whom it is addressed. Its own domain is there no more."""
    functions = [fn for fn in vars(gen_mod.load(name)).values() if hasattr(fn, "_iqs")]
    return [
        (ns, element, "" if at is SM else " to='localhost'")
        for fn in functions
        for ns, element, at, *_ in fn._iqs
        if at in (LOCAL, SM)
    ]


def test_each_module_can_be_taken_away(tmp_path: Path) -> None:
    wanted = {name: asked(name) for name in DEFAULT_MODULES}
    assert sum(map(len, wanted.values())) > 10
    found = subprocess.run(
        [sys.executable, "-m", "tests.support.without", str(tmp_path)],
        input=json.dumps(wanted), capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert found.stdout.splitlines() == [f"{name}: ok" for name in DEFAULT_MODULES], found.stdout + found.stderr
