"""Exercise 3: an account. Run `make exercise 3`.

The functions below are what clients call; the class is the server. The state is yours to choose.

    await open_account()                    a new account with nothing on it; its pid
    deposit(account, amount)                put money there; does not wait
    await balance(account)                  how much there is
    await withdraw(account, amount)         True, and the money is gone; False if there is too little
    await wait_for(account, amount)         returns "enough" when there is that much: at once, or after a deposit

While one client waits in wait_for, all others are served. Several may wait.

As it stands withdraw goes below zero, and wait_for crashes the server.
Hint: handle_call may return NoReply and keep from_; gen_server.reply(from_, value) answers later.
"""

from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Reply


async def open_account():
    return await gen_server.start_link(Account)


def deposit(account, amount):
    gen_server.cast(account, ("deposit", amount))


async def balance(account):
    return await gen_server.call(account, "balance")


async def withdraw(account, amount):
    return await gen_server.call(account, ("withdraw", amount))


async def wait_for(account, amount):
    return await gen_server.call(account, ("wait_for", amount), timeout=None)


class Account(GenServer):
    def init(self):
        return 0

    def handle_cast(self, request, total):
        match request:
            case ("deposit", amount):
                return NoReply(total + amount)

    def handle_call(self, request, from_, total):
        match request:
            case "balance":
                return Reply(total, total)
            case ("withdraw", amount):
                return Reply(True, total - amount)
