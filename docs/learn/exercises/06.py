"""Exercise 6: the counter must not notice. Run `make exercise 6`.

`Probe` reads a thermometer that breaks often. `Counter` counts the readings; a count that is lost is lost.
`await start()` starts the tree and returns the pid of its top supervisor. The two are named "probe" and "counter".

The probe is killed six times in a row. Afterwards

- both run, and the top supervisor is the one that was started,
- the counter is the same process as before, with its count.

No supervisor may allow more than 2 restarts, or count them for less than 5 seconds: one that puts up with everything
tells nobody that something is wrong. But there may be more than one supervisor.

As it stands the third kill ends everything.
"""

from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from otp.stdlib.supervisor import Supervisor


async def start():
    return await supervisor.start_link(Top, name="top")


class Top(Supervisor):
    def init(self):
        return SupFlags("one_for_all", intensity=2, period=5.0), [
            gen_server.spec(Counter, name="counter"),
            gen_server.spec(Probe, name="probe"),
        ]


class Counter(GenServer):
    def init(self):
        return 0

    def handle_cast(self, reading, count):
        return NoReply(count + 1)

    def handle_call(self, request, from_, count):
        return Reply(count, count)


class Probe(GenServer):
    def init(self):
        return None

    def handle_info(self, degrees, state):
        gen_server.cast("counter", float(degrees))
        return NoReply(state)
