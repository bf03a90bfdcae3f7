"""test_mirror — every source file has the test file that bears its name, and no test file mirrors nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def mirror(source: Path) -> Path:
    """apps/xmppd/x.py -> tests/xmppd/test_x.py; otp/erts/pid.py -> tests/otp/erts/test_pid.py."""
    inside = source.relative_to(ROOT)
    inside = inside.relative_to("apps") if inside.parts[0] == "apps" else inside
    return ROOT / "tests" / inside.parent / f"test_{inside.name}"


SOURCES = sorted(
    p for top in ("otp", "apps") for p in (ROOT / top).rglob("*.py") if p.name not in ("__init__.py", "__main__.py")
)


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_source_has_its_test(source: Path) -> None:
    assert mirror(source).is_file(), (
        f"each source file has a test file of its name: write {mirror(source).relative_to(ROOT)}"
    )


#: tests that are of no one file: programs run here and by a real Erlang node; what processes cost
OF_THE_WHOLE = [test for room in ("oracle", "bench") for test in (ROOT / "tests" / "otp" / room).glob("test_*.py")]


def test_every_mirrored_test_has_its_source() -> None:
    expected = {mirror(s) for s in SOURCES} | set(OF_THE_WHOLE)
    for top in ("otp", "xmpp_core", "xmppd"):
        for test in (ROOT / "tests" / top).rglob("test_*.py"):
            assert test in expected or "__" in test.stem, (
                f"{test.relative_to(ROOT)}: no source of this name; further tests of one source have __ in their name"
            )
