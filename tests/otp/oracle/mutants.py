"""mutants — faults that otp could have: each is one that somebody might write, and that the oracles must find.

A mutant is a name and the places in the sources that it changes: (file under otp/, text that stands there once, text
in its place). mutations.py has the oracles look for each.
"""

from __future__ import annotations

from typing import NamedTuple


class Change(NamedTuple):
    """One place: `old` stands once in `file`."""

    file: str
    old: str
    new: str


def _one(file: str, old: str, new: str) -> tuple[Change, ...]:
    return (Change(file, old, new),)


#: of gen_server, and of what all behaviours share
SERVERS: dict[str, tuple[Change, ...]] = {
    "a time-out is not cancelled by a message": _one(
        "stdlib/gen_server.py",
        "            self.stop_waiting()\n        cls = type(message)",
        "            pass\n        cls = type(message)",
    ),
    "a time-out is lost to a system message": _one(
        "stdlib/sys_handler.py",
        "        self.keep_waiting()\n        if asleep",
        "        self.stop_waiting()\n        if asleep",
    ),
    "a continue runs after the next message": (
        Change(
            "stdlib/gen_server.py",
            "            return self._result(self.module.handle_continue(continue_, state), None, message)",
            "            return self.deliver(message)",
        ),
        Change(
            "stdlib/gen_server.py",
            "        else:\n            result = self.module.handle_info(message, self.state)",
            '        elif cls is tuple and message[0] == "continue":\n'
            "            result = self.module.handle_continue(message[1], self.state)\n"
            "        else:\n            result = self.module.handle_info(message, self.state)",
        ),
    ),
    "what a continue throws answers the call": _one(
        "stdlib/crash_report.py", "found = found if here is None else here", "found = here if found is None else found"
    ),
    "a cast is handled at once though the server is suspended": _one(
        "stdlib/sys_handler.py",
        "        if self.is_told_to_end(message):",
        '        if type(message).__name__ == "Cast":\n            return type(self).handle(self, message)\n'
        "        if self.is_told_to_end(message):",
    ),
    "what came while it was suspended goes behind what came later": _one(
        "erts/actor.py", "deque((*messages, *(self._queue or ())))", "deque((*(self._queue or ()), *messages))"
    ),
    "the reply is lost when a handler stops": _one("stdlib/gen_server.py", "lambda: gen.reply(from_, value))", "None)"),
    "a Stop with a reply is taken where nobody asked": _one(
        "stdlib/gen_server.py", "if cls is Stop and (result.reply is _ABSENT or from_ is not None):", "if cls is Stop:"
    ),
    "terminate is not called at the parent's exit though exits are trapped": _one(
        "stdlib/behaviour.py",
        "self.obeys is not None:\n            return self.end(message.reason)",
        "self.obeys is not None:\n            return self.doom(message.reason)",
    ),
    "terminate's own failure does not replace the reason": _one(
        "stdlib/behaviour.py",
        "            reason = exits.reason_of(exc)\n            self.report_crash(reason, exc)\n        else:",
        "            self.report_crash(reason, exc)\n        else:",
    ),
    "the exit reason is wrapped once too often": _one(
        "stdlib/gen_server.py", "return self.end(reason, after)", 'return self.end(("stop", reason), after)'
    ),
    "a debug function that is installed twice is told twice": _one(
        "stdlib/sys_handler.py", "        if fn not in (self.debug or ()):", "        if True:"
    ),
    "code is changed though the server is not suspended": _one(
        "stdlib/sys_handler.py", '        if message.op == "code_change" and self._stash is None:', "        if False:"
    ),
    "a kill can be trapped": _one("erts/links.py", "    elif reason == exits.KILL:", "    elif False:"),
    "an exit signal `normal` ends who does not trap it": _one(
        "erts/links.py", "    elif reason != exits.NORMAL or from_ is to:", "    else:"
    ),
    "DOWN is sent twice": _one(
        "erts/links.py",
        "    process.deliver(Down(ref, target, reason, tag))",
        "    process.deliver(Down(ref, target, reason, tag))\n    process.deliver(Down(ref, target, reason, tag))",
    ),
    "a link stays after unlink": _one(
        "erts/links.py", "        links.discard(other)\n    else:\n        process.links = None", "        pass"
    ),
    "the name of a failed start is not given back": _one(
        "stdlib/behaviour.py",
        "            NAMES.pop(self.name, None)\n            self.name = None",
        "            self.name = None",
    ),
}

SUPERVISORS: dict[str, tuple[Change, ...]] = {
    "one restart more than the intensity is allowed": _one(
        "stdlib/restart.py", "len(recent) <= flags.intensity", "len(recent) <= flags.intensity + 1"
    ),
    "rest_for_one restarts all": _one(
        "stdlib/restart.py",
        "return keys if strategy is Strategy.ONE_FOR_ALL else keys[keys.index(key) :]",
        "return keys",
    ),
    "one_for_all spares those that were started before": _one(
        "stdlib/restart.py",
        "return keys if strategy is Strategy.ONE_FOR_ALL else keys[keys.index(key) :]",
        "return keys[keys.index(key) :]",
    ),
    "a transient child is restarted after a normal exit": _one(
        "stdlib/restart.py",
        "(restart is Restart.TRANSIENT and not is_clean(reason))",
        "restart is Restart.TRANSIENT",
    ),
    "{shutdown, _} counts as a crash": _one(
        "erts/exits.py", "return len(reason) == 2 and reason[0] == SHUTDOWN", "return False"
    ),
    "the spec of a temporary child stays": _one(
        "stdlib/restart.py", "forget = flags.is_simple or spec.restart is Restart.TEMPORARY", "forget = flags.is_simple"
    ),
    "a group is stopped in the order of its start": _one(
        "stdlib/restart.py", "for k in reversed(group) if k != key", "for k in group if k != key"
    ),
    "all children are stopped in the order of their start": _one(
        "stdlib/children.py",
        "stop_each(family, tuple(reversed(family.children)))",
        "stop_each(family, tuple(family.children))",
    ),
    "the shutdown time is ignored: killed at once": _one(
        "stdlib/children.py",
        "timeout = spec.shutdown if isinstance(spec.shutdown, int | float) else None",
        "timeout = 0",
    ),
    "the shutdown time is ignored: waited for without an end": _one(
        "stdlib/children.py",
        "timeout = spec.shutdown if isinstance(spec.shutdown, int | float) else None",
        "timeout = None",
    ),
    "who is to be killed at once may clean up": _one(
        "stdlib/children.py",
        "exit_(pid, exits.KILL if spec.shutdown == BRUTAL_KILL else exits.SHUTDOWN)",
        "exit_(pid, exits.SHUTDOWN)",
    ),
    "a restart that fails is not tried again": _one(
        "stdlib/supervisor.py", "        gen_server.cast(self_(), _TryAgain(failed[0]))", "        return"
    ),
    "all_significant gives up at the first of them": _one(
        "stdlib/restart.py",
        "return not any(m.spec.significant and m.is_up for k, m in members.items() if k != key)",
        "return True",
    ),
    "a child that is terminated by hand is restarted": _one(
        "stdlib/child_admin.py",
        "    await children.stop_each(family, (key,))\n    return None",
        "    await children.stop_each(family, (key,))\n"
        "    if key in family.children:\n        await children.start_all(family, (key,))\n    return None",
    ),
}

MACHINES: dict[str, tuple[Change, ...]] = {
    "what is postponed is lost at a change of state": _one(
        "stdlib/statem_process.py", "            self._inner.extendleft(reversed(self._postponed))\n", ""
    ),
    "what is postponed comes back last first": _one(
        "stdlib/statem_process.py", "extendleft(reversed(self._postponed))", "extendleft(self._postponed)"
    ),
    "an event time-out is not cancelled by an event": _one(
        "stdlib/statem_process.py", '            self._cancel("timeout")\n', ""
    ),
    "a state time-out outlives its state": _one(
        "stdlib/statem_process.py", '            self._cancel("state_timeout")\n', ""
    ),
    "inserted events go behind those that wait": _one(
        "stdlib/statem_process.py",
        "        self._inner.extendleft(reversed(self._inserted))",
        "        self._inner.extend(self._inserted)",
    ),
    "a time-out of zero goes before inserted events": _one(
        "stdlib/statem_process.py", "(self._inner or self._zeros).popleft()", "(self._zeros or self._inner).popleft()"
    ),
    "repeat_state makes no enter call": _one(
        "stdlib/statem_process.py",
        "if self._enters and (changed or type(result) is Repeat):",
        "if self._enters and changed:",
    ),
    "a time-out that does not run cannot be updated": _one(
        "stdlib/statem_process.py",
        "        elif timer is None:\n            self._set_timeout(type_, 0, event)",
        "        elif timer is None:\n            pass",
    ),
}

EVENTS: dict[str, tuple[Change, ...]] = {
    "a handler stays after a crash": _one(
        "stdlib/event_manager.py", '        await self._remove(entry, ("error", reason), reason)\n', ""
    ),
    "handlers are told in the order they were added": _one(
        "stdlib/event_manager.py",
        "        for entry in list(self.entries):\n            if entry",
        "        for entry in self.entries[::-1]:\n            if entry",
    ),
    "a successor does not get what terminate returned": _one(
        "stdlib/event_manager.py", "left = await self._remove(entry, swap.why,", "await self._remove(entry, swap.why,"
    ),
    "who supervises a handler is not told of its crash": _one(
        "stdlib/event_manager.py",
        "        send(parent, GenEventExit(entry.handler, reason))",
        "        if not isinstance(reason, tuple):\n            send(parent, GenEventExit(entry.handler, reason))",
    ),
    "a handler that swaps itself loses its place": _one(
        "stdlib/event_manager.py", "self.entries.index(entry), entry.parent", "0, entry.parent"
    ),
    "a successor is not supervised": _one("stdlib/event_manager.py", "parent = parent or entry.parent", "pass"),
}

MUTANTS = {**SERVERS, **SUPERVISORS, **MACHINES, **EVENTS}
