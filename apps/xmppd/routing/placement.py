"""placement — which node runs something that exists once in the cluster; every node computes the same answer by itself.

OTP:      cf. global and pg; hash_ring of ejabberd's clustering modules
Way:      sm (which node announces a lost session), account.home → [placement]
Differs:  rendezvous hashing (Thaler and Ravishankar, 1996): when a node goes, only what it had moves
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b


def node_for(key: str, nodes: Iterable[str]) -> str:
    """The one of `nodes`, which are not empty, that has `key`. Each has an even share of the keys."""
    return max(nodes, key=lambda name: (_weight(name, key), name))


def _weight(name: str, key: str) -> bytes:
    # not a checksum: CRCs of words that differ in a few places differ by a constant, and one node would have all
    return blake2b(f"{name} {key}".encode(), digest_size=8).digest()
