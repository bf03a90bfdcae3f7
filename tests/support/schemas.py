"""schemas — what all of a server's own modules keep on disk, for tests that open a store by themselves."""

from __future__ import annotations

from xmppd import gen_mod
from xmppd.auth import tables
from xmppd.config.schema import ALL_MODULES
from xmppd.pubsub import tables as pubsub_tables

ALL = (tables.SCHEMA, pubsub_tables.SCHEMA, *[gen_mod.schema(name) for name in ALL_MODULES])
