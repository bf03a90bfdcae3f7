"""test_gen__typed — a typed program passes `mypy --strict`; what is forgotten to be awaited is named."""

from __future__ import annotations

import gc
import inspect
import subprocess
import sys
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otp.erts import process, runtime
from otp.stdlib import gen_event, gen_fsm, gen_server, gen_statem, introspect, requests, supervisor

ROOT = Path(__file__).parents[3]
PROGRAM = '''
from dataclasses import dataclass
from typing import assert_type

from otp.erts import runtime
from otp.erts.pid import Pid
from otp.stdlib import gen_fsm, gen_server, gen_statem, supervisor
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.gen_server import From, GenServer, NoReply, Reply, Request
from otp.stdlib.supervisor import SupInit, Supervisor


@dataclass(frozen=True)
class Pop(Request[str]):
    """Take the last word."""


@dataclass(frozen=True)
class Size(Request[int]):
    """How many words there are."""


class Stack(GenServer[list[str]]):
    def init(self, *words: str) -> list[str]:
        return list(words)

    def handle_call(self, request: Pop | Size, from_: From, words: list[str]) -> Reply[list[str]]:
        match request:
            case Pop():
                return Reply(words[-1], words[:-1])
            case Size():
                return Reply(len(words), words)

    def handle_cast(self, word: str, words: list[str]) -> NoReply[list[str]]:
        return NoReply([*words, word])


class StackSup(Supervisor):
    def init(self) -> SupInit:
        return SupFlags(), [gen_server.spec(Stack, "under a supervisor", name="stack")]


async def size(stack: Pid) -> int:
    return await gen_server.call(stack, Size())


async def main() -> str:
    stack = await gen_server.start_link(Stack, "hello")
    assert_type(stack, Pid)
    gen_server.cast(stack, "world")
    assert_type(await supervisor.start_link(StackSup), Pid)
    assert await size(stack) == 2
    word = await gen_server.call(stack, Pop())
    assert_type(word, str)
    return word


print(runtime.run(main))
'''


def test_a_typed_program_passes_strict_and_runs(tmp_path: Path) -> None:
    file = tmp_path / "hello.py"
    file.write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout
    ran = subprocess.run([sys.executable, str(file)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.stdout, ran.stderr) == ("world\n", "")


MODULES: list[types.ModuleType] = [
    gen_server,
    gen_statem,
    gen_fsm,
    gen_event,
    supervisor,
    introspect,
    requests,
    process,
]


def coroutine_functions() -> Iterator[tuple[str, Any]]:
    for module in MODULES:
        for name in getattr(module, "__all__", None) or vars(module):
            fn = getattr(module, name, None)
            public = inspect.isfunction(fn) and not name.startswith("_")
            if public and (inspect.iscoroutinefunction(fn) or name == "call"):
                yield f"{module.__name__}.{name}", fn


FUNCTIONS = dict(coroutine_functions())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_forgotten_await_names_the_function_and_the_line(name: str) -> None:
    fn = FUNCTIONS[name]
    wanted = [
        p for p in inspect.signature(fn).parameters.values() if p.default is p.empty and p.kind < p.VAR_POSITIONAL
    ]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fn(*(None for _ in wanted))
        gc.collect()
    (warning,) = [w for w in caught if "never awaited" in str(w.message)]
    assert f"coroutine '{name.rsplit('.', 1)[1]}' was never awaited" in str(warning.message)
    assert warning.filename == __file__


def test_the_line_is_told_also_when_the_coroutine_was_kept() -> None:
    program = """
from otp.erts import process, runtime
from otp.stdlib import gen_server

async def main():
    answer = gen_server.call("nobody", "x")

runtime.run(main)
"""
    command = [sys.executable, "-X", "dev", "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert "coroutine 'call' was never awaited" in done.stderr
    assert 'File "<string>", line 6, in main' in done.stderr
    assert runtime.run(lambda: 1) == 1
