"""Exercise 9: ask any, the nearest first. Run `make exercise 9`.

`await ask_any(group, request, seconds)` asks the members of a pg group, one after the other, by gen_server.call,
until one answers. It returns that answer.

- Members on this node are asked before those on other nodes.
- A member gets `seconds` for its answer. If it has none, or ends, or its node is gone, the next one is asked.
- If no member answers, or there is none, it raises NobodyAnswered.

As it stands only the first is asked.
Hint: what does a call that gets no answer raise?
"""

from otp.kernel import pg
from otp.stdlib import gen_server


class NobodyAnswered(Exception):
    """All members were asked."""


async def ask_any(group, request, seconds):
    members = pg.get_members(group)
    return await gen_server.call(members[0], request, timeout=seconds)
