"""The server's time."""

import re
from datetime import UTC, datetime, timedelta

from tests.support.core_server import CoreServer, play
from xmpp_core import stamp


def test_the_time_is_now() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        answer = await romeo.ask("<iq type='get' id='t' to='localhost'><time xmlns='urn:xmpp:time'/></iq>")
        found = re.search(r"<tzo>(Z|[+-]\d\d:\d\d)</tzo><utc>(.*)</utc>", answer)
        assert found is not None
        assert abs(stamp.parse_datetime(found[2]) - datetime.now(UTC)) < timedelta(minutes=1)

    play(body)
