"""journal_server — begins the journal of a worker's sessions, compacts it, and begins another when the disk was full.

Way:      mod_stream_management.children → [journal_server]; on_disk → append → journal_file
OTP:      gen_server; cf. disk_log's process
Process:  `sm_journal@host`, one per worker and host, permanent, under the host's supervisor; who has something to write
          writes it itself, so that it is written when it goes on
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from otp.erts import blocking, process
from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from otp.stdlib.gen_server import GenServer, NoReply
from xmppd.mods.stream_management import journal_file, lives
from xmppd.mods.stream_management.journal import JournalHeader, Record
from xmppd.mods.stream_management.journal_file import JournalFile
from xmppd.routing.sm.session_table import OWN

#: seconds between two tries to begin one
RETRY: Final = 10.0
log = logging.getLogger("xmppd.sm")

#: by host: the journal that is being written
JOURNALS: Final[dict[str, JournalFile]] = {}


@dataclass(frozen=True, slots=True)
class BeginJournal:
    """To ourselves: there is no journal, and it is time to try again."""


@dataclass(frozen=True, slots=True)
class CompactJournal:
    """A cast: it is long."""


@dataclass(slots=True)
class JournalState:
    """`folder`: where the journals of the host are, None: there are none; `asked`: CompactJournal is under way."""

    host: str
    folder: Path | None


class JournalServer(GenServer[JournalState]):
    """See the head of this file."""

    def init(self, host: str, folder: Path | None) -> JournalState:
        """One that an earlier process of this name was writing is gone on with."""
        process.trap_exit(True)  # so that terminate lets go of it
        state = JournalState(host, folder)
        mine = JOURNALS.get(host)
        if mine is not None and (not mine.alive or folder is None or mine.header.owner != lives.name()):
            JOURNALS.pop(host).close()
        if host not in JOURNALS:
            _begin(state)
        return state

    async def handle_cast(self, request: object, state: JournalState) -> Any:
        """It is long: compacted on another thread, while it is written on."""
        mine = JOURNALS.get(state.host)
        if mine is not None and mine.is_long:
            upto = mine.size
            try:
                mine.replace(await blocking.run_blocking(mine.shorten, upto), upto)
            except OSError as error:
                log.warning("%s cannot be compacted: %s", mine.path, error)
        return NoReply(state)

    def handle_info(self, message: object, state: JournalState) -> Any:
        """Time to try again."""
        if isinstance(message, BeginJournal) and state.host not in JOURNALS and _begin(state):
            log.info("the journal of sessions of %s is written again", state.host)
        return NoReply(state)

    def terminate(self, reason: object, state: JournalState) -> None:
        """In order: sessions that are put by are to be found."""
        mine = JOURNALS.pop(state.host, None)
        if mine is not None:
            mine.close()


def _begin(state: JournalState) -> bool:
    """Begin one; all sessions of this host are to say how they are."""
    if state.folder is None:
        return False
    try:
        JOURNALS[state.host] = JournalFile(state.folder, JournalHeader(lives.name(), journal_file.boot_id()))
    except OSError as error:
        log.error("no journal of sessions of %s: %s", state.host, error)
        process.send_after(RETRY, process.self_(), BeginJournal())
        return False
    for session in list(OWN.values()):
        if session.host == state.host:
            session.touched()
    return True


# --- for who writes


def append(host: str, record: Record) -> None:
    """Write a record, if there is a journal; without one nothing outlives this worker."""
    mine = JOURNALS.get(host)
    if mine is None:
        return
    if not mine.append(record):
        del JOURNALS[host]
        pid = process.whereis(name(host))
        if pid is not None:
            process.send_after(RETRY, pid, BeginJournal())
    elif mine.is_long:
        gen_server.cast(name(host), CompactJournal())


def name(host: str) -> str:
    """The registered name of a host's process."""
    return f"sm_journal@{host}"


async def start_link(host: str, folder: Path | None) -> Pid | None:
    """Starts the process of a host."""
    return await gen_server.start_link(JournalServer, host, folder, name=name(host))


def spec(host: str, folder: Path | None) -> ChildSpec:
    """As a child of the host's supervisor."""
    return ChildSpec(name(host), (start_link, (host, folder)))
