"""requests — calls whose answer is fetched later: from one server, or from many in the order they answer.

OTP:      send_request, receive_response, wait_response, check_response and the request-id collections of gen_server,
          gen_statem and gen_event
Differs:  an outcome is Replied(value), RequestError(reason, dest), or one of the words TIMED_OUT, NO_REPLY, NO_REQUEST;
          a collection is a frozen value too

    the caller                                   the server
    id = send_request(server, "slow")  ------->  handle_call, as for any call
    …does something else…
    await receive_response(id, 1.0)    <-------  Replied(value); after TIMED_OUT a late answer is dropped
    await wait_response(id, 0.1)                 the same, but after TIMED_OUT one may wait again
    check_response(message, id)                  whether a message of one's mailbox is the answer

An answer comes into the caller's mailbox as a Response; a gen_server that asks so finds it in handle_info.

>>> from otp.stdlib.requests import Requests, receive_any, send_request
>>> from otp.erts import runtime
>>> from otp.stdlib import gen_server
>>> class Square(gen_server.GenServer[None]):
...     def init(self):
...         return None
...     def handle_call(self, number, from_, state):
...         return gen_server.Reply(number * number, state)
>>> async def main():
...     squares = await gen_server.start_link(Square)
...     pending = Requests()
...     for number in (1, 2, 3):
...         pending = pending.add(send_request(squares, number), f"square of {number}")
...     while pending:
...         outcome, label, pending = await receive_any(pending, 1.0)
...         print(label, "is", outcome.value)
>>> runtime.run(main)
square of 1 is 1
square of 2 is 4
square of 3 is 9
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from otp.erts import exits
from otp.erts.future import LoopFuture
from otp.erts.links import ALIASES, Net, deliver, remove_watcher, watch
from otp.erts.pid import NameAt, Pid, Ref, is_local, make_ref
from otp.erts.process import Dest, receive, resolve, running
from otp.stdlib.gen import Call, From

TIMED_OUT: Final = "timeout"
NO_REPLY: Final = "no_reply"
NO_REQUEST: Final = "no_request"


@dataclass(frozen=True, slots=True)
class Replied:
    """{reply, Value}."""

    value: Any


@dataclass(frozen=True, slots=True)
class RequestError:
    """{error, {Reason, ServerRef}}: noproc, noconnection, or why the server ended before it answered."""

    reason: object
    dest: Dest


Outcome = Replied | RequestError


class RequestId:
    """One request that was sent. It belongs to the process that sent it; `dest` is whom it asked."""

    __slots__ = ("_answer", "_target", "dest", "ref")

    def __init__(self, dest: Dest) -> None:
        self.dest, self.ref = dest, make_ref()
        self._target: Pid | NameAt | None = None
        self._answer: _Answer | None = None

    def __repr__(self) -> str:
        return f"RequestId({self.dest})"


@dataclass(frozen=True, slots=True)
class Response:
    """What the mailbox gets: the outcome of the request with this reference."""

    ref: Ref
    outcome: Outcome


class _Answer(LoopFuture[Any]):
    """The future that the server's answer settles; it goes straight into the mailbox, before what is sent after it."""

    def __init__(self, owner: Pid, request: RequestId) -> None:
        super().__init__()
        self.owner, self.request = owner, request

    def _fire(self) -> None:
        request = self.request
        if self._exception is None:
            outcome: Outcome = Replied(self._value)
        else:
            outcome = RequestError(getattr(self._exception, "why", self._exception), request.dest)
        _forget(request)
        deliver(self.owner, Response(request.ref, outcome))


def send_request(dest: Dest, request: object, wrap: Callable[[From, Any], object] | None = None) -> RequestId:
    """Ask, without waiting. Never fails: what is wrong is the outcome. `wrap` makes the message (default: a Call).

    Raises: NotAProcess outside of a process; CodecError if the request may not cross to its node.
    """
    owner = running()
    me = owner.pid
    id_ = RequestId(dest)
    answer = _Answer(me, id_)
    pid = resolve(dest)

    def failed(why: object) -> None:
        answer.reject(exits.CallError(why, dest, request))

    if pid is None or (pid.target is None and is_local(pid)):
        failed(exits.NOPROC)
        return id_
    id_._answer, id_._target = answer, pid
    make = wrap or Call
    if pid.target is not None:
        id_.ref = watch(pid, failed)
        deliver(pid, make(From(me, id_.ref, answer), request))
    else:
        _send_there(id_, answer, failed, pid, make(From(me, id_.ref, None), request))
    if answer.done():
        return id_
    if owner.monitors is None:
        owner.monitors = {}
    owner.monitors[id_.ref] = pid  # goes with its owner
    return id_


def _send_there(
    id_: RequestId, answer: _Answer, failed: Callable[[object], None], pid: Pid | NameAt, message: object
) -> None:
    ALIASES[id_.ref.serial] = (answer, failed)
    Net.carrier.monitor(id_.ref, answer.owner, pid)
    try:
        deliver(pid, message)
    except BaseException:
        _forget(id_)
        raise


def _forget(request: RequestId) -> None:
    """Take the monitor away."""
    target, request._target = request._target, None
    if target is None or request._answer is None:
        return
    ALIASES.pop(request.ref.serial, None)
    remove_watcher(request.ref, target)
    owner = request._answer.owner.target
    if owner is not None and owner.monitors is not None:
        owner.monitors.pop(request.ref, None)


def abandon(request: RequestId) -> None:
    """No longer want the answer: it is dropped when it comes, and taken out of the mailbox if it is there."""
    answer = request._answer
    if answer is not None and not answer.done():
        answer._value = None
        _forget(request)
    queue = running()._queue
    if queue:
        for message in list(queue):
            if isinstance(message, Response) and message.ref is request.ref:
                queue.remove(message)


# -- one request


async def wait_response(request: RequestId, timeout: float | None = None) -> Outcome | Literal["timeout"]:
    """The outcome of a request; TIMED_OUT after `timeout` seconds, and then one may wait or check again."""
    try:
        response = await receive(lambda m: isinstance(m, Response) and m.ref is request.ref, timeout)
    except exits.ReceiveTimeout:
        return TIMED_OUT
    outcome: Outcome = response.outcome
    return outcome


async def receive_response(request: RequestId, timeout: float | None = None) -> Outcome | Literal["timeout"]:
    """The same, but after TIMED_OUT the request is abandoned: no answer to it will ever come."""
    outcome = await wait_response(request, timeout)
    if outcome == TIMED_OUT:
        abandon(request)
    return outcome


def check_response(message: object, request: RequestId) -> Outcome | Literal["no_reply"]:
    """The outcome, if `message` is the answer to the request, else NO_REPLY."""
    if isinstance(message, Response) and message.ref is request.ref:
        return message.outcome
    return NO_REPLY


# -- many requests


@dataclass(frozen=True, slots=True)
class Requests:
    """A collection of requests with labels (reqids_new, reqids_add, reqids_size, reqids_to_list)."""

    labels: tuple[tuple[RequestId, Any], ...] = ()

    def add(self, request: RequestId, label: Any) -> Requests:
        """With one more. Raises: ValueError (badarg) if it is in there already."""
        if any(known is request for known, _ in self.labels):
            raise ValueError(f"{request} is in this collection")
        return Requests((*self.labels, (request, label)))

    def without(self, request: RequestId) -> Requests:
        """With one less."""
        return Requests(tuple(one for one in self.labels if one[0] is not request))

    def of(self, message: object) -> tuple[RequestId, Any] | None:
        """The request (and its label) that a message answers, or None."""
        if not isinstance(message, Response):
            return None
        return next((one for one in self.labels if one[0].ref is message.ref), None)

    def __len__(self) -> int:
        return len(self.labels)


Found = tuple[Outcome, Any, Requests]


async def wait_any(
    requests: Requests, timeout: float | None = None, delete: bool = True
) -> Found | Literal["timeout", "no_request"]:
    """(outcome, label, requests) of the first answer to any of them; `delete` takes it out of the collection.

    NO_REQUEST for an empty collection; TIMED_OUT after `timeout` seconds, and then one may wait again.
    """
    if not requests.labels:
        return NO_REQUEST
    try:
        message = await receive(lambda m: requests.of(m) is not None, timeout)
    except exits.ReceiveTimeout:
        return TIMED_OUT
    return _found(message, requests, delete)


async def receive_any(
    requests: Requests, timeout: float | None = None, delete: bool = True
) -> Found | Literal["timeout", "no_request"]:
    """The same, but after TIMED_OUT all of them are abandoned."""
    found = await wait_any(requests, timeout, delete)
    if found == TIMED_OUT:
        for request, _label in requests.labels:
            abandon(request)
    return found


def check_any(message: object, requests: Requests, delete: bool = True) -> Found | Literal["no_reply", "no_request"]:
    """The same for a message that has been received already; NO_REPLY if it answers none of them."""
    if not requests.labels:
        return NO_REQUEST
    return NO_REPLY if requests.of(message) is None else _found(message, requests, delete)


def _found(message: object, requests: Requests, delete: bool) -> Found:
    one = requests.of(message)
    assert one is not None
    assert isinstance(message, Response)
    request, label = one
    return message.outcome, label, requests.without(request) if delete else requests
