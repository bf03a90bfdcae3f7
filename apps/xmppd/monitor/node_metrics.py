"""node_metrics — what is measured on every node, the parent too: the OS process, its processes, its links.

OTP:      erlang:memory/0, erlang:statistics/1, process_info(message_queue_len); cf. the collectors of prometheus.erl
Way:      otp's tables, /proc → [node_metrics] → metrics.snapshot
Process:  none: read when somebody scrapes
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from otp.erts import process
from otp.erts.process_info import queue_lengths
from otp.kernel import net_kernel
from otp.stdlib.children import FAMILIES
from xmppd import metrics

_PROC: Final = Path("/proc/self")


def resident() -> int:
    """Bytes of memory that this OS process has."""
    try:
        return int((_PROC / "statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _files() -> float:
    with contextlib.suppress(OSError):
        return len(os.listdir(_PROC / "fd"))
    return 0


def _began() -> float:
    """When this OS process began, in seconds since 1970."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        ticks = int((_PROC / "stat").read_text("ascii").rpartition(")")[2].split()[19])
        lines = Path("/proc/stat").read_text("ascii").splitlines()
        boot = next(int(line.split()[1]) for line in lines if line.startswith("btime"))
        return boot + ticks / os.sysconf("SC_CLK_TCK")
    return 0


def _named_queues() -> Mapping[str, float]:
    """The lengths of the mailboxes of processes that have a name and messages; a name is never a client's."""
    return {name: length for name, length in queue_lengths() if name}


def _restarts() -> Mapping[str, float]:
    """How often supervisors with a name have started a child again."""
    found = {pid: family.restarts for pid, family in FAMILIES.items()}
    names = {process.whereis(name): name for name in process.registered()}
    return {names[pid]: restarts for pid, restarts in found.items() if pid in names}


metrics.gauge("process_resident_memory_bytes", "memory of the OS process", resident)
metrics.counter("process_cpu_seconds_total", "processor time of the OS process", _seconds)
metrics.gauge("process_open_fds", "open descriptors", _files)
metrics.gauge("process_max_fds", "descriptors it may have", lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0])
metrics.gauge("process_start_time_seconds", "when it began, in seconds since 1970", _began)
metrics.counter(
    "python_gc_collections_total",
    "runs of the garbage collector, by generation",
    lambda: {str(number): stats["collections"] for number, stats in enumerate(gc.get_stats())},
    generation=(),
)
metrics.gauge("otp_processes", "processes of the node", lambda: len(process.processes()))
metrics.gauge("otp_mailbox_messages", "messages in all mailboxes", lambda: sum(n for _, n in queue_lengths()))
metrics.gauge(
    "otp_mailbox_longest", "messages in the longest mailbox", lambda: max((n for _, n in queue_lengths()), default=0)
)
metrics.gauge("otp_mailbox_named", "messages in the mailbox of a process with a name", _named_queues, process=())
metrics.counter(
    "otp_restarts_total", "children that a supervisor with a name has started again", _restarts, supervisor=()
)
metrics.gauge("otp_link_waiting_bytes", "bytes that wait for another node to read", net_kernel.unsent, peer=())
