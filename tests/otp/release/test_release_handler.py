"""release_handler — target systems, and releases installed under a running node (release_handler_SUITE)."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import otp
from otp.erts import process
from otp.kernel import app_resource, application, code
from otp.kernel import application_controller as controller
from otp.release import release_handler, upgrade
from otp.release.appup import AppupError
from otp.release.release_handler import ReleaseEntry, ReleaseHandlerError
from otp.release.systools import Release
from otp.release.upgrade import UpgradeError
from otp.stdlib import gen_server, introspect, supervisor
from tests.support import upgradable_app
from tests.support.node import run, until

OTP = Path(otp.__file__).parent
BASE = {name: (app_resource.find(name).vsn, OTP) for name in ("kernel", "stdlib")}
UP = """
vsn = "2"
[[up]]
from = "1"
instructions = [["load_module", "shop.prices"], ["update", "shop.till", "advanced", "extra"],
    ["update", "shop.sup", "supervisor"], ["apply", "shop.app:announce", ["two"]]]
[[down]]
to = "1"
instructions = [["update", "shop.till", "soft"], ["load_module", "shop.prices"], ["update", "shop.sup", "supervisor"]]
"""


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    path = sys.path[:]
    yield
    sys.path[:] = path
    for name in [n for n in sys.modules if n.split(".")[0] == "shop"]:
        del sys.modules[name]
    code._old.clear()


def release(vsn: str, *apps: str) -> Release:
    return Release("store", vsn, tuple((app, "permanent") for app in ("kernel", "stdlib", *apps)))


def lay_out(tmp_path: Path, second: str = UP, **more: Any) -> Path:
    """A target system with release 1, permanent, and 2, unpacked; with these appups."""
    root = tmp_path / "root"
    for vsn, text, status in (("1", "", "permanent"), ("2", second, "unpacked")):
        package = upgradable_app.write(tmp_path / "src", vsn, text, **(more if vsn == "2" else {}))
        # kernel and stdlib are those of the node that runs the test
        release_handler.create(root, release(vsn, "shop"), {**BASE, "shop": (vsn, package)}, status)  # type: ignore[arg-type]
    return root


def on_a_node(root: Path, body: Callable[[], Awaitable[None]]) -> None:
    """With shop 1 running."""

    async def main() -> None:
        application.forget_all()
        process.trap_exit()
        await controller.start_link()
        sys.path.insert(0, str(root / "lib" / "shop-1"))
        for name in ("kernel", "stdlib"):
            controller.load(app_resource.find(name))
            controller._enter(controller.Running(app_resource.find(name), "permanent", None))
        await controller.start("shop")
        gen_server.cast("till", 5)
        try:
            await body()
        finally:
            for name in ("kernel", "stdlib"):
                controller._running.pop(name, None)
            await gen_server.stop(controller.NAME)

    run(main)


async def till(name: str = "till") -> Any:
    return await gen_server.call(name, "what")


def statuses(root: Path) -> dict[str, str]:
    return {entry.vsn: entry.status for entry in release_handler.which_releases(root)}


def test_release_handler__release_handler_which_releases(tmp_path: Path) -> None:
    assert release_handler.which_releases(tmp_path / "nothing") == []
    root = lay_out(tmp_path)
    versions = {app: vsn for app, (vsn, _folder) in BASE.items()}
    assert release_handler.which_releases(root) == [
        ReleaseEntry("store", "1", {**versions, "shop": "1"}, "permanent"),
        ReleaseEntry("store", "2", {**versions, "shop": "2"}, "unpacked"),
    ]
    assert [e.vsn for e in release_handler.which_releases(root, "permanent")] == ["1"]
    assert release_handler.which_releases(root, "old") == []
    with pytest.raises(ReleaseHandlerError, match="there already"):
        release_handler.create(root, release("2"), {})
    with pytest.raises(ReleaseHandlerError, match="is permanent"):
        release_handler.remove_release(root, "1")
    release_handler.remove_release(root, "2")
    assert statuses(root) == {"1": "permanent"}
    assert not (root / "lib" / "shop-2").exists()
    assert (root / "lib" / "shop-1").exists()


def test_release_handler__target_system(tmp_path: Path) -> None:
    """A target system stands on its own: moved elsewhere, it boots with the packages it has, and stops in order."""
    root = lay_out(tmp_path).rename(tmp_path / "moved")
    kernel = root / "lib" / f"kernel-{BASE['kernel'][0]}"
    program = f"import sys; sys.path.insert(0, {str(kernel)!r}); from otp.release import start; " + (
        "print('otp', start.__file__, flush=True); sys.exit(start.main(sys.argv[1:]))"
    )
    with subprocess.Popen(
        [sys.executable, "-I", "-c", program, str(root), "target"], stdout=subprocess.PIPE, text=True, cwd="/"
    ) as node:
        assert node.stdout is not None
        assert str(kernel) in node.stdout.readline()
        opened = node.stdout.readline()
        assert opened.startswith("shop 1 is open")
        assert str(root / "lib" / "shop-1") in opened
        node.send_signal(signal.SIGTERM)
        assert node.stdout.read() == "shop 1 is closed\n"
        assert node.wait(30) == 0
    broken = subprocess.run(
        [sys.executable, "-m", "otp.release.start", str(tmp_path / "none"), "x"], capture_output=True, check=False
    )
    assert (broken.returncode, broken.stderr) == (78, b"no release is permanent\n")


def test_release_handler__upgrade(tmp_path: Path) -> None:
    """Up, made permanent, down again: the till keeps its money and its pid, new code answers, nothing old is left."""
    root = lay_out(tmp_path)

    async def body() -> None:
        pid = process.whereis("till")
        assert await till() == ("1", 5)
        assert not await release_handler.install_release(root, "2")
        assert statuses(root) == {"1": "permanent", "2": "current"}
        assert await till() == ("2", 1005)
        assert process.whereis("till") is pid
        assert sys.modules["shop.prices"].PRICE == 200
        assert sys.modules["shop.prices"].ANNOUNCED == "two"
        assert controller.get_key("shop", "vsn") == "2"
        assert application.get_env("shop", "opened") == "2"
        assert not code.check_old_code("shop.till")
        with pytest.raises(ReleaseHandlerError, match="runs already"):
            await release_handler.install_release(root, "2")
        release_handler.make_permanent(root, "2")
        assert statuses(root) == {"1": "old", "2": "permanent"}
        assert not await release_handler.install_release(root, "1")
        assert await till() == ("1", 1005)
        assert process.whereis("till") is pid
        with pytest.raises(ReleaseHandlerError, match="there is no release 3"):
            await release_handler.install_release(root, "3")

    on_a_node(root, body)


def test_release_handler__upgrade_restart(tmp_path: Path) -> None:
    """An upgrade that needs a restart says so; until made permanent, the next boot is still that of the old one."""
    restart = 'vsn = "2"\n[[up]]\nfrom = "1"\ninstructions = [["load_module", "shop.prices"], ["restart_emulator"]]\n'
    root = lay_out(tmp_path, restart)

    async def body() -> None:
        assert await release_handler.install_release(root, "2")
        assert await till() == ("1", 5)
        assert sys.modules["shop.prices"].PRICE == 200
        assert release_handler.boot_script(root).vsn == "1"
        with pytest.raises(ReleaseHandlerError, match="does not run"):
            release_handler.make_permanent(root, "1")
        release_handler.make_permanent(root, "2")
        assert release_handler.boot_script(root).vsn == "2"

    on_a_node(root, body)


def test_release_handler__instructions(tmp_path: Path) -> None:
    """Each instruction by itself, in a file's order, on running processes."""
    root = lay_out(tmp_path)
    two = root / "lib" / "shop-2" / "shop"

    async def body() -> None:
        pid = process.whereis("till")
        sys.modules["shop"].__path__ = [str(two)]
        await upgrade.perform([["suspend", "shop.till"], ["load", "shop.till"]])  # resumed at the end, on the old class
        assert (await introspect.get_status("till"))["suspended"] is False
        assert code.users("shop.till") == [pid]
        await upgrade.perform([["suspend", "shop.till"], ["code_change", "shop.till", ""], ["resume", "shop.till"]])
        assert await till() == ("2", 1005)
        assert code.soft_purge("shop.till")
        await upgrade.perform([["update", "shop.till", "soft"]])
        assert await till() == ("2", 1005)
        await upgrade.perform([["update", "shop.till", "advanced"]], "1")
        assert await till() == ("2", 2005)
        assert process.whereis("till") is pid
        await upgrade.perform([["add_module", "shop.prices"], ["apply", "shop.app:announce", [["x"]]]])
        assert sys.modules["shop.prices"].ANNOUNCED == ["x"]
        await upgrade.perform([["delete_module", "shop.prices"]])
        assert "shop.prices" not in sys.modules
        await upgrade.perform([["restart_application", "shop"]])
        assert process.whereis("till") is not pid
        await upgrade.perform([["remove_application", "shop"]])
        assert process.whereis("till") is None
        await upgrade.perform([["add_application", "shop"]])
        assert (await till())[1] == 0
        with pytest.raises(UpgradeError, match="no_such_module"):
            await upgrade.perform([["load_module", "no_such_module"]])

    on_a_node(root, body)


def test_release_handler__eval_appup(tmp_path: Path) -> None:
    """One application, up and down by its appup, without a release being written."""
    root = lay_out(tmp_path)
    spec = {vsn: app_resource.read(root / "lib" / f"shop-{vsn}" / "shop" / "shop.app.toml") for vsn in ("1", "2")}

    async def body() -> None:
        for vsn, money in (("2", 1005), ("1", 1005)):
            sys.modules["shop"].__path__ = [str(root / "lib" / f"shop-{vsn}" / "shop")]
            assert not await release_handler.eval_appup(spec[vsn], UP)
            assert await till() == (vsn, money)
            assert controller.get_key("shop", "vsn") == vsn
        assert statuses(root) == {"1": "permanent", "2": "unpacked"}
        with pytest.raises(AppupError, match="no way from 1 to 1"):
            await release_handler.eval_appup(spec["1"], UP)
        with pytest.raises(ReleaseHandlerError, match="not loaded"):
            await release_handler.eval_appup(app_resource.AppSpec("other", "1"), UP)

    on_a_node(root, body)


def test_release_handler__eval_appup_with_restart(tmp_path: Path) -> None:
    root = lay_out(tmp_path)
    text = 'vsn = "2"\n[[up]]\nfrom = "1"\ninstructions = [["restart_emulator"], ["load_module", "shop.prices"]]\n'

    async def body() -> None:
        sys.modules["shop"].__path__ = [str(root / "lib" / "shop-2" / "shop")]
        spec = app_resource.read(root / "lib" / "shop-2" / "shop" / "shop.app.toml")
        assert await release_handler.eval_appup(spec, text)
        assert sys.modules["shop.prices"].PRICE == 200  # what else there is to do is done

    on_a_node(root, body)


def test_release_handler__otp_9395_check_old_code(tmp_path: Path) -> None:
    """A process that lingers in old code is not killed by an upgrade; the old code stays until it is gone."""
    root = lay_out(tmp_path)

    async def body() -> None:
        prices: Any = code.ensure_loaded("shop.prices")
        sys.modules["shop"].__path__ = [str(root / "lib" / "shop-2" / "shop")]
        lingers = process.spawn(prices.linger)
        await process.sleep(0.001)
        await upgrade.perform([["load_module", "shop.prices"], ["update", "shop.till", "soft"]])
        assert code.users("shop.prices") == [lingers]
        assert (code.check_old_code("shop.prices"), code.check_old_code("shop.till")) == (True, False)
        process.send(lingers, "stop")
        await until(lambda: not process.is_alive(lingers))
        assert code.soft_purge("shop.prices")

    on_a_node(root, body)


def test_release_handler__upgrade_supervisor(tmp_path: Path) -> None:
    """New flags and specs from init: who runs goes on, a new child does not start by itself but can be started."""
    root = lay_out(tmp_path)

    async def body() -> None:
        pid, sup = process.whereis("till"), process.whereis("shop_sup")
        await release_handler.install_release(root, "2")
        assert (process.whereis("till"), process.whereis("shop_sup")) == (pid, sup)
        children = await supervisor.which_children("shop_sup")
        assert [(c.id, c.pid) for c in children] == [("till", pid), ("second", None)]
        assert (await introspect.get_state("shop_sup")).flags.intensity == 3
        assert await supervisor.restart_child("shop_sup", "second")
        assert await till("second") == ("2", 0)

    on_a_node(root, body)


def test_release_handler__upgrade_supervisor_fail(tmp_path: Path) -> None:
    """The new supervisor's init fails: the upgrade says so, the supervisor and its children are as they were."""
    root = lay_out(tmp_path, broken=True)

    async def body() -> None:
        pid = process.whereis("till")
        with pytest.raises(UpgradeError, match="division by zero"):
            await release_handler.install_release(root, "2")
        assert statuses(root) == {"1": "permanent", "2": "unpacked"}
        children = await supervisor.which_children("shop_sup")
        assert [(c.id, c.pid) for c in children] == [("till", pid)]
        assert (await introspect.get_state("shop_sup")).flags.intensity == 2
        process.exit_(pid, "kill")  # type: ignore[arg-type]
        await until(lambda: process.whereis("till") not in (None, pid))

    on_a_node(root, body)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("vsn = 2", "'vsn' must be a string"),
        ('vsn = "2"\n[[up]]\nfrom = "1"\ninstructions = [["launch", "x"]]', "unknown instruction 'launch'"),
        ('vsn = "2"\n[[up]]\nfrom = "1"\ninstructions = [["update"]]', "'update' has 0 arguments"),
        ('vsn = "2"\n[[up]]\nfrom = "1"\ninstructions = [["update", "m", "hard"]]', "soft, advanced or supervisor"),
        ('vsn = "2"\n[[up]]\nfrom = "1"\ninstructions = [17]', "no instruction: 17"),
        ('vsn = "2"\n[[up]]\nfrom = "0"\ninstructions = []', "no way from 1 to 2"),
        ("", "no appup from 1 to 2"),
    ],
)
def test_release_handler__install_release_syntax_check(tmp_path: Path, text: str, told: str) -> None:
    """What is wrong with an appup is found before anything is touched."""
    root = lay_out(tmp_path, text)
    with pytest.raises(AppupError, match=told):
        release_handler.check_install_release(root, "2")

    async def body() -> None:
        with pytest.raises(AppupError, match=told):
            await release_handler.install_release(root, "2")
        assert await till() == ("1", 5)
        assert statuses(root) == {"1": "permanent", "2": "unpacked"}

    on_a_node(root, body)


def test_release_handler__supervisor_which_children_timeout(tmp_path: Path) -> None:
    """A supervisor that does not answer holds up no upgrade: its children are found without asking it."""
    root = lay_out(tmp_path)

    async def body() -> None:
        sys.modules["shop"].__path__ = [str(root / "lib" / "shop-2" / "shop")]
        await introspect.suspend("shop_sup")
        await upgrade.perform([["update", "shop.till", "advanced"]], "1")
        assert await till() == ("2", 1005)
        await introspect.resume("shop_sup")

    on_a_node(root, body)


def test_a_code_change_that_fails_leaves_the_state_and_resumes(tmp_path: Path) -> None:
    root = lay_out(tmp_path)

    async def body() -> None:
        sys.modules["shop"].__path__ = [str(root / "lib" / "shop-2" / "shop")]
        with pytest.raises(UpgradeError, match="no way"):
            await upgrade.perform([["update", "shop.till", "advanced", "fails"]])
        assert (await till())[1] == 5

    on_a_node(root, body)
