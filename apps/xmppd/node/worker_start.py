"""worker_start — what the parent tells a worker at its start, on its standard input.

OTP:      cf. the command line and the boot file that peer builds for a node
Way:      parent_sup → [worker_start] → node.worker
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from xmppd.config.schema import Config
from xmppd.node import in_force


@dataclass(frozen=True)
class WorkerStart:
    """How to come up: who it is, in which mesh, its inherited sockets by the names of their listeners
    (Listen.name), the packed configuration in force, and what is in the certificate files that this names."""

    node: str
    nodes: Sequence[str]
    fds: Mapping[str, int]
    packed: bytes = field(repr=False)
    certificates: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def to_bytes(self) -> bytes:
        """As the worker reads it: there are secrets in it."""
        return msgspec.msgpack.encode(self)

    @staticmethod
    def from_bytes(data: bytes) -> WorkerStart:
        """The inverse. Raises msgspec.MsgspecError."""
        return msgspec.msgpack.decode(data, type=WorkerStart)

    def config(self) -> tuple[Config, list[int]]:
        """Return the configuration, its ports as they are bound, its certificates as they were read, and the
        descriptors that keep these."""
        return in_force.pinned(in_force.unpack(self.packed), self.certificates)
