"""code — modules that are loaded anew under living processes, by the cases of code_SUITE."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otp.erts import process
from otp.erts.process import spawn
from otp.kernel import code
from otp.kernel.code import LoadError
from otp.stdlib import gen_server, introspect
from tests.support.node import run, until

NAME = "upgradee_of_test_code"
COUNTER = """
from otp.erts import process
from otp.stdlib.gen_server import GenServer, NoReply, Reply
VSN = {vsn}
def version():
    return VSN
async def wait():
    await process.receive(lambda m: m == "stop")
class Server(GenServer):
    def init(self):
        return 0
    def handle_call(self, request, from_, state):
        return Reply(({vsn}, state), state + 1)
    def code_change(self, old_vsn, state, extra):
        return state + extra
"""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    file = tmp_path / f"{NAME}.py"
    write(file, 1)
    yield file
    sys.modules.pop(NAME, None)
    code._old.clear()
    code._read.clear()


def write(file: Path, vsn: int, text: str = COUNTER) -> None:
    file.write_text(text.format(vsn=vsn))
    os.utime(file, ns=(vsn * 10**9, vsn * 10**9))


def test_code__load_file(source: Path) -> None:
    module: Any = code.load_file(NAME)
    assert module.version() == 1
    write(source, 2)
    assert module.version() == 1
    assert code.load_file(NAME) is module
    assert module.version() == 2
    source.write_text("this is no Python")
    with pytest.raises(LoadError) as bad:
        code.load_file(NAME)
    assert bad.value.reason == "badfile"
    assert module.version() == 2
    with pytest.raises(LoadError) as none:
        code.load_file("no_such_module_anywhere")
    assert none.value.reason == "nofile"


def test_code__ensure_loaded(source: Path) -> None:
    module: Any = code.ensure_loaded(NAME)
    write(source, 2)
    assert code.ensure_loaded(NAME) is module
    assert module.version() == 1
    with pytest.raises(LoadError, match="nofile"):
        code.ensure_loaded("no_such_module_anywhere")


def test_code__delete(source: Path) -> None:
    """The current code becomes old; it cannot be done twice without a purge; the next use loads it anew."""
    assert not code.delete(NAME)
    code.load_file(NAME)
    assert code.delete(NAME)
    assert code.is_loaded(NAME) is None
    assert code.check_old_code(NAME)
    write(source, 2)
    module: Any = code.ensure_loaded(NAME)
    assert module.version() == 2
    assert not code.delete(NAME)
    assert not code.purge(NAME)
    assert code.delete(NAME)


def test_code__purge(source: Path) -> None:
    """Who runs old code is killed, in whatever way it does; others are left alone."""

    async def body() -> None:
        module: Any = code.load_file(NAME)
        server, waiting = await gen_server.start(module.Server), spawn(module.wait)

        async def inside() -> None:
            await module.wait()

        calling, bystander = spawn(inside), spawn(process.receive)
        await process.sleep(0.001)
        assert not code.purge(NAME)
        code.load_file(NAME)
        users = [server, waiting, calling]
        assert code.users(NAME) == users
        assert not code.check_process_code(bystander, NAME)
        assert code.purge(NAME)
        await until(lambda: not any(process.is_alive(pid) for pid in users))
        assert process.is_alive(bystander)
        assert not code.check_old_code(NAME)
        assert not code.purge(NAME)

    run(body)


def test_code__soft_purge(source: Path) -> None:
    async def body() -> None:
        module: Any = code.load_file(NAME)
        pid = spawn(module.wait)
        await process.sleep(0.001)
        code.load_file(NAME)
        assert not code.soft_purge(NAME)
        assert process.is_alive(pid)
        assert code.check_old_code(NAME)
        process.send(pid, "stop")
        await until(lambda: not process.is_alive(pid))
        assert code.soft_purge(NAME)
        assert not code.check_old_code(NAME)

    run(body)


def test_code__is_loaded(source: Path) -> None:
    assert code.is_loaded(NAME) is None
    code.load_file(NAME)
    assert code.is_loaded(NAME) == source
    assert code.all_loaded()[NAME] == source
    assert code.is_loaded("sys") == Path("sys")  # built in
    code.delete(NAME)
    assert code.is_loaded(NAME) is None


def test_code__upgrade(source: Path) -> None:
    """A server goes through four versions with its state; each time old code is free to be purged afterwards."""

    async def body() -> None:
        module: Any = code.load_file(NAME)
        pid = await gen_server.start(module.Server)
        assert await gen_server.call(pid, "vsn") == (1, 0)
        for vsn in (2, 3, 4):
            write(source, vsn)
            code.load_file(NAME)
            assert code.check_process_code(pid, NAME)
            assert (await gen_server.call(pid, "vsn"))[0] == vsn - 1  # it runs the old version still
            await introspect.suspend(pid)
            await introspect.change_code(pid, module.Server(), vsn - 1, 100)
            await introspect.resume(pid)
            assert not code.check_process_code(pid, NAME)
            assert code.soft_purge(NAME)
            got = await gen_server.call(pid, "vsn")
            assert got[0] == vsn
        assert got[1] > 300

    run(body)


def test_code__module_status(source: Path) -> None:
    assert code.module_status(NAME) == "not_loaded"
    code.load_file(NAME)
    assert code.module_status(NAME) == "loaded"
    write(source, 2)
    assert code.module_status(NAME) == "modified"
    assert NAME in code.modified_modules()
    code.load_file(NAME)
    assert code.module_status(NAME) == "loaded"
    source.unlink()
    assert code.module_status(NAME) == "removed"
    assert code.module_status("sys") == "loaded"


def test_code__where_is_file(source: Path) -> None:
    assert code.where_is_file(source.name) == source
    assert code.where_is_file("no_such_file_anywhere.py") is None
