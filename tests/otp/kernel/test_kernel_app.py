"""kernel as an application: alone without a run_dir, in a mesh with one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from otp.erts import process, runtime
from otp.kernel import application, global_, pg, rpc
from otp.kernel import application_controller as controller
from tests.support import remote_node
from tests.support.node import until


def _run(body: Any, **env: Any) -> None:
    async def main() -> None:
        await controller.start_link()
        controller.load("kernel", env)
        assert await controller.ensure_all_started("stdlib") == ["kernel", "stdlib"]
        await body()
        await controller.gen_server.stop(controller.NAME)
        assert process.whereis("kernel_sup") is None
        application.forget_env("kernel")

    runtime.run(main, node="main")


def test_alone() -> None:
    async def body() -> None:
        assert process.whereis("net_kernel") is None
        await pg.join("g", process.self_())
        assert pg.get_members("g") == [process.self_()]
        assert await rpc.call("main", f"{remote_node.__name__}:add", 1, 2) == 3

    _run(body)


def test_names_over_nodes_if_they_are_wanted() -> None:
    async def body() -> None:
        assert process.whereis("global_name_server") is not None
        assert await global_.register("name", process.self_())
        assert global_.whereis_name("name") is process.self_()

    _run(body, **{"global": True})


def test_in_a_mesh_and_what_hangs_on_it_starts_again_with_it(tmp_path: Path) -> None:
    async def body() -> None:
        assert (tmp_path / "main.sock").exists()
        before = [process.whereis(name) for name in ("net_kernel", "pg", "rpc")]
        process.exit_(before[0], "kill")
        await until(lambda: process.whereis("rpc") not in (None, before[2]))
        after = [process.whereis(name) for name in ("net_kernel", "pg", "rpc")]
        assert not set(before) & set(after)

    _run(body, run_dir=tmp_path, cookie=b"c", nodes=("main", "w1"))
    assert list(tmp_path.iterdir()) == []
