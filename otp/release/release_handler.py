"""release_handler — the releases of a target system: laid out, listed, installed under a running node, made permanent.

OTP:      release_handler.erl, systools:make_tar
Way:      a shell → [release_handler] → appup, upgrade
Differs:  a release is installed from folders that are there already (lib/APP-VSN, releases/VSN), not from a tar file
Process:  runs in the caller's

    ROOT/lib/shop-1.0/shop/…             packages, with shop.app.toml and shop.appup.toml in them
    ROOT/releases/1.0/shop.rel.toml      what belongs to it
    ROOT/releases/RELEASES.toml          which there are, and which one is permanent
"""

from __future__ import annotations

import importlib
import shutil
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from otp.kernel import app_resource
from otp.kernel import application_controller as controller
from otp.kernel.app_resource import AppSpec
from otp.release import appup, systools, upgrade
from otp.release.appup import Appup, AppupError, Instruction
from otp.release.systools import Release, Script

Status = Literal["unpacked", "current", "permanent", "old"]
_INDEX: Final = "RELEASES.toml"
#: application -> its version, and the folder of its package
Packages = Mapping[str, tuple[str, Path]]


class ReleaseHandlerError(Exception):
    """A release that cannot be installed, made permanent or removed."""


@dataclass(frozen=True, slots=True)
class ReleaseEntry:
    """A release of the target system: name, version, versions of its applications, and where it stands."""

    name: str
    vsn: str
    applications: Mapping[str, str]
    status: Status


# -- the target system


def create(
    root: Path, release: Release, packages: Mapping[str, tuple[str, Path]], status: Status = "permanent"
) -> None:
    """Lay out a release under `root`, with copies of its packages.

    Further releases may follow, as "unpacked". Raises: ReleaseHandlerError if it is there already; OSError.
    """
    known = which_releases(root)
    if any(entry.vsn == release.vsn for entry in known):
        raise ReleaseHandlerError(f"release {release.vsn} is there already")
    for app, (vsn, folder) in packages.items():
        place = root / "lib" / f"{app}-{vsn}" / folder.name
        if not place.exists():
            shutil.copytree(folder, place, ignore=shutil.ignore_patterns("__pycache__"))
    versions = {app: vsn for app, (vsn, _folder) in packages.items()}
    lines = [f'name = "{release.name}"', f'vsn = "{release.vsn}"', "[applications]"]
    lines += [f'{app} = "{type_}"' for app, type_ in release.applications]
    file = root / "releases" / release.vsn / f"{release.name}.rel.toml"
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(lines) + "\n")
    _write(root, [*known, ReleaseEntry(release.name, release.vsn, versions, status)])


def which_releases(root: Path, status: Status | None = None) -> list[ReleaseEntry]:
    """The releases there are, or those of one status; the newest entry last."""
    file = root / "releases" / _INDEX
    if not file.exists():
        return []
    table = tomllib.loads(file.read_text())
    entries = [ReleaseEntry(**entry) for entry in table["release"]]
    return [entry for entry in entries if status in (None, entry.status)]


def boot_script(root: Path, vsn: str | None = None) -> Script:
    """The boot script of a release (the permanent one), its packages on the code path. Raises: ReleaseHandlerError,
    systools.ReleaseError, AppResourceError."""
    entry = _entry(root, vsn) if vsn is not None else next(iter(which_releases(root, "permanent")), None)
    if entry is None:
        raise ReleaseHandlerError("no release is permanent")
    for folder in _folders(root, entry).values():
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    text = (root / "releases" / entry.vsn / f"{entry.name}.rel.toml").read_text()
    release = systools.parse_release(text, entry.vsn)
    return systools.make_script(release, {app: _spec(root, entry, app) for app, _type in release.applications})


# -- a running node


async def install_release(root: Path, vsn: str) -> bool:
    """Take the running node to a release that is there; True if it has to be restarted for it.

    Everything is read and checked before anything is done. Raises: ReleaseHandlerError, AppupError; UpgradeError when
    it got stuck on the way: the node then runs a mixture, and should be restarted.
    """
    target, current = check_install_release(root, vsn)
    steps = _plan(root, current, target)
    _use(root, current, target)
    restart = False
    for app, instructions in steps:
        restart |= await upgrade.perform(instructions, current.applications.get(app, ""))
        controller.change_spec(_spec(root, target, app))
    _set(root, {current.vsn: "old" if current.status == "current" else current.status, vsn: "current"})
    return restart


def check_install_release(root: Path, vsn: str) -> tuple[ReleaseEntry, ReleaseEntry]:
    """The release and the one that runs, if the one can be installed over the other. Raises: ReleaseHandlerError,
    AppupError, AppResourceError."""
    target = _entry(root, vsn)
    running = [e for e in which_releases(root) if e.status == "current"] or which_releases(root, "permanent")
    if not running or running[-1].vsn == vsn:
        raise ReleaseHandlerError(f"release {vsn} runs already")
    _plan(root, running[-1], target)
    return target, running[-1]


def make_permanent(root: Path, vsn: str) -> None:
    """Make the next boot start this release. Raises: ReleaseHandlerError if it does not run."""
    if _entry(root, vsn).status != "current":
        raise ReleaseHandlerError(f"release {vsn} does not run: it is {_entry(root, vsn).status}")
    before = {entry.vsn: "old" for entry in which_releases(root, "permanent")}
    _set(root, {**before, vsn: "permanent"})  # type: ignore[dict-item]


def remove_release(root: Path, vsn: str) -> None:
    """Take a release away, with the packages that only it has. Raises: ReleaseHandlerError if it runs or will."""
    entry = _entry(root, vsn)
    if entry.status in ("permanent", "current"):
        raise ReleaseHandlerError(f"release {vsn} is {entry.status}")
    rest = [other for other in which_releases(root) if other.vsn != vsn]
    kept = {folder for other in rest for folder in _folders(root, other).values()}
    for folder in _folders(root, entry).values():
        if folder not in kept:
            shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(root / "releases" / vsn)
    _write(root, rest)


async def eval_appup(spec: AppSpec, text: str) -> bool:
    """Take one running application to the version of `spec` by an appup's text; True if a restart is needed.

    For development: no release is written of it. Raises: AppupError, UpgradeError, ReleaseHandlerError.
    """
    running = controller.get_key(spec.name, "vsn")
    if running is None:
        raise ReleaseHandlerError(f"{spec.name} is not loaded")
    instructions = appup.parse(text, spec.name).path(running, spec.vsn)
    restart = await upgrade.perform(instructions, running)
    controller.change_spec(spec)
    return restart


# -- internals


def _plan(root: Path, current: ReleaseEntry, target: ReleaseEntry) -> list[tuple[str, tuple[Instruction, ...]]]:
    steps: list[tuple[str, tuple[Instruction, ...]]] = []
    for app, vsn in target.applications.items():
        before = current.applications.get(app)
        if before is None:
            steps.append((app, (("add_application", app),)))
        elif before != vsn:
            instructions = _appup(root, current, target, app).path(before, vsn)
            appup.translate(instructions)
            steps.append((app, instructions))
    return steps


def _appup(root: Path, current: ReleaseEntry, target: ReleaseEntry, app: str) -> Appup:
    """The newer version's own; going down, it is that of the version that is left."""
    for entry in (target, current):
        file = _package(root, entry, app) / f"{app}.appup.toml"
        if file.exists():
            found = appup.parse(file.read_text(), str(file))
            if found.vsn == entry.applications[app] and (entry is target or target.applications[app] in found.down):
                return found
    raise AppupError(f"{app}: no appup from {current.applications[app]} to {target.applications[app]}")


def _use(root: Path, current: ReleaseEntry, target: ReleaseEntry) -> None:
    """Put the packages of the target on the code path, for modules that are loaded from now on."""
    old, new = _folders(root, current), _folders(root, target)
    for app, folder in new.items():
        before = str(old.get(app, ""))
        sys.path[:] = [str(folder) if place == before else place for place in sys.path]
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
        package = sys.modules.get(_package(root, target, app).name)
        if package is not None and hasattr(package, "__path__"):
            package.__path__ = [str(_package(root, target, app))]
    importlib.invalidate_caches()


def _folders(root: Path, entry: ReleaseEntry) -> dict[str, Path]:
    return {app: root / "lib" / f"{app}-{vsn}" for app, vsn in entry.applications.items()}


def _package(root: Path, entry: ReleaseEntry, app: str) -> Path:
    inside = [path for path in _folders(root, entry)[app].iterdir() if path.is_dir()]
    return inside[0]


def _spec(root: Path, entry: ReleaseEntry, app: str) -> AppSpec:
    package = _package(root, entry, app)
    nested = package / app / f"{app}.app.toml"  # otp/kernel, otp/stdlib
    return app_resource.read(nested if nested.exists() else package / f"{app}.app.toml")


def _entry(root: Path, vsn: str) -> ReleaseEntry:
    for entry in which_releases(root):
        if entry.vsn == vsn:
            return entry
    raise ReleaseHandlerError(f"there is no release {vsn}")


def _set(root: Path, statuses: Mapping[str, Status]) -> None:
    entries = which_releases(root)
    _write(root, [replace(e, status=statuses.get(e.vsn, e.status)) for e in entries])


def _write(root: Path, entries: Iterable[ReleaseEntry]) -> None:
    lines: list[str] = []
    for entry in entries:
        apps = ", ".join(f'{app} = "{vsn}"' for app, vsn in entry.applications.items())
        lines += ["[[release]]", f'name = "{entry.name}"', f'vsn = "{entry.vsn}"']
        lines += [f'status = "{entry.status}"', f"applications = {{ {apps} }}", ""]
    file = root / "releases" / _INDEX
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text("\n".join(lines))
    new.replace(file)
