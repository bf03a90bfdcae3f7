"""bench_otp — what a process, a message, a call and a supervised restart cost: otp, Pykka's threads, a real BEAM.

    make bench-otp                 a table; ARGS="--json" for programs, ARGS="--quick" for less of everything

CPU microseconds an operation (the BEAM's are wall time, which it does not give apart) and KB a process. Each row runs
in an OS process of its own, so that memory starts from the same place.
"""

from __future__ import annotations

import argparse
import gc
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pykka

from otp.erts import process, runtime
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import ChildSpec, SupFlags
from otp.stdlib.gen_server import GenServer, NoReply, Reply

HERE = Path(__file__).parent
COLUMNS = ("start", "spawn", "send", "cast", "call", "restart", "kb")
AIMS = "aims: cast ≤ 1.5 µs, call ≤ 5 µs, ≤ 2.5 KB a process, 100,000 processes started in ≤ 3 s"


class Counter(GenServer[int]):
    """Counts casts, answers calls."""

    def init(self) -> int:
        return 0

    def handle_call(self, request: Any, from_: Any, count: int) -> Any:
        return Reply(count, count)

    def handle_cast(self, request: Any, count: int) -> Any:
        return NoReply(count + 1)


class Sup(supervisor.Supervisor):
    """One child that is killed over and over."""

    def init(self) -> Any:
        return SupFlags(intensity=10**6, period=1), [ChildSpec("w", (gen_server.start_link, (Counter,)))]


async def echo() -> None:
    """Answer every message with a message."""
    while True:
        process.send(await process.receive(), "x")


def resident() -> int:
    """Resident memory of this OS process, KB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4


async def timed(count: int, work: Callable[[], Awaitable[Any]]) -> float:
    """CPU microseconds for each of `count`."""
    began = time.process_time()
    await work()
    return (time.process_time() - began) / count * 1e6


async def otp_row(n: int, ops: int) -> dict[str, float]:
    """All columns on our runtime, with n processes alive."""
    row: dict[str, float] = {}
    gc.collect()
    before, pids = resident(), []

    async def start() -> None:
        pids.extend([await gen_server.start(Counter) for _ in range(n)])

    row["start"] = await timed(n, start)
    row["kb"] = (resident() - before) / n if n >= 1000 else float("nan")
    server = pids[-1]

    async def casts() -> None:
        for _ in range(ops):
            gen_server.cast(server, "x")
        await gen_server.call(server, "x", timeout=None)

    async def calls() -> None:
        for _ in range(ops):
            await gen_server.call(server, "x")

    row["cast"], row["call"] = await timed(ops, casts), await timed(ops, calls)
    row |= await plain_processes(max(n, 1000))
    row["restart"] = await timed(ops // 100, lambda: restarts(ops // 100))
    return row


async def plain_processes(n: int) -> dict[str, float]:
    """spawn, and a message there and back, for processes that run a function."""
    me, echoes = process.self_(), []

    async def spawn() -> None:
        echoes.extend(process.spawn(echo) for _ in range(n))

    async def round_trip() -> None:
        for pid in echoes:
            process.send(pid, me)
        for _ in echoes:
            await process.receive()

    return {"spawn": await timed(n, spawn), "send": await timed(2 * n, round_trip)}


async def restarts(count: int) -> None:
    """Kill a supervised child and see the next one, `count` times."""
    sup = await supervisor.start_link(Sup)
    assert sup is not None
    for _ in range(count):
        (child,) = await supervisor.which_children(sup)
        process.exit_(child.pid, "kill")  # type: ignore[arg-type]


class Thread(pykka.ThreadingActor):
    """The same counter as Pykka's users write it."""

    count = 0

    def on_receive(self, message: Any) -> int:
        self.count += 1
        return self.count


def pykka_row(n: int, ops: int) -> dict[str, float]:
    """start, cast and call with a thread an actor; above a few thousand of them the kernel is all there is."""
    before, began = resident(), time.process_time()
    actors = [Thread.start() for _ in range(n)]
    row = {"start": (time.process_time() - began) / n * 1e6}
    row["kb"] = (resident() - before) / n if n >= 1000 else float("nan")
    began = time.process_time()
    for _ in range(ops):
        actors[-1].tell("x")
    actors[-1].ask("x")
    row["cast"] = (time.process_time() - began) / ops * 1e6
    began = time.process_time()
    for _ in range(ops // 10):
        actors[-1].ask("x")
    row["call"] = (time.process_time() - began) / (ops // 10) * 1e6
    pykka.ActorRegistry.stop_all(block=False)
    return row


def beam_row(n: int) -> dict[str, float]:
    """The same work in Erlang."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["erlc", "-o", folder, str(HERE / "beam.erl")], check=True, capture_output=True)
        command = ["erl", "-noshell", "+P", "1000000", "-pa", folder, "-run", "beam", "main", str(n)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def one(kind: str, n: int, ops: int) -> dict[str, float]:
    """One row, in this OS process."""
    if kind == "otp":
        row: dict[str, float] = runtime.run(lambda: otp_row(n, ops))
        return row
    return pykka_row(n, ops) if kind == "pykka" else beam_row(n)


def rows(quick: bool) -> list[tuple[str, int]]:
    """What is measured: (runtime, processes alive)."""
    sizes = [1, 1000] if quick else [1, 1000, 100_000]
    kinds = [("otp", n) for n in sizes] + [("pykka", n) for n in sizes if n <= 1000]
    return kinds + ([("beam", n) for n in sizes] if shutil.which("erlc") else [])


def table(found: list[dict[str, Any]]) -> str:
    """The rows for people."""
    lines = [f"{'runtime':<8}{'alive':>8}" + "".join(f"{c:>9}" for c in COLUMNS)]
    for row in found:
        cells = "".join(f"{row[c]:>9.2f}" if row.get(c, float("nan")) == row.get(c) else f"{'-':>9}" for c in COLUMNS)
        lines.append(f"{row['runtime']:<8}{row['alive']:>8}{cells}")
    return "\n".join([*lines, "", "µs CPU an operation (beam: wall), KB a process", AIMS])


def main() -> None:
    """Run each row in an OS process of its own and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    said = parser.parse_args()
    ops = 20_000 if said.quick else 100_000
    if said.one:
        print(json.dumps(one(said.one[0], int(said.one[1]), ops)))
        return
    found = []
    for kind, n in rows(said.quick):
        extra = ["--quick"] if said.quick else []
        command = [sys.executable, "-m", "tests.otp.bench.bench_otp", "--one", kind, str(n), *extra]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parents[2])
        found.append({"runtime": kind, "alive": n, **json.loads(done.stdout.splitlines()[-1])})
        print(f"{kind} with {n} alive: measured", file=sys.stderr, flush=True)
    print(json.dumps(found) if said.json else table(found))


if __name__ == "__main__":
    main()
