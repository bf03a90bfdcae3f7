"""code — modules of a running node: reloaded, deleted, purged, and who still runs the version before.

OTP:      code.erl: load_file/1, ensure_loaded/1, delete/1, purge/1, soft_purge/1, is_loaded/1, module_status/1, …
Differs:  a module is reloaded into the module object that exists, so that code which imported the module sees the new
          code; code which imported a name out of it keeps the old one. Old code is what classes, functions and
          suspended coroutines were made of before: a process «runs» it if its callback class, its function or a frame
          of it is
Way:      release_handler, a shell → [code] → importlib
Process:  none: called on the loop's thread

    code.load_file("xmppd.mods.mod_ping")
    if not code.soft_purge("xmppd.mods.mod_ping"): ...          # somebody still runs the version before
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final, Literal

from otp.erts.actor import PROCESSES, Process
from otp.erts.exits import KILL
from otp.erts.pid import Pid
from otp.erts.process import exit_, self_

Status = Literal["not_loaded", "loaded", "modified", "removed"]


class LoadError(Exception):
    """A module was not loaded; what was there before stays. `reason`: nofile, badfile, or not_purged."""

    def __init__(self, name: str, reason: str, text: str) -> None:
        super().__init__(f"{name}: {reason}: {text}")
        self.name, self.reason = name, reason


@dataclass(frozen=True, slots=True)
class _Old:
    """A version that is no longer current: its code objects, and its classes."""

    codes: frozenset[CodeType]
    classes: tuple[type, ...]


_old: Final[dict[str, _Old]] = {}
#: when the source of a loaded module was last read: name -> time of the file
_read: Final[dict[str, int]] = {}


# -- loading


def load_file(name: str, *, accept: Callable[[dict[str, Any]], None] | None = None, spare: bool = False) -> ModuleType:
    """Load a module, or reload it: what was current becomes old, what was old is purged. Raises: LoadError.

    `accept` sees the new namespace before it counts; if it raises, the one before comes back. `spare`: processes that
    run old code are not killed.
    """
    module = sys.modules.get(name)
    importlib.invalidate_caches()
    if module is None:
        return ensure_loaded(name)
    before = dict(vars(module))
    if name in _old and not spare:
        purge(name)
    version = _version(name, before, _old.get(name))
    try:
        importlib.reload(module)
        _drop_removed(module, before)
        if accept is not None:
            accept(vars(module))
    except Exception as exc:
        vars(module).clear()
        vars(module).update(before)
        if isinstance(exc, LoadError):
            raise
        reason = "nofile" if isinstance(exc, ModuleNotFoundError) else "badfile"
        raise LoadError(name, reason, repr(exc) if reason == "badfile" else str(exc)) from exc
    _old[name] = version
    _note(name)
    return module


def ensure_loaded(name: str) -> ModuleType:
    """The module, loaded if need be. Raises: LoadError."""
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as exc:
        raise LoadError(name, "nofile", str(exc)) from exc
    except Exception as exc:
        raise LoadError(name, "badfile", repr(exc)) from exc
    _read.setdefault(name, _modified(_path(module)))
    return module


def delete(name: str) -> bool:
    """Make the current code old: the next import reloads it. False if it is not loaded or old code is in the way."""
    module = sys.modules.get(name)
    if module is None or name in _old:
        return False
    _old[name] = _version(name, vars(module))
    del sys.modules[name]
    _read.pop(name, None)
    return True


# -- old code


def check_process_code(pid: Pid, name: str) -> bool:
    """True if a local process runs old code of the module."""
    old, process = _old.get(name), pid.target
    return old is not None and process is not None and _runs(process, old)


def check_old_code(name: str) -> bool:
    """True if there is old code of the module."""
    return name in _old


def users(name: str) -> list[Pid]:
    """The processes that run old code of the module."""
    return [pid for pid in PROCESSES if check_process_code(pid, name)]


def purge(name: str) -> bool:
    """Forget old code; processes that run it are killed. True if anybody was."""
    victims = [pid for pid in users(name) if pid is not _me()]
    for pid in victims:
        exit_(pid, KILL)
    _old.pop(name, None)
    return bool(victims)


def soft_purge(name: str) -> bool:
    """Forget old code if nobody runs it; False, and nothing is done, if somebody does."""
    if users(name):
        return False
    _old.pop(name, None)
    return True


# -- questions


def is_loaded(name: str) -> Path | None:
    """The file a loaded module came from (its name, for one without), or None."""
    module = sys.modules.get(name)
    return None if module is None else _path(module) or Path(name)


def all_loaded() -> dict[str, Path]:
    """All loaded modules that have a file."""
    return {name: path for name, module in list(sys.modules.items()) if (path := _path(module)) is not None}


def module_status(name: str) -> Status:
    """Whether the file of a loaded module is as it was loaded, was changed since, or is gone."""
    module = sys.modules.get(name)
    if module is None:
        return "not_loaded"
    path = _path(module)
    if path is None:
        return "loaded"
    if not path.exists():
        return "removed"
    return "loaded" if _read.setdefault(name, _loaded_at(module)) == _modified(path) else "modified"


def modified_modules() -> list[str]:
    """The loaded modules whose file was changed since (code:modified_modules/0)."""
    return [name for name in list(_read) if module_status(name) == "modified"]


def where_is_file(name: str) -> Path | None:
    """The first file of that name on the code path (sys.path), or None."""
    found = (Path(folder or ".") / name for folder in sys.path)
    return next((path for path in found if path.is_file()), None)


# -- internals


def _me() -> Pid | None:
    try:
        return self_()
    except RuntimeError:
        return None


def _path(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file) if file else None


def _modified(path: Path | None) -> int:
    return path.stat().st_mtime_ns if path is not None and path.exists() else 0


def _loaded_at(module: ModuleType) -> int:
    # the time that the import system wrote into the cached file is that of the source it read
    cached = Path(getattr(module, "__cached__", None) or "")
    path = _path(module)
    if cached.is_file() and path is not None:
        seconds = int.from_bytes(cached.read_bytes()[8:12], "little")
        if seconds == (int(path.stat().st_mtime) & 0xFFFFFFFF):
            return _modified(path)
        return seconds
    return _modified(path)


def _drop_removed(module: ModuleType, before: dict[str, Any]) -> None:
    # a reload leaves in place what the new text does not mention any more
    loader: Any = getattr(module.__spec__, "loader", None)
    text = loader.get_code(module.__name__) if hasattr(loader, "get_code") else None
    if text is None or ("*",) in text.co_consts:
        return
    for key, value in before.items():
        mentioned = key in text.co_names or key.startswith("__") or isinstance(value, ModuleType)
        if not mentioned and vars(module).get(key) is value:
            del vars(module)[key]


def _note(name: str) -> None:
    _read[name] = _modified(_path(sys.modules[name]))


def _version(name: str, namespace: dict[str, Any], older: _Old | None = None) -> _Old:
    own = [value for value in namespace.values() if getattr(value, "__module__", None) == name]
    # a protocol answers no isinstance, and nobody is one
    classes = tuple(value for value in own if isinstance(value, type) and not getattr(value, "_is_protocol", False))
    codes: set[CodeType] = set()
    for value in own:
        codes |= set(_codes(value))
    if older is not None:
        return _Old(older.codes | codes, older.classes + classes)
    return _Old(frozenset(codes), classes)


def _codes(value: Any) -> Iterator[CodeType]:
    """The code objects of a function, of a class's methods, and of what is nested in them."""
    if isinstance(value, (staticmethod, classmethod)):
        value = value.__func__
    if isinstance(value, FunctionType):
        yield from _nested(value.__code__)
    elif isinstance(value, type):
        for inner in vars(value).values():
            yield from _codes(inner)


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


def _runs(process: Process, old: _Old) -> bool:
    if isinstance(getattr(process, "module", None), old.classes):
        return True
    if getattr(process.label, "__code__", None) in old.codes:
        return True
    code: Any = process._coro
    while code is not None and getattr(code, "cr_frame", None) is not None:
        if code.cr_frame.f_code in old.codes:
            return True
        code = code.cr_await
    return False
