"""ldap_names — a directory's configuration, and the names and filters that are made of it for one account.

OTP:      cf. eldap_filter.erl, eldap_utils.erl of ejabberd
Way:      sup → [LdapDirectory] → auth_ldap, ldap_directory
Process:  none: plain functions
RFC:      4514 §2.4 (values in names), 4515 §3 (values in filters), 4516 §2 (URLs)

`{user}` in a template stands for the localpart of an account, `{host}` for its domain. Both are escaped for the place
where they stand, so that no name of an account changes what is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

#: what a name that is no DN (one by which Active Directory lets users bind) must not get from a localpart, lest the
#: whole be read as a DN after all
_OF_A_DN: Final = re.compile(r'[,=+;"\\<>#\0]')
_IN_A_FILTER: Final = re.compile(r"[\0()*\\]")
_IN_A_DN: Final = re.compile(r'[,=+;"\\<>]')
_HOLES: Final = re.compile(r"\{(user|host)\}")


@dataclass(frozen=True, slots=True)
class LdapDirectory:
    """A directory: where it is (ldaps, or ldap with `starttls` or without); who has signed its certificate (None: one
    of those whom the system trusts); how an account is found in it: by a template of its name, `user_dn`, or, where
    that is empty, by a search as `bind_dn` below `base`; how many seconds a question may take, and how many
    connections there may be, on each worker."""

    url: str = field(repr=False)  # somebody may have written a password into it
    starttls: bool = True
    ca: Path | None = None
    user_dn: str = ""
    base: str = ""
    filter: str = "(uid={user})"
    bind_dn: str = ""
    password: str = field(default="", repr=False)
    seconds: float = 5.0
    connections: int = 8

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or (636 if self.direct_tls else 389)

    @property
    def direct_tls(self) -> bool:
        """Whether TLS begins with the first byte."""
        return urlsplit(self.url).scheme == "ldaps"


def in_filter(value: str) -> str:
    """A value as it stands in a filter. RFC: 4515 §3"""
    return _IN_A_FILTER.sub(lambda found: f"\\{ord(found[0]):02x}", value)


def in_dn(value: str) -> str:
    """A value as it stands in a distinguished name. RFC: 4514 §2.4"""
    text = _IN_A_DN.sub(lambda found: f"\\{found[0]}", value).replace("\0", "\\00")
    if text.startswith((" ", "#")):
        text = f"\\{text}"
    return f"{text[:-1]}\\ " if text.endswith(" ") and len(value) > 1 else text


def filter_of(directory: LdapDirectory, user: str, host: str) -> str:
    """The filter that finds the account."""
    return _filled(directory.filter, in_filter(user), in_filter(host))


def base_of(directory: LdapDirectory, user: str, host: str) -> str:
    """The name of the entry below which the account is searched for."""
    return _filled(directory.base, in_dn(user), in_dn(host))


def name_of(directory: LdapDirectory, user: str, host: str) -> str | None:
    """The name as which the account binds; None if there can be no such name."""
    if "=" in directory.user_dn:
        return _filled(directory.user_dn, in_dn(user), in_dn(host))
    return None if _OF_A_DN.search(user) else _filled(directory.user_dn, user, host)


def _filled(template: str, user: str, host: str) -> str:
    return _HOLES.sub(lambda found: user if found[1] == "user" else host, template)
