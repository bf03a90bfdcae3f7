"""An answer to exercise 5: those who are needed come first, and who needs nobody and is needed by nobody comes last."""

from otp.erts.process import whereis
from otp.stdlib import gen_server
from otp.stdlib.child_spec import TEMPORARY, TRANSIENT, SupFlags
from otp.stdlib.gen_server import GenServer, Reply, Stop
from otp.stdlib.supervisor import Supervisor


class Shop(Supervisor):
    def init(self):
        return SupFlags("rest_for_one", intensity=10, period=10.0), [
            gen_server.spec(Db, name="db"),
            gen_server.spec(Cache, name="cache"),
            gen_server.spec(Web, name="web"),
            gen_server.spec(Stock, name="stock", restart=TRANSIENT),
            gen_server.spec(Banner, name="banner", restart=TEMPORARY),
        ]


class Part(GenServer):
    """Keeps the pid of the part whose name stands in `needs`; "holds" tells it."""

    needs = None

    def init(self):
        return whereis(self.needs) if self.needs else None

    def handle_call(self, request, from_, held):
        return Reply(held, held)


class Db(Part):
    pass


class Cache(Part):
    needs = "db"


class Web(Part):
    needs = "cache"


class Job(GenServer):
    """Ends as it is told to."""

    def init(self):
        return None

    def handle_info(self, reason, state):
        return Stop(reason, state)


class Stock(Job):
    pass


class Banner(Job):
    pass
