"""init_release — a node that does what its command line says and tells of it, for tests of init's words.

    python -m tests.support.init_release [-kernel | -do WORD …] [-boot_var NAME VALUE] [--] [plain words]

-do restart N: restarts itself N times; -do reboot; -do stop STATUS; -do print: what init knows; -needs_var: its
resource names a file under $PLACE.
"""

from __future__ import annotations

import sys
from typing import Any

from otp.erts import process
from otp.erts.pid import HERE
from otp.erts.signals import Exit
from otp.kernel import app_resource, application
from otp.kernel.app_resource import AppSpec
from otp.kernel.application import Application
from otp.release import boot, systools
from otp.release.systools import Release


def say(*words: object) -> None:
    print(*words, flush=True)


class InitApp(Application):
    async def start(self, type_: str, args: Any) -> Any:
        say("up", HERE.creation, args.get("file", ""))
        return process.spawn_link(_tree, trap=True)

    def stop(self, state: Any) -> None:
        say("down", HERE.creation, boot.get_status()[0])


async def _tree() -> None:
    await process.receive(lambda m: isinstance(m, Exit))


def started() -> None:
    say("status", *boot.get_status())
    for words in boot.get_argument("do") or [("wait",)]:
        match words:
            case ("restart", count):
                if int(count) >= HERE.creation:
                    boot.restart()
                else:
                    boot.stop("restarted often enough")
            case ("reboot",):
                boot.reboot()
            case ("stop", status):
                boot.stop("as told", int(status))
            case ("print",):
                say("script", *(boot.script_id() or ()))
                say("arguments", boot.get_arguments())
                say("a", boot.get_argument("a"))
                say("missing", boot.get_argument("missing"))
                say("plain", boot.get_plain_arguments())
                boot.stop()


def main() -> int:
    specs = {name: app_resource.find(name) for name in ("kernel", "stdlib")}
    env = {"file": "$PLACE/data"} if "-needs_var" in sys.argv else {}
    mod = "tests.support.init_release:InitApp"
    specs["told"] = AppSpec("told", "1", mod=mod, applications=("kernel", "stdlib"), env=env)
    names = ("stdlib", "told") if "-no_kernel" in sys.argv else tuple(specs)
    script = systools.make_script(Release("told", "3.1", tuple((name, "permanent") for name in names)), specs)
    application.set_env("told", "before", 1)
    return boot.run(script, node="told", hooks=boot.Hooks(started=started), arguments=sys.argv[1:])


if __name__ == "__main__":
    from tests.support import init_release

    sys.exit(init_release.main())
