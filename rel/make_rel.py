"""make_rel — builds the release: a folder that runs by itself and may be moved.

OTP:      reltool, relx, systools:make_tar
Way:      `make rel` → [make_rel] → _build/rel/xmppd/{xmppd, env/, build}; run with any Python from 3.11 on

    env/            an environment of its own: the wheel of these sources, and what it needs, each file checked
                    against the hash in rel/requirements.lock
    xmppd           the same script as rel/xmppd; it finds env/ beside itself and never uses an absolute path
    build           when it was built, and of which commit
    var/            appears at the first start: data, logs, sockets; a new build leaves it as it is
"""

from __future__ import annotations

import argparse
import os
import shutil
import stat
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REL = ROOT / "rel"


class BuildError(Exception):
    """The release cannot be built; the text says what to do."""


class Progress:
    """Says which step runs and how long it took."""

    def __init__(self) -> None:
        self.begin = time.monotonic()

    def step(self, text: str) -> None:
        """Announce a step."""
        print(f"[{time.monotonic() - self.begin:5.1f} s] {text}", flush=True)


def main(args: list[str] | None = None) -> int:
    """Build; give the exit code."""
    parser = argparse.ArgumentParser(description="build the release")
    parser.add_argument("--output", type=Path, default=ROOT / "_build" / "rel" / "xmppd", help="folder of the release")
    chosen = parser.parse_args(args)
    try:
        build(chosen.output.absolute())
    except BuildError as error:
        print(f"make rel: {error}", file=sys.stderr)
        return 1
    return 0


def build(output: Path) -> None:
    """Build the release into `output`. Raises BuildError."""
    check_python()
    progress = Progress()
    tools = ROOT / "_build" / "tools"
    progress.step("tools to build with")
    make_tools(tools)
    progress.step("wheel of these sources")
    wheel = make_wheel(tools)
    fresh = output.with_name(output.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    progress.step("environment: what the server needs, checked against rel/requirements.lock")
    make_environment(fresh, wheel, tools)
    shutil.copy2(REL / "xmppd", fresh / "xmppd")
    (fresh / "build").write_text(f"{identity()}\n", encoding="utf-8")
    put_in_place(fresh, output)
    progress.step(f"done: {shown(output)}")
    interpreter = Path(os.path.realpath(output / "env" / "bin" / "python"))
    if (folder := closed_to_others(interpreter)) is not None:
        print(
            f"note: {interpreter} runs it, and other users may not enter {folder};\n"
            "      for a server of another user: make rel PYTHON=/usr/bin/python3",
        )
    print(
        f"\nStart it:  {shown(REL / 'xmppd')} start\nIt may be moved: the folder is whole, and its own script is in it."
    )


def check_python() -> None:
    """Raise BuildError unless this Python can build."""
    if sys.version_info < (3, 11):  # noqa: UP036  run before anything is installed
        raise BuildError(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        raise BuildError("this Python has no venv; on Debian: apt install python3-venv") from None


def make_tools(tools: Path) -> None:
    """Make the environment that builds wheels, unless it is there for the same lock."""
    stamp = tools / "build.lock"
    wanted = (REL / "build.lock").read_bytes()
    if stamp.exists() and stamp.read_bytes() == wanted:
        return
    shutil.rmtree(tools, ignore_errors=True)
    venv.create(tools, with_pip=True)
    pip(tools, "install", "--require-hashes", "--only-binary", ":all:", "-r", str(REL / "build.lock"))
    stamp.write_bytes(wanted)


def make_wheel(tools: Path) -> Path:
    """Build the wheel of these sources; give its path."""
    folder = ROOT / "_build" / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    pip(tools, "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT))
    return next(folder.glob("xmppd-*.whl"))


def make_environment(release: Path, wheel: Path, tools: Path) -> None:
    """Make env/ of the release: no pip in it, no absolute path that matters."""
    env = release / "env"
    venv.create(env, symlinks=True, with_pip=False)
    pin_interpreter(env)
    into = ("--python", str(env / "bin" / "python"))
    locked = ("--require-hashes", "--only-binary", ":all:", "-r", str(REL / "requirements.lock"))
    pip(tools, *into, "install", *locked)
    pip(tools, *into, "install", "--no-deps", "--no-index", str(wheel))
    for record in env.glob("lib/python*/site-packages/xmppd-*.dist-info/direct_url.json"):
        record.unlink()  # where the wheel lay at build time means nothing later
    for script in (env / "bin").iterdir():
        if not script.name.startswith("python"):
            script.unlink()  # their first lines would name this folder; `xmppd` starts Python by itself


def identity() -> str:
    """What tells this build from another of its version: when it was made, of which commit ("+": changed since)."""
    made = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return made  # sources without their history
    return f"{made} {commit}"


def pin_interpreter(env: Path) -> None:
    """Let env/bin/python name the interpreter's own file (python3.11, not python3).

    The packages belong to that version: when the system moves to another, the link dangles and `xmppd` says so, where
    a link to `python3` would start a Python that finds none of them.
    """
    link = env / "bin" / "python"
    target = os.path.realpath(link)
    link.unlink()
    link.symlink_to(target)


def closed_to_others(interpreter: Path) -> Path | None:
    """The first folder on the way to `interpreter` that other users may not enter; None if every user may run it."""
    for folder in reversed(interpreter.parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None


def put_in_place(fresh: Path, output: Path) -> None:
    """Exchange the old release for the new one; var/ (data, logs) stays."""
    output.mkdir(parents=True, exist_ok=True)
    for entry in fresh.iterdir():
        old = output / entry.name
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        entry.replace(old)
    fresh.rmdir()


def pip(env: Path, *args: str) -> None:
    """Run pip of an environment. Raises BuildError with pip's own words."""
    command = [
        str(env / "bin" / "python"),
        "-I",
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        *args,
    ]
    quiet = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
    done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"pip failed:\n{done.stdout}{done.stderr}".rstrip())


def shown(path: Path) -> str:
    """Return a path as seen from here, if that is shorter."""
    try:
        return f"./{path.relative_to(Path.cwd())}"
    except ValueError:
        return str(path)


if __name__ == "__main__":
    sys.exit(main())
