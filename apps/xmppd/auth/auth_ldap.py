"""auth_ldap — accounts whose passwords a directory (LDAP) knows: it is asked to bind as the user at each login.

OTP:      cf. ejabberd_auth_ldap.erl
Way:      auth → [auth_ldap] → ldap_directory, and store: an account is made here by its first login
Process:  runs in the c2s
RFC:      4513 §5.1 (simple bind); 4511 Appendix A (what results mean)

The user's name in the directory is made of a template, or found by a search; it must be one entry, and no more.
"""

from __future__ import annotations

import logging
from typing import Final

from sansldap import LDAPFilter, LDAPResultCode

from xmppd.auth import auth_http, ldap_names
from xmppd.auth.auth_internal import MAX_PASSWORD
from xmppd.auth.ldap_directory import Connections, LdapConnection
from xmppd.auth.ldap_names import LdapDirectory
from xmppd.auth.service_fails import Failures, ServiceFails

log = logging.getLogger("xmppd.auth")
#: the password is wrong, there is no such user, or none that may log in: some directories say so of locked ones by
#: unwillingToPerform and constraintViolation
_WRONG: Final = frozenset({
    LDAPResultCode.INVALID_CREDENTIALS, LDAPResultCode.NO_SUCH_OBJECT, LDAPResultCode.INVALID_DN_SYNTAX,
    LDAPResultCode.INAPPROPRIATE_AUTHENTICATION, LDAPResultCode.UNWILLING_TO_PERFORM,
    LDAPResultCode.CONSTRAINT_VIOLATION,
})  # fmt: skip
_FOUND: Final = frozenset({LDAPResultCode.SUCCESS, LDAPResultCode.SIZE_LIMIT_EXCEEDED})


def verdict(code: LDAPResultCode) -> bool:
    """Whether the password is right, by what came of the user's bind. Raises ServiceFails for what says nothing of
    it."""
    if code == LDAPResultCode.SUCCESS:
        return True
    if code in _WRONG:
        return False
    raise ServiceFails(f"it answers a bind with {code.name}")


class LdapAccounts:
    """The accounts of a host whose passwords a directory knows. Names are canonical; auth.py sees to that."""

    __slots__ = ("_connections", "_directory", "_told")

    def __init__(self, directory: LdapDirectory) -> None:
        self._directory = directory
        self._connections, self._told = Connections(directory), Failures()

    async def check(self, user: str, host: str, password: str) -> bool:
        """Whether the directory says that this is the password; the account is made if there is none yet.

        An empty password is never right, whatever the directory thinks of it (RFC 4513 §5.1.2). Raises ServiceFails,
        StoreError.
        """
        if not password or "\0" in password or len(password) > MAX_PASSWORD:
            return False

        async def question(asked: LdapConnection) -> bool:
            name = await self._name(asked, user, host)
            return bool(name) and verdict(await asked.bind(name, password))

        try:
            right = await self._connections.ask(question)
        except ServiceFails as error:
            self._told.tell(host, error)
            raise
        if right:
            await auth_http.make_known(user, host)
        return right

    def close(self) -> None:
        """Close the connections that are kept."""
        self._connections.close()

    async def _name(self, asked: LdapConnection, user: str, host: str) -> str:
        """The user's name in the directory; "" if it has none there, or if there is more than one."""
        told = self._directory
        if told.user_dn:
            return ldap_names.name_of(told, user, host) or ""
        if not told.bind_dn:
            await asked.forget()
        else:
            code = await asked.bind(told.bind_dn, told.password)
            if code != LDAPResultCode.SUCCESS:
                raise ServiceFails(f"it answers the bind of ldap_bind_dn with {code.name}")
        wanted = LDAPFilter.from_string(ldap_names.filter_of(told, user, host))
        code, names = await asked.search(ldap_names.base_of(told, user, host), wanted, told.seconds)
        if code not in _FOUND:
            raise ServiceFails(f"it answers a search with {code.name}")
        if len(names) > 1 or code != LDAPResultCode.SUCCESS:
            log.warning("the directory has more than one entry for an account of %s, which cannot log in", host)
            return ""
        return names[0] if names else ""
