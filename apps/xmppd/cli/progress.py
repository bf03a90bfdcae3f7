"""progress — how far long work is, on standard error: one line that changes on a terminal, else a line now and then.

Way:      cli.db_verbs → [progress] → standard error; with --json a line is an object
"""

from __future__ import annotations

import json
import sys
import time  # real time: a person waits
from types import TracebackType
from typing import Final

import click

from xmppd.store.copying import CopyProgress

#: seconds between two lines, on a terminal and elsewhere
_EVERY: Final = (0.1, 2.0)


class ProgressLine:
    """To be used in a `with`, and called with what is done. Work that is soon done says nothing."""

    def __init__(self, as_json: bool = False) -> None:
        self._json = as_json
        self._terminal = sys.stderr.isatty() and not as_json
        self._last = self._began = time.monotonic()
        self._open = False

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._open:
            click.echo("\r\x1b[K", err=True, nl=False)

    def __call__(self, progress: CopyProgress) -> None:
        now = time.monotonic()
        if now - self._last < _EVERY[not self._terminal]:
            return
        self._last = now
        if self._json:
            words = {"progress": progress.table, "done": progress.done, "of": progress.total}
            click.echo(json.dumps(words), err=True)
            return
        part = f"{100 * progress.done // progress.total} %" if progress.total else ""
        text = f"{progress.table}: {progress.done} of {progress.total} {part}, {now - self._began:.0f} s"
        self._open = self._terminal
        click.echo(f"\r\x1b[K{text}" if self._terminal else text, err=True, nl=not self._terminal)
