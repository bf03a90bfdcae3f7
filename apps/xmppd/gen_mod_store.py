"""gen_mod_store — what a configuration says of the store: which backend, and whose tables.

OTP:      none; cf. mnesia's application environment
Way:      sup, cli.db_verbs → [gen_mod_store] → store
Process:  none
"""

from __future__ import annotations

from collections.abc import Iterable

from xmppd import gen_mod
from xmppd.archive import tables as archive_tables
from xmppd.auth import tables
from xmppd.config.schema import Config
from xmppd.pubsub import tables as pubsub_tables
from xmppd.store.backend import StoreConfig
from xmppd.store.schema import Schema


def schemas(config: Config) -> tuple[Schema, ...]:
    """All tables of this server: of the accounts, of publish-subscribe, of archives (rooms have them too, also where
    mod_mam is switched off), and of the modules. Raises ModError."""
    of_modules = [schema for schema in gen_mod.schemas(config) if schema.owner != archive_tables.SCHEMA.owner]
    return tables.SCHEMA, pubsub_tables.SCHEMA, archive_tables.SCHEMA, *of_modules


def known_schemas(config: Config, names: Iterable[str]) -> tuple[Schema, ...]:
    """As `schemas`, and of the modules `names`, which may be switched off: their rows may be there. Raises ModError."""
    found = {schema.owner: schema for schema in schemas(config)}
    others = [gen_mod.schema(name) for name in names if name not in found]
    return *found.values(), *[schema for schema in others if schema.steps]


def store_config(config: Config) -> StoreConfig:
    """`[store]` as the store wants it."""
    chosen = config.store
    path = chosen.url if chosen.backend == "postgres" else str(config.store_path)
    return StoreConfig(chosen.backend, path, chosen.durability, chosen.pool, chosen.slow_seconds)


def store_args(config: Config) -> tuple[StoreConfig, tuple[Schema, ...]]:
    """What store.start_link takes. Raises ModError."""
    return store_config(config), schemas(config)
