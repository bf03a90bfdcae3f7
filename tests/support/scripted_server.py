"""scripted_server — a gen_server that does what the test tells it; its state is the list of what it saw."""

from __future__ import annotations

from typing import Any

from otp.erts import process
from otp.erts.process import self_
from otp.stdlib import gen_server
from otp.stdlib.gen_server import IGNORE, GenServer, Init, NoReply, Reply, Stop, StopInit


class Server(GenServer[list[Any]]):
    """A server that does what the test tells it; its state is the list of what it saw."""

    def init(self, *args: Any) -> Any:
        match args:
            case ("ignore",):
                return IGNORE
            case ("stop", reason):
                return StopInit(reason)
            case ("raise", exc):
                raise exc
            case ("trap", watcher):
                process.trap_exit()
                return [watcher]
            case ("slow", seconds):
                return self.slowly(seconds)
            case ("timeout", seconds):
                return Init([], timeout=seconds)
            case ("init", answer):
                return answer
            case ("continue", what):
                return Init([], continue_=what)
        return list(args)

    async def slowly(self, seconds: float) -> list[Any]:
        await process.sleep(seconds)
        return []

    def handle_call(self, request: Any, from_: gen_server.From, seen: list[Any]) -> Any:
        match request:
            case "ping":
                return Reply("pong", seen)
            case "seen":
                return Reply(list(seen), seen)
            case "later":
                process.send_after(0.001, self_(), ("answer", from_))
                return NoReply(seen)
            case "never":
                return NoReply(seen)
            case "async":
                return self.ask_myself_nothing(seen)
            case ("stop", reason):
                return Stop(reason, seen)
            case ("stop", reason, value):
                return Stop(reason, seen, reply=value)
            case ("raise", exc):
                raise exc
            case ("timeout", seconds):
                return Reply("ok", seen, timeout=seconds)
            case ("continue", what):
                return Reply("ok", seen, continue_=what)
            case "bad":
                return "a bad value"
            case ("answer", answer):
                return answer
        raise AssertionError(request)

    async def ask_myself_nothing(self, seen: list[Any]) -> Any:
        await process.sleep(0.001)
        return Reply("waited", seen)

    def handle_cast(self, request: Any, seen: list[Any]) -> Any:
        if isinstance(request, tuple) and request[0] == "stop":
            return Stop(request[1], seen)
        return NoReply([*seen, ("cast", request)])

    def handle_info(self, message: Any, seen: list[Any]) -> Any:
        if isinstance(message, tuple) and message[0] == "answer":
            gen_server.reply(message[1], "at last")
            return NoReply(seen)
        return NoReply([*seen, ("info", message)])

    def handle_continue(self, arg: Any, seen: list[Any]) -> Any:
        return NoReply([*seen, ("continue", arg)])

    def terminate(self, reason: object, seen: list[Any]) -> Any:
        if seen and isinstance(seen[0], type(self_())):
            process.send(seen[0], ("terminated", reason))


class Bare(GenServer[int]):
    """Defines init and nothing else."""

    def init(self) -> int:
        return 0


async def server(*args: Any, **kwargs: Any) -> Any:
    pid = await gen_server.start(Server, *args, **kwargs)
    assert pid is not None
    return pid
