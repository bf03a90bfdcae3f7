"""certified — whose a client's certificate is, of the accounts of a host.

Way:      c2s_auth → [identities] → SaslContext.identities
Process:  none: a plain function
XEP:      0178 §2 (one address, several, none)
RFC:      6120 §13.7.1.4 (id-on-xmppAddr)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xmpp_core.jid import JID, JidError


def identities(
    addresses: Sequence[str],
    common_names: Sequence[str],
    host: str,
    *,
    accounts: Mapping[str, str],
    by_common_name: bool = False,
) -> tuple[str, ...]:
    """The localparts of `host` whose certificate it is: of its XMPP addresses; without any, of what `accounts` (bare
    JIDs) has for its common names, or of what they are themselves, NAME or NAME@HOST, if that counts."""
    claimed = addresses or list(_mapped(common_names, host, accounts, by_common_name))
    return tuple(dict.fromkeys(local for text in claimed if (local := _local(text, host))))


def _mapped(names: Sequence[str], host: str, accounts: Mapping[str, str], by_common_name: bool) -> Iterator[str]:
    for name in names:
        if name in accounts:
            yield accounts[name]
        elif by_common_name:
            yield name if "@" in name else f"{name}@{host}"


def _local(text: str, host: str) -> str:
    try:
        jid = JID.parse(text)
    except JidError:
        return ""
    return jid.local if jid.domain == host and not jid.resource else ""
