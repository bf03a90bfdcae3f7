"""test_doctests__all — every program in a docstring of otp runs and prints what it says; the behaviours have one.

OTP:  nothing: there the examples are in the manual
"""

from __future__ import annotations

import doctest
import importlib
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from otp.erts.pid import HERE

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "otp").rglob("*.py")
    if ">>>" in path.read_text()
)
#: what a reader learns from: each opens with a drawing and a whole small program
TEXTBOOK = [
    "otp.erts.process",
    *("otp.stdlib.gen_server", "otp.stdlib.gen_statem", "otp.stdlib.gen_fsm", "otp.stdlib.gen_event"),
    *("otp.stdlib.supervisor", "otp.stdlib.supervisor_bridge", "otp.stdlib.proc_lib", "otp.stdlib.requests"),
    *("otp.stdlib.ets", "otp.stdlib.restart", "otp.stdlib.introspect", "otp.kernel.pg", "otp.kernel.application"),
]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    was = HERE.node, HERE.creation
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
    HERE.node, HERE.creation = was


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_tell_the_truth(name: str) -> None:
    module = importlib.import_module(name)
    alone = {"__name__": name}  # nothing but what it imports itself: it can be pasted into a shell
    failed, tried = doctest.testmod(module, globs=alone, optionflags=doctest.ELLIPSIS)
    assert tried > 0
    assert failed == 0


@pytest.mark.parametrize("name", TEXTBOOK)
def test_the_textbook_has_a_program_and_a_drawing(name: str) -> None:
    assert name in MODULES
    text = importlib.import_module(name).__doc__ or ""
    assert ">>> runtime.run(main)" in text or ">>> ended(" in text
