"""An answer to exercise 3. State: (what there is, who waits for how much)."""

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
        return 0, ()

    def handle_cast(self, request, state):
        total, waiting = state
        match request:
            case ("deposit", amount):
                total += amount
                for from_, wanted in waiting:
                    if wanted <= total:
                        gen_server.reply(from_, "enough")
                return NoReply((total, tuple(entry for entry in waiting if entry[1] > total)))

    def handle_call(self, request, from_, state):
        total, waiting = state
        match request:
            case "balance":
                return Reply(total, state)
            case ("withdraw", amount) if amount <= total:
                return Reply(True, (total - amount, waiting))
            case ("withdraw", _):
                return Reply(False, state)
            case ("wait_for", amount) if amount <= total:
                return Reply("enough", state)
            case ("wait_for", amount):
                return NoReply((total, (*waiting, (from_, amount))))
