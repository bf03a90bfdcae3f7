"""heart_release — a node with a heart, for tests: it tells in a file when it is up and down, and does as it is told.

    python -m tests.support.heart_release FILE WORD…

Each start adds a line "up PID" to FILE, an end in order "down". The words are done one at a start, the last again and
again: wait, stop, crash, hang, reboot, restart, sick (its callback does not say ok), other (another command).
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from otp.erts import process
from otp.erts.signals import Exit
from otp.kernel import app_resource, heart
from otp.kernel.app_resource import AppSpec
from otp.kernel.application import Application
from otp.release import boot, systools
from otp.release.systools import Release

TIMEOUT = 2.0


def tell(*words: object) -> None:
    with Path(sys.argv[1]).open("a") as file:
        file.write(" ".join(map(str, words)) + "\n")


class HeartApp(Application):
    async def start(self, type_: str, args: Any) -> Any:
        await heart.start_link([sys.executable, "-m", "tests.support.heart_release", *sys.argv[1:]], TIMEOUT)
        tell("up", os.getpid())
        return process.spawn_link(_tree, trap=True)

    def stop(self, state: Any) -> None:
        tell("down")


async def _tree() -> None:
    await process.receive(lambda m: isinstance(m, Exit))


async def started() -> None:
    lines = Path(sys.argv[1]).read_text().splitlines()
    count = sum(line.startswith("up") for line in lines)
    match sys.argv[2:][min(count, len(sys.argv[2:])) - 1]:
        case "stop":
            boot.stop()
        case "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(60)
        case "reboot":
            boot.reboot()
        case "restart":
            boot.restart()
        case "sick":
            await heart.set_callback(lambda: "sick")
        case "other":
            await heart.set_cmd([sys.executable, "-c", f"open({sys.argv[1]!r}, 'a').write('other\\n')"])
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    specs = {name: app_resource.find(name) for name in ("kernel", "stdlib")}
    specs["heart"] = AppSpec(
        "heart", "1", mod="tests.support.heart_release:HeartApp", applications=("kernel", "stdlib")
    )
    script = systools.make_script(Release("heart", "1", tuple((name, "permanent") for name in specs)), specs)
    return boot.run(script, node="heart", hooks=boot.Hooks(started=started))


if __name__ == "__main__":
    from tests.support import heart_release

    sys.exit(heart_release.main())
