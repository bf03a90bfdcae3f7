"""power_loss — a disk that forgets what was not synced: power_loss.c, compiled, and the life of a home under it.

with a Disk(folder):
    process = Popen(..., env=disk.environ)     # writes below disk.home
    process.kill()
    disk.cut()                                  # the home is now what a disk would hold after a power cut
"""

from __future__ import annotations

import os
import random
import shlex
import shutil
import subprocess
import uuid
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
PAGE = 4096


@cache
def library() -> Path:
    """The compiled shim; made once for a run."""
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"power-loss-{os.getuid()}-{int(SOURCE.stat().st_mtime)}"
    made = folder / "power_loss.so"
    if not made.exists():
        folder.mkdir(exist_ok=True)
        part = folder / f"{os.getpid()}.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", part, SOURCE, "-ldl"], check=True)
        part.replace(made)
    return made


def available() -> bool:
    """Whether there is a compiler."""
    return shutil.which("cc") is not None


@dataclass
class Disk:
    """`home` is what programs write to; `environ` what they are started with."""

    folder: Path
    environ: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.home, self.shadow = self.folder / "home", self.folder / "shadow"
        self.boot_id = self.folder / "boot_id"
        self.home.mkdir(parents=True, exist_ok=True)
        self._boot()
        self.environ = os.environ | {
            "LD_PRELOAD": str(library()),
            "POWER_LOSS_DISK": str(self.home),
            "POWER_LOSS_SHADOW": str(self.shadow),
            "POWER_LOSS_BOOT_ID": str(self.boot_id),
        }

    def in_shell(self) -> str:
        """The same as `environ`, for a shell to set before it starts the program."""
        own = {name: value for name, value in self.environ.items() if name == "LD_PRELOAD" or "POWER_LOSS" in name}
        return "export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in own.items())

    def _boot(self) -> None:
        self.boot_id.write_text(f"{uuid.uuid4()}\n")

    def cut(self, chance: random.Random | None = None) -> None:
        """The power goes away, and the machine boots: no process may run now.

        Of each file there is what was synced. With `chance`, each page that was written since may be there or not, as
        a disk writes in the order it likes, and a file that was never synced may be there as a whole.
        """
        before = self.folder / f"before-{uuid.uuid4().hex}"
        self.home.rename(before)
        if self.shadow.exists():
            shutil.copytree(self.shadow, self.home)
        self.home.mkdir(exist_ok=True)
        for live in sorted(before.rglob("*")) if chance is not None else ():
            if live.is_file() and not live.is_symlink():
                assert chance is not None
                _mix(live, self.home / live.relative_to(before), chance)
        shutil.rmtree(self.shadow, ignore_errors=True)
        if self.home.exists():
            shutil.copytree(self.home, self.shadow)
        self._boot()


def _mix(live: Path, synced: Path, chance: random.Random) -> None:
    """Some of the pages that were written after the last sync have come to the disk."""
    if live.name.endswith("-shm"):
        return  # shared memory: SQLite makes it anew
    new = live.read_bytes()
    if not synced.exists():
        if chance.random() < 0.5:
            synced.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(live, synced)
        return
    old = bytearray(synced.read_bytes())
    for at in range(0, len(new), PAGE):
        page = new[at : at + PAGE]
        if bytes(old[at : at + PAGE]) != page and chance.random() < 0.5:
            old += bytes(max(at + len(page) - len(old), 0))
            old[at : at + len(page)] = page
    synced.write_bytes(old)
