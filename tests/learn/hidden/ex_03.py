"""The checks of exercise 3. Reading them gives the answer away."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from otp.erts import process
from otp.erts.exits import ProcessExit, ReceiveTimeout
from otp.erts.pid import Pid
from otp.erts.process import self_, send


async def account(exercise: ModuleType) -> Any:
    process.trap_exit(True)
    return await exercise.open_account()


async def said(what: str, seconds: float = 0.5) -> Any:
    try:
        return await process.receive(lambda m: isinstance(m, tuple) and m[0] == "said", timeout=seconds)
    except ReceiveTimeout:
        raise AssertionError(what) from None


def waiter(exercise: ModuleType, pid: Pid, amount: int) -> Pid:
    boss = self_()

    async def wait() -> None:
        try:
            send(boss, ("said", amount, await exercise.wait_for(pid, amount)))
        except ProcessExit as error:
            send(boss, ("said", amount, f"an error: {error.reason}"))

    return process.spawn(wait)


async def check_deposits(exercise: ModuleType) -> None:
    """What is deposited is there, and accounts know nothing of each other."""
    mine, yours = await account(exercise), await account(exercise)
    exercise.deposit(mine, 40)
    exercise.deposit(mine, 2)
    got = await exercise.balance(mine), await exercise.balance(yours)
    assert got == (42, 0), f"42 were put on one of two accounts, the balances are {got}"


async def check_withdraw(exercise: ModuleType) -> None:
    """A withdrawal that is covered answers True, and the money is gone."""
    pid = await account(exercise)
    exercise.deposit(pid, 10)
    got = await exercise.withdraw(pid, 10), await exercise.balance(pid)
    assert got == (True, 0), f"10 of 10 were withdrawn: the answer and the balance are {got}"


async def check_overdraft(exercise: ModuleType) -> None:
    """One that is not covered answers False, changes nothing, and the server lives on."""
    pid = await account(exercise)
    exercise.deposit(pid, 10)
    answer = await exercise.withdraw(pid, 11)
    assert process.is_alive(pid), "the server ended; to refuse is no reason to crash"
    got = answer, await exercise.balance(pid)
    assert got == (False, 10), f"11 of 10 were withdrawn: the answer and the balance are {got}"


async def check_enough_already(exercise: ModuleType) -> None:
    """wait_for returns "enough" at once if there is that much."""
    pid = await account(exercise)
    exercise.deposit(pid, 10)
    waiter(exercise, pid, 10)
    got = await said("there are 10, but wait_for(10) does not return")
    assert got[2] == "enough", f"there are 10, and wait_for(10) gave {got[2]!r}"


async def check_waits(exercise: ModuleType) -> None:
    """wait_for waits while there is too little, others are served meanwhile, and the deposit that suffices wakes it."""
    pid = await account(exercise)
    waiter(exercise, pid, 10)
    exercise.deposit(pid, 9)
    got = await exercise.balance(pid)
    assert got == 9, f"while somebody waits, the balance of 9 is given as {got!r}"
    early = process.process_info(self_()).message_queue_len  # type: ignore[union-attr]
    assert not early, f"there are 9, yet wait_for(10) has returned: {await process.receive()!r}"
    exercise.deposit(pid, 1)
    got = await said("there are 10 now, but who waits for 10 was not answered")
    assert got[2] == "enough", f"wait_for(10) gave {got[2]!r}"


async def check_several_wait(exercise: ModuleType) -> None:
    """Several may wait for different amounts; each is answered once, when there is enough for it."""
    pid = await account(exercise)
    for amount in (5, 50, 6):
        waiter(exercise, pid, amount)
    await process.sleep(0)
    exercise.deposit(pid, 7)
    got = {(await said("of those who wait for 5, 50 and 6, two should be answered at 7"))[1] for _ in range(2)}
    assert got == {5, 6}, f"at 7, those were answered who wait for {sorted(got)}"
    exercise.deposit(pid, 43)
    last = await said("who waits for 50 should be answered at 50")
    assert last[1:] == (50, "enough"), f"at 50 came {last[1:]!r}"
    await exercise.balance(pid)
    assert not process.process_info(self_()).message_queue_len, "somebody was answered twice"  # type: ignore[union-attr]
