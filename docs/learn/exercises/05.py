"""Exercise 5: a shop whose parts hold on to the dead. Run `make exercise 5`.

There are five parts. A part that needs another takes that one's pid in init and keeps it; it never looks again. So when
a part is started anew, whoever holds its pid has to be started anew too, and nobody else should be.

    Db          the data
    Cache       holds the pid of Db
    Web         holds the pid of Cache
    Stock       a job, which ends with "normal" when it is done. If it crashes it must run again; once done, not
    Banner      shows a banner until it ends, for whatever reason. It is never shown again

All five run under one supervisor and are registered under the names in `Shop.init`. Stock and Banner need nobody, and
nobody needs them: if one of them ends, db, cache and web go on as they are. Change `Shop.init` only: the order, the
strategy, the restart types.
"""

from otp.erts.process import whereis
from otp.stdlib import gen_server
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.gen_server import GenServer, Reply, Stop
from otp.stdlib.supervisor import Supervisor


class Shop(Supervisor):
    def init(self):
        return SupFlags("one_for_one", intensity=10, period=10.0), [
            gen_server.spec(Banner, name="banner"),
            gen_server.spec(Web, name="web"),
            gen_server.spec(Cache, name="cache"),
            gen_server.spec(Db, name="db"),
            gen_server.spec(Stock, name="stock"),
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
