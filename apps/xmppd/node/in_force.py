"""in_force — the configuration of a running release: what it takes over of a new one, and how workers get it.

OTP:      application env; cf. a release's sys.config, which a running node does not read again by itself
Way:      node.parent loads → [in_force] → standard input of each worker (node.worker_start), rpc at a reload
Differs:  a worker never reads the file, the environment or a named certificate: one that is started again, an hour
          after somebody edited them, serves what the others serve. What changes them is a reload or a restart
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import msgspec

from xmppd.config.schema import Config, LimitsSection

#: limits that a running release can change: those that modules ask for
_ASKED_FOR: Final = ("roster_items", "offline_messages")
#: what only a restart can change: listeners, streams and the parent have taken it at their start
FIXED: Final = (
    "hosts",
    "listen",
    "store",
    "auth",
    "tls.min_version",
    "log.format",
    "node",
    "keepalive",
    *(f"limits.{field.name}" for field in dataclasses.fields(LimitsSection) if field.name not in _ASKED_FOR),
)


def needs_restart(old: Config, new: Config) -> list[str]:
    """Name what differs and stays as it is until the release is started again."""
    changed = [name for name in FIXED if attrgetter(name)(old) != attrgetter(name)(new)]
    return changed + (["workers"] if old.worker_count != new.worker_count else [])


def taken_over(old: Config, new: Config) -> Config:
    """Return the new configuration with what only a restart can change as it was."""
    kept = dataclasses.replace(new, workers=old.workers)
    for name in FIXED:
        section, _, key = name.rpartition(".")
        value: Any = attrgetter(name)(old)
        if section:
            key, value = section, dataclasses.replace(attrgetter(section)(kept), **{key: value})
        kept = dataclasses.replace(kept, **{key: value})
    return kept


def without_optional(new: Config, running: Config) -> Config:
    """The new configuration without the listeners that nobody has configured and that the release runs without."""
    there = {listen.name for listen in running.listen}
    kept = tuple(listen for listen in new.listen if not listen.optional or listen.name in there)
    return dataclasses.replace(new, listen=kept)


def with_ports(config: Config, ports: Sequence[int]) -> Config:
    """Return the configuration with the ports that its listeners are bound to."""
    pairs = zip(config.listen, ports, strict=True)
    return dataclasses.replace(config, listen=tuple(dataclasses.replace(listen, port=port) for listen, port in pairs))


# -- certificates: as they were when the configuration was read


def certificates(config: Config) -> dict[str, bytes]:
    """Return what is in the certificate and key files that the configuration names; one that cannot be read is left
    out: the worker then finds the file wanting, and says so."""
    found: dict[str, bytes] = {}
    for host in config.hosts:
        for path in config.certificate_of(host) or ():
            with contextlib.suppress(OSError):
                found[str(path)] = path.read_bytes()
    return found


def pinned(config: Config, files: Mapping[str, bytes]) -> tuple[Config, list[int]]:
    """Return the configuration with the contents of `files` in place of the files of these names: it names copies in
    memory, readable by this process only, and the descriptors that keep them. Where there are none (no memfd) the
    files themselves are named."""
    if not hasattr(os, "memfd_create"):
        return config, []
    kept: dict[str, int] = {}

    def copy(path: str) -> str:
        named = str(config.paths.below(path))
        if not path or named not in files:
            return path
        if named not in kept:
            kept[named] = _in_memory(Path(named).name, files[named])
        return f"/proc/self/fd/{kept[named]}"

    def both(section: Any) -> Any:
        return dataclasses.replace(section, certificate=copy(section.certificate), key=copy(section.key))

    hosts = {name: both(host) for name, host in config.host.items()}
    return dataclasses.replace(config, tls=both(config.tls), host=hosts), list(kept.values())


def _in_memory(name: str, content: bytes) -> int:
    fd = os.memfd_create(name)
    with open(fd, "wb", closefd=False) as file:
        file.write(content)
    return fd


# -- from the parent to a worker


def pack(config: Config) -> bytes:
    """The typed values as bytes, for `unpack`."""
    return msgspec.msgpack.encode(config, enc_hook=_out)


def unpack(data: bytes) -> Config:
    """The inverse. Raises msgspec.MsgspecError."""
    return msgspec.msgpack.decode(data, type=Config, dec_hook=_in)


def _out(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} in the configuration")


def _in(cls: type, value: Any) -> object:
    assert issubclass(cls, Path)
    return Path(value)
