"""statem_process — the machine under gen_statem: its queues of events, its time-outs, its changes of state.

OTP:      the loop of gen_statem.erl
Way:      gen_statem.start → [statem_process] → the callback module; what it answers are values of transitions
Process:  one per machine

    mailbox ──► _inner: inserted events, then postponed ones after a change of state ──► one callback at a time
                _zeros: time-outs of zero, after all of those ─────────────────────────► its answer: _take
"""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine
from types import CoroutineType
from typing import Any

from otp.erts import exits
from otp.erts.exits import ProcessExit, StartError
from otp.erts.suggest import meant
from otp.erts.timer import TIMERS, TimerRef
from otp.stdlib import crash_report, gen
from otp.stdlib.behaviour import Behaviour, FollowUp
from otp.stdlib.callback import bad_return, callbacks
from otp.stdlib.gen_server import StopInit
from otp.stdlib.transitions import (
    HANDLE_EVENT_FUNCTION,
    SAME,
    STATE_ENTER,
    STATE_FUNCTIONS,
    Action,
    Called,
    ChangeModule,
    EventType,
    Hibernate,
    Keep,
    Next,
    NextEvent,
    PopModule,
    Postpone,
    PushModule,
    Repeat,
    Reply,
    SetTimeout,
    State,
    Stop,
    UpdateTimeout,
    as_list,
)

_Event = tuple[EventType, Any]
_NOT_ENTERING = (Postpone, NextEvent, ChangeModule, PushModule, PopModule)
_NOT_ENDING = (*_NOT_ENTERING, Hibernate, SetTimeout, UpdateTimeout)
_DUE = "Next(state, data), Keep(data), Repeat(data) or Stop(reason, data)"
_BAD_ACTION = "bad_action_from_state_function"
_FAULTS: dict[tuple[type, ...], str] = {
    _NOT_ENTERING: "bad_state_enter_action_from_state_function",
    _NOT_ENDING: "bad_reply_action_from_state_function",
}


class GenStatemProcess(Behaviour):
    """The generic half. `state` is the data; the state of the machine stands beside it."""

    kind = "gen_statem"

    def adopt(self, module: Any) -> None:
        """Take a callback module and begin with no events."""
        super().adopt(module)
        self._pushed: list[Any] = []
        self.machine_state: State = None
        self._inner: deque[_Event] = deque()  # before the mailbox
        self._inserted: list[_Event] = []  # by the actions of the present transition
        self._postponed: list[_Event] = []
        self._zeros: deque[_Event] = deque()  # time-outs of zero: after _inner
        self._timers: dict[EventType, TimerRef] = {}
        self._enter_from: tuple[State] | None = None  # an enter call is due, from that state
        self._current: _Event = ("enter", None)
        self._wish: Stop | None = None

    def _call_back(self, module: Any) -> None:
        mode = module.callback_mode()
        words = (mode,) if isinstance(mode, str) else tuple(mode) if isinstance(mode, tuple | list) else ()
        known = (STATE_FUNCTIONS, HANDLE_EVENT_FUNCTION, STATE_ENTER)
        if not words or not {*words} <= {*known}:
            due = "STATE_FUNCTIONS or HANDLE_EVENT_FUNCTION, or one of them with STATE_ENTER"
            due += "".join(f"; {meant(word, known)}" for word in words if word not in known)
            raise bad_return(module, "callback_mode", None, mode, due, "bad_return_from_callback_mode")
        self._by_name, self._enters = HANDLE_EVENT_FUNCTION not in words, STATE_ENTER in words
        self.module, self.label = module, type(module)

    def code_change(self, module: Any, old_vsn: object, extra: object) -> str:
        """Another version of the callback class; its callback mode may be another too."""
        super().code_change(module, old_vsn, extra)
        self._call_back(module)
        return "ok"

    def report_crash(self, reason: object, exc: BaseException | None = None) -> None:
        """The report, with the event that was handled when it failed."""
        crash_report.write(self, reason, self._current, exc)

    def take_return(self, result: Any, message: Any) -> Coroutine[Any, Any, Any] | None:
        """A thrown result."""
        self._take(result)
        return self._pump()

    def accept_init(self, result: Any) -> FollowUp:
        """(state, data), (state, data, actions) or StopInit."""
        if type(result) is StopInit:
            raise StartError(result.reason)
        if not isinstance(result, tuple) or not 2 <= len(result) <= 3:
            due = "(state, data), (state, data, actions), StopInit(reason) or IGNORE"
            raise bad_return(self.module, "init", None, result, due, "bad_return_from_init")
        self.machine_state, self.state = result[:2]
        actions = as_list(result[2] if len(result) == 3 else ())
        return lambda: self._enter(actions)

    def _enter(self, actions: tuple[Action, ...]) -> Coroutine[Any, Any, Any] | None:
        """Begin, when its starter has its pid: init's actions and the enter call of the first state."""
        self._call_back(self.module)
        self._enter_from = (self.machine_state,) if self._enters else None
        self._act(tuple(one for one in actions if type(one) is not Postpone), forbidden=())  # there is no event yet
        self._inner.extend(self._inserted)
        self._inserted.clear()
        return self._pump()

    def view_state(self) -> tuple[State, Any]:
        """(state, data)."""
        return self.machine_state, self.state

    def replace_state(self, fn: Any) -> tuple[State, Any]:
        """Set (state, data) to fn of them."""
        self.machine_state, self.state = fn(self.view_state())
        return self.view_state()

    def call_terminate(self, reason: object) -> Any:
        """The callback's terminate."""
        for timer in self._timers.values():
            TIMERS.cancel(timer)
        return self.module.terminate(reason, self.machine_state, self.state)

    # -- events in their order

    def receive_message(self, message: Any) -> Coroutine[Any, Any, Any] | None:
        """A message of the mailbox becomes an event, and all that follows from it is done."""
        cls = type(message)
        if cls is gen.Cast:
            self._inner.append(("cast", message.request))
        elif cls is gen.Call:
            self._inner.append((Called(message.from_), message.request))
        elif cls is _Due:
            if self._timers.get(message.type) is not message.timer:
                return None
            del self._timers[message.type]
            self._watch()
            self._inner.append((message.type, message.event))
        else:
            self._inner.append(("info", message))
        return self._pump()

    def _pump(self) -> Coroutine[Any, Any, Any] | None:
        """Handle all events there are. Returns the rest of the work if a callback is async."""
        code = self._steps()
        if code is not None:
            return self._pump_async(code)
        return self._finish() if self._wish is not None else None

    def _steps(self) -> Any:
        """Call back until nothing is due (None), or a callback is async: then its coroutine."""
        while self._wish is None and (self._enter_from or self._inner or self._zeros):
            result = self._call_next()
            if isinstance(result, CoroutineType):
                return result
            self._take(result)
        return None

    async def _pump_async(self, code: Any) -> None:
        while code is not None:
            self._take(await code)
            code = self._steps()
        end = self._finish() if self._wish is not None else None
        if end is not None:
            await end

    def _call_next(self) -> Any:
        """Call back with the enter call that is due, or with the first event."""
        if self._enter_from is not None:
            self._current, self._enter_from = ("enter", self._enter_from[0]), None
        else:
            self._current = (self._inner or self._zeros).popleft()
            self._cancel("timeout")
        type_, event = self._current
        if not self._by_name:
            return self.module.handle_event(type_, event, self.machine_state, self.state)
        return getattr(self.module, str(self.machine_state))(type_, event, self.state)

    def _take(self, result: Any) -> None:
        """Do what a callback has answered."""
        if type(result) is Stop:
            self._wish = result
            return
        if type(result) not in (Next, Keep, Repeat):
            callback = str(self.machine_state) if self._by_name else "handle_event"
            raise bad_return(self.module, callback, self._current, result, _DUE, "bad_return_from_state_function")
        entering = self._current[0] == "enter"
        before = self.machine_state
        after = result.state if type(result) is Next else before
        changed = after != before
        if entering and changed:
            due = "Keep or Repeat: an enter call cannot change the state"
            fault = "bad_state_enter_return_from_state_function"
            raise bad_return(self.module, str(before), self._current, result, due, fault)
        if result.data is not SAME:
            self.state = result.data
        if changed:
            self.machine_state = after
            self._cancel("state_timeout")
        self._act(as_list(result.actions), forbidden=_NOT_ENTERING if entering else ())
        if self._enters and (changed or type(result) is Repeat):
            self._enter_from = (before,)
        if changed and self._postponed:
            self._inner.extendleft(reversed(self._postponed))
            self._postponed.clear()
        self._inner.extendleft(reversed(self._inserted))
        self._inserted.clear()

    def _act(self, actions: tuple[Action, ...], forbidden: tuple[type, ...]) -> None:
        """Carry out actions, in order; of several for one time-out the last is meant, in its place."""
        timeouts: dict[EventType, SetTimeout | UpdateTimeout] = {}
        for action in actions:
            if isinstance(action, forbidden):
                raise ProcessExit((_FAULTS.get(forbidden, _BAD_ACTION), action))
            match action:
                case Reply(from_, value):
                    gen.reply(from_, value)
                case NextEvent(type_, event):
                    self._inserted.append((type_, event))
                case Postpone():
                    if not (self._postponed and self._postponed[-1] is self._current):  # twice is once
                        self._postponed.append(self._current)
                case SetTimeout(type_) | UpdateTimeout(type_):
                    timeouts.pop(type_, None)
                    timeouts[type_] = action
                case Hibernate():
                    self.hibernate()
                case ChangeModule(module):
                    self._call_back(callbacks(module))
                case PushModule(module):
                    self._pushed.append(self.module)
                    self._call_back(callbacks(module))
                case PopModule() if self._pushed:
                    self._call_back(self._pushed.pop())
                case _:
                    raise ProcessExit((_BAD_ACTION, action))

        for wish in timeouts.values():
            if isinstance(wish, SetTimeout):
                self._cancel(wish.type)
                self._set_timeout(wish.type, wish.seconds, wish.event)
            else:
                self._update_timeout(wish.type, wish.event)

    # -- time-outs

    def _cancel(self, type_: EventType) -> None:
        timer = self._timers.pop(type_, None)
        if timer is not None:
            TIMERS.drop(timer)
            self._watch()
        if self._zeros:
            self._zeros = deque(zero for zero in self._zeros if zero[0] != type_)

    def _set_timeout(self, type_: EventType, seconds: float | None, event: Any) -> None:
        if seconds is not None and not isinstance(seconds, int | float):
            raise ProcessExit((_BAD_ACTION, (type_, seconds)))
        if seconds == 0:
            self._zeros.append((type_, event))
        elif seconds is not None:
            due = _Due(type_, event)
            due.timer = self._timers[type_] = TIMERS.after(seconds, self.deliver, due)
            self._watch()

    def _watch(self) -> None:
        """The next one due goes before a message that comes after it, though the loop stood still when it was due."""
        self._timer = min(self._timers.values(), key=lambda timer: timer.due, default=None)

    def _update_timeout(self, type_: EventType, event: Any) -> None:
        timer = self._timers.get(type_)
        if timer is None and any(zero[0] == type_ for zero in self._zeros):
            self._zeros = deque((type_, event) if zero[0] == type_ else zero for zero in self._zeros)
        elif timer is None:
            self._set_timeout(type_, 0, event)
        elif timer.args:
            timer.args[0].event = event

    # -- the end

    def _finish(self) -> Coroutine[Any, Any, Any] | None:
        """Reply, terminate, die."""
        wish = self._wish
        assert wish is not None
        if wish.data is not SAME:
            self.state = wish.data
        self._act(tuple(wish.replies), forbidden=_NOT_ENDING)
        if not exits.is_clean(wish.reason):
            self.report_crash(wish.reason)
        return self.end(wish.reason)


class _Due:
    """What the timer of a time-out brings; void unless that timer is still the one in force."""

    __slots__ = ("event", "timer", "type")

    timer: TimerRef

    def __init__(self, type_: EventType, event: Any) -> None:
        self.type, self.event = type_, event

    def __repr__(self) -> str:
        return f"Due({self.type!r}, {self.event!r})"
