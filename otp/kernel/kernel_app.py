"""kernel_app — the application kernel: its tree.

OTP:      kernel.erl
Process:  kernel_sup: net_kernel (if the node has others), pg, rpc, global (if it is wanted)

Its settings: `run_dir` (a folder; absent on a node alone), `cookie` (bytes), `nodes` (names of all, in order), `global`
(true: names over nodes).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from otp.erts.pid import Pid
from otp.kernel import global_, global_locks, net_kernel, pg, rpc
from otp.kernel.application import Application
from otp.kernel.net_kernel import NetConfig
from otp.stdlib import supervisor
from otp.stdlib.child_spec import ChildSpec, Strategy, SupFlags
from otp.stdlib.supervisor import Supervisor, SupInit


class KernelApp(Application):
    """See the head of the file."""

    async def start(self, type_: str, args: Any) -> Pid | None:
        """Start kernel_sup."""
        return await supervisor.start_link(KernelSup, args, name="kernel_sup")


class KernelSup(Supervisor):
    """rest_for_one: whatever speaks over the mesh starts again when the mesh does."""

    def init(self, env: Any) -> SupInit:
        """The children, from the settings."""
        children = [
            ChildSpec("pg", (pg.start_link, ())),
            ChildSpec("rpc", (rpc.start_link, ())),
        ]
        if env.get("global"):
            children.append(ChildSpec(global_locks.NAME, (global_.start_link, ())))
        if env.get("run_dir") is not None:
            config = NetConfig(Path(env["run_dir"]), env["cookie"], tuple(env["nodes"]))
            children.insert(0, ChildSpec("net_kernel", (net_kernel.start_link, (config,))))
        return SupFlags(Strategy.REST_FOR_ONE, intensity=3, period=60.0), children
