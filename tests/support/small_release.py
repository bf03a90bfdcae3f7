"""small_release — a node with one application, for tests of boot: what it does is told on standard output.

python -m tests.support.small_release [fail | crash-later | slow-stop | slow-start]
"""

from __future__ import annotations

import sys
from typing import Any

from otp.erts import process
from otp.erts.exits import ProcessExit, StartError
from otp.erts.signals import Exit
from otp.kernel import app_resource
from otp.kernel.app_resource import AppSpec
from otp.kernel.application import Application
from otp.release import boot, systools
from otp.release.systools import Release


def say(*words: object) -> None:
    print(*words, flush=True)


class ProbeApp(Application):
    async def start(self, type_: str, args: Any) -> Any:
        say("probe starts", boot.get_status()[0])
        if args["mode"] == "fail":
            raise StartError(("shutdown", ("failed_to_start_child", "listener", "port 5222 is taken")))
        if args["mode"] == "slow-start":
            await process.sleep(0.3)
        return process.spawn_link(tree, args["mode"]), args["mode"]

    async def prep_stop(self, mode: str) -> str:
        say("probe stops", boot.get_status()[0])
        if mode == "slow-stop":
            await process.sleep(60)
        return mode


async def tree(mode: str) -> None:
    process.trap_exit(True)
    if mode == "crash-later":
        await process.sleep(0.05)
        raise ProcessExit("the tree is broken")
    await process.receive(lambda m: isinstance(m, Exit))
    say("tree ended")


def started(mode: str) -> None:
    if mode == "fail-started":
        raise OSError("no control socket")
    say("started", *boot.get_status())
    if mode == "stop-itself":
        boot.stop("enough")


def main() -> int:
    mode = sys.argv[1] if len(sys.argv) > 1 else ""
    specs = {name: app_resource.find(name) for name in ("kernel", "stdlib")}
    mod = "tests.support.small_release:ProbeApp"
    specs["probe"] = AppSpec("probe", "1", mod=mod, applications=("kernel", "stdlib"))
    release = Release("small", "1", tuple((name, "permanent") for name in specs))
    script = systools.make_script(release, specs)
    hooks = boot.Hooks(reload=lambda: say("reloaded"), started=lambda: started(mode))
    return boot.run(script, {"probe": {"mode": mode}}, node="small", hooks=hooks)


if __name__ == "__main__":
    sys.exit(main())
