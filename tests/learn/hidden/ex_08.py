"""The checks of exercise 8. Reading them gives the answer away."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from otp.erts import process
from otp.erts.exits import CallError, ReceiveTimeout
from otp.erts.process import self_, send
from otp.kernel import app_resource, application_controller
from otp.kernel.app_resource import AppResourceError
from otp.kernel.application_controller import ApplicationError


class Shelves:
    """The counting: it waits for the word, and tells who does it."""

    def __init__(self, exercise: ModuleType) -> None:
        self.counts = 0
        self.boss = self_()
        exercise.count_the_shelves = self.count
        exercise.SAVED.clear()

    async def count(self) -> int:
        self.counts += 1
        send(self.boss, ("counting", self_()))
        match await process.receive(lambda m: isinstance(m, tuple) and m[0] == "counted"):
            case (_, int(number)):
                return number
        raise RuntimeError("a shelf fell down")

    async def counter(self) -> Any:
        """Who counts."""
        return (await heard(lambda m: isinstance(m, tuple) and m[0] == "counting", "nobody counts the shelves"))[1]

    async def done(self, number: int | None) -> None:
        send(await self.counter(), ("counted", number))


async def heard(match: Any, otherwise: str, seconds: float = 1.0) -> Any:
    try:
        return await process.receive(match, timeout=seconds)
    except ReceiveTimeout:
        raise AssertionError(otherwise) from None


def is_(word: str) -> Any:
    return lambda message: isinstance(message, tuple) and message[0] == word


def begin(exercise: ModuleType) -> None:
    """Have another process start the application; it says so when it is done."""
    boss = self_()

    async def starter() -> None:
        try:
            await application_controller.start("warehouse")
            send(boss, ("started", None))
        except ApplicationError as error:
            send(boss, ("started", error.reason))

    process.spawn(starter)


async def prepared(exercise: ModuleType) -> Shelves:
    await application_controller.start_link()
    await application_controller.ensure_all_started(["kernel", "stdlib"])
    try:
        application_controller.load(app_resource.parse(exercise.RESOURCE, "RESOURCE"))
    except AppResourceError as error:
        raise AssertionError(str(error)) from None
    return Shelves(exercise)


async def started(exercise: ModuleType) -> Shelves:
    shelves = await prepared(exercise)
    begin(exercise)
    _, failure = await heard(is_("started"), "the start waits for the counting, which is not done yet")
    assert failure is None, f"the application did not start: {failure}"
    return shelves


def ask(exercise: ModuleType) -> None:
    boss = self_()

    async def asker() -> None:
        try:
            send(boss, ("number", await exercise.how_many()))
        except CallError as error:
            send(boss, ("number", f"an error: {error.why}"))

    process.spawn(asker)


async def check_resource(exercise: ModuleType) -> None:
    """RESOURCE says that the application needs kernel and stdlib."""
    try:
        spec = app_resource.parse(exercise.RESOURCE, "RESOURCE")
    except AppResourceError as error:
        raise AssertionError(str(error)) from None
    missing = {"kernel", "stdlib"} - set(spec.applications)
    assert not missing, f"its key `applications` does not name {' and '.join(sorted(missing))}"


async def check_starts_at_once(exercise: ModuleType) -> None:
    """The application is started while the counting still goes on."""
    shelves = await started(exercise)
    await shelves.counter()


async def check_answers_later(exercise: ModuleType) -> None:
    """Who asks while the counting goes on gets the number when it is done."""
    shelves = await started(exercise)
    counter = await shelves.counter()
    ask(exercise)
    await process.sleep(0.05)
    early = [message for message in await process.flush() if is_("number")(message)]
    assert not early, f"the counting is not done, yet how_many() gave {early[0][1]!r}"
    send(counter, ("counted", 42))
    _, number = await heard(is_("number"), "the counting is done, but who asked before was not answered")
    assert number == 42, f"42 things were counted, how_many() gave {number!r}"


async def check_counts_again(exercise: ModuleType) -> None:
    """If the counting fails, the server is started anew and counts again."""
    shelves = await started(exercise)
    await shelves.done(None)
    await shelves.done(7)
    ask(exercise)
    _, number = await heard(is_("number"), "after the second counting how_many() does not answer")
    assert number == 7, f"the second counting gave 7, how_many() gave {number!r}"


async def check_saves(exercise: ModuleType) -> None:
    """When the application is stopped the number is in SAVED, once."""
    shelves = await started(exercise)
    await shelves.done(42)
    ask(exercise)
    await heard(is_("number"), "how_many() does not answer")
    await application_controller.stop("warehouse")
    assert exercise.SAVED == [42], f"42 things were there at the end, SAVED is {exercise.SAVED!r}"
    assert process.whereis("stock") is None, "the application was stopped, but its server still runs"
