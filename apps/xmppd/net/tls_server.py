"""tls_server — keeps the hosts' TLS contexts, and reloads the certificates on request.

OTP:      gen_server; cf. ejabberd_pkix.erl
Way:      SIGHUP, reload → [tls_server] → net.tls
Process:  `tls`, one per worker, permanent, under xmppd.sup; processes that make handshakes hold the contexts
          themselves, not its pid
"""

from __future__ import annotations

import logging
import ssl
from typing import Any

from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, Reply
from xmppd.net.tls import CertificateOf, TlsContexts

NAME = "tls"
log = logging.getLogger("xmppd.tls")


class TlsServer(GenServer[TlsContexts]):
    """The state is what all listeners of this worker use; None of it is copied."""

    def init(self, contexts: TlsContexts) -> TlsContexts:
        """Keep them."""
        return contexts

    def handle_call(self, request: object, from_: Any, state: TlsContexts) -> Any:
        """Reload; answers None or what was wrong."""
        try:
            state.reload(request if callable(request) else None)
        except (OSError, ssl.SSLError, ValueError) as error:
            log.error("certificates not read again, the old ones stay: %s", error)
            return Reply(str(error), state)
        return Reply(None, state)


async def start_link(contexts: TlsContexts) -> Pid | None:
    """Start the server that may be told to reload `contexts`."""
    return await gen_server.start_link(TlsServer, contexts, name=NAME)


async def reload(certificate_of: CertificateOf | None = None) -> str | None:
    """Read the certificates again, from where `certificate_of` (as in Config) says now: new handshakes use them.

    None, or what was wrong: then the old ones stay.
    """
    answer: str | None = await gen_server.call(NAME, certificate_of, timeout=30.0)
    return answer
