"""test_docs_testing — the files that docs/testing.md shows are a suite that passes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def page(name: str) -> list[str]:
    """The Python of a page."""
    return BLOCK.findall((ROOT / "docs" / name).read_text(encoding="utf-8"))


def test_the_files_shown_are_a_suite_that_passes(tmp_path: Path) -> None:
    for code in page("testing.md"):
        name = code.partition("\n")[0].removeprefix("# ")
        assert re.fullmatch(r"\w+\.py", name), "a block begins with the name of its file"
        (tmp_path / name).write_text(code, encoding="utf-8")
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "mod_motd.py").write_text(page("modules.md")[0], encoding="utf-8")
    tests = sum(code.count("\ndef test_") for code in page("testing.md"))
    command = [sys.executable, "-m", "pytest", "--strict-markers", "-q", "-p", "no:cacheprovider", "--timeout", "60"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False)
    assert f"{tests} passed" in done.stdout, done.stdout + done.stderr
