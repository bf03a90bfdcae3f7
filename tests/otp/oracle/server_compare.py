"""server_compare — the same gen_server programs on Erlang and on ours: what differs, and the smallest that does.

Equal are, in their order: all that a server's callbacks see and do; the results of starts and of stops; the reasons
it ended for; what another process, linked to it, hears; what its debug functions see. Equal are the answers to each
call and system request, whenever they came. What its parent hears of several ends is compared without order: those
signals come from processes that know nothing of each other.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tests.otp.oracle import our_servers
from tests.otp.oracle.programs import erlang
from tests.otp.oracle.servers import NOTHING, Program

HERE = Path(__file__).parent
IS_ASYNC = 3
#: what was noted, by channel
Diary = dict[str, list[str]]


class Difference(NamedTuple):
    """A program whose two diaries differ."""

    program: Program
    erlang: Diary
    ours: Diary

    def __str__(self) -> str:
        """It, for people."""
        nr, options, inits, table, endings, steps = self.program.term()
        lines = [f"seed {nr}: (link, name, trap, is_async) = {options}, init {inits}"]
        lines += [f"  {id_}: {spec}" for id_, spec in table if spec != NOTHING]
        lines += [f"  time-outs {endings[0]}, exits {endings[1]}, downs {endings[2]}"]
        lines += [f"  terminate {endings[3]}, code_change {endings[4]}", *(f"  step {step}" for step in steps)]
        for channel in sorted({*self.erlang, *self.ours}):
            theirs, mine = self.erlang.get(channel), self.ours.get(channel)
            if theirs != mine:
                lines += [f"  {channel}:", f"    erlang {theirs}", f"    ours   {mine}"]
        return "\n".join(lines)


def run_erlang(programs: list[Program], folder: Path) -> list[Diary]:
    """Run all programs on a real node; `folder` takes the compiled module and the files."""
    if not (folder / "server.beam").exists():
        subprocess.run(["erlc", "-o", str(folder), str(HERE / "server.erl")], check=True, capture_output=True)
    (folder / "servers.term").write_text("".join(f"{erlang(program.term())}.\n" for program in programs))
    node = ["erl", "-noshell", "+S", "1", "-pa", str(folder)]
    command = [*node, "-run", "server", "main", "servers.term", "servers.json"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=600)
    return [json.loads(line) for line in (folder / "servers.json").read_text().splitlines()]


def view(diary: Diary) -> Diary:
    """A diary in the form that is compared."""
    return {channel: sorted(notes) if channel == "heard" else notes for channel, notes in diary.items()}


def differences(programs: list[Program], folder: Path) -> list[Difference]:
    """The programs whose two diaries differ."""
    pairs = zip(programs, run_erlang(programs, folder), our_servers.run_all(programs), strict=True)
    return [Difference(p, view(a), view(b)) for p, a, b in pairs if view(a) != view(b)]


# -- the smallest


def smallest(found: Difference, folder: Path) -> Difference:
    """A program as small as it gets by leaving out one thing after the other while it differs in the same channels."""
    while True:
        # names are made of numbers, and all of them run together
        variants = [replace(program, nr=nr) for nr, program in enumerate(simpler(found.program))]
        smaller = differences(variants, folder)
        alike = [d for d in smaller if channels(d) & channels(found)]
        if not alike:
            return found
        found = alike[0]


def channels(found: Difference) -> set[str]:
    """Where the two differ; answers are one."""
    differing = {c for c in {*found.erlang, *found.ours} if found.erlang.get(c) != found.ours.get(c)}
    return {channel.split(",")[0] for channel in differing}


def simpler(program: Program) -> Iterator[Program]:
    """The program with one thing less."""
    steps = program.steps
    for i, step in enumerate(steps):
        yield replace(program, steps=steps[:i] + steps[i + 1 :])
        if step[0] == "burst":
            for j in range(len(step[1])):
                fewer = ("burst", step[1][:j] + step[1][j + 1 :])
                yield replace(program, steps=[*steps[:i], fewer, *steps[i + 1 :]])
    if program.inits != [("ok", "none")]:
        yield replace(program, inits=[("ok", "none")])
    for nr, option in enumerate(program.options):
        if option and not (nr == IS_ASYNC and "'ask'" in str(program)):
            yield replace(program, options=(*program.options[:nr], False, *program.options[nr + 1 :]))
    for id_, (effects, answer) in program.table.items():
        for fewer in [effects[:k] + effects[k + 1 :] for k in range(len(effects))]:
            yield replace(program, table={**program.table, id_: (fewer, answer)})
        if answer != NOTHING[1]:
            yield replace(program, table={**program.table, id_: (effects, NOTHING[1])})
    yield from without_endings(program)


def without_endings(program: Program) -> Iterator[Program]:
    """The program with fewer of the things that come without an id."""
    timeouts, exits, downs, terminate, change = program.endings
    for k, specs in enumerate((timeouts, exits, downs)):
        for n in range(len(specs)):
            fewer = [*specs[:n], *specs[n + 1 :]]
            yield replace(program, endings=(*program.endings[:k], fewer, *program.endings[k + 1 :]))
    if terminate != ([], ("ok",)):
        yield replace(program, endings=(timeouts, exits, downs, ([], ("ok",)), change))
