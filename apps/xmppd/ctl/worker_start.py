"""worker_start — what the parent tells a worker at its start, as one line of JSON.

OTP:      cf. the command line that peer builds for a node
Way:      main_sup → [worker_start] → ctl.worker
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xmppd.config.load import load
from xmppd.config.schema import Config


@dataclass(frozen=True)
class WorkerStart:
    """How to come up: who it is, with which configuration, which sockets (in the order of [[listen]])."""

    node: str
    home: str
    file: str | None
    flags: Mapping[str, str]
    nodes: Sequence[str]
    fds: Sequence[int]
    ports: Sequence[int]

    def to_json(self) -> str:
        """As it stands on the command line: no secret is in it."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def from_json(text: str) -> WorkerStart:
        """The inverse."""
        return WorkerStart(**json.loads(text))

    def load(self) -> Config:
        """Give the configuration, its ports as they are bound. Raises ConfigError."""
        config = load(self.file, self.home, os.environ, self.flags)
        known = dict(enumerate(self.ports))
        listens = [
            dataclasses.replace(listen, port=known.get(index, listen.port))
            for index, listen in enumerate(config.listen)
        ]
        return dataclasses.replace(config, listen=tuple(listens))
