"""hostile_logins — logins by SASL2 (XEP-0388) that no decent client tries, and what it asks for beside: (sent, want).

As hostile.py writes what must come. A login that is right goes on whatever nonsense is asked for with it: that is
refused by itself, or left out.
"""

from __future__ import annotations

import base64
from typing import Final

SASL2, BIND2, SM, FAST = "urn:xmpp:sasl:2", "urn:xmpp:bind:0", "urn:xmpp:sm:3", "urn:xmpp:fast:0"
AGENT: Final = "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'/>"


def authenticate(
    inner: str = "", mechanism: str = "PLAIN", data: bytes = b"\0ruth\0secret", text: str | None = None
) -> str:
    """<authenticate/> with this in its initial response, or `text` as it is."""
    response = base64.b64encode(data).decode() if text is None else text
    said = f"<initial-response>{response}</initial-response>{inner}"
    return f"<authenticate xmlns='{SASL2}' mechanism='{mechanism}'>{said}</authenticate>"


def bind(inner: str) -> str:
    return authenticate(f"<bind xmlns='{BIND2}'>{inner}</bind>")


LOGINS: list[tuple[str | bytes, str]] = [
    (f"<authenticate xmlns='{SASL2}'/>", "failure:invalid-mechanism"),
    (authenticate(mechanism="MAGIC"), "failure:invalid-mechanism"),
    (authenticate(text="!!"), "failure:incorrect-encoding"),
    (authenticate(text=""), "failure:malformed-request"),
    (authenticate(mechanism="SCRAM-SHA-256", data=b"n,,n=ruth,r="), "failure:malformed-request"),
    (authenticate(mechanism="SCRAM-SHA-256", data=b"\xff\xfe"), "failure:malformed-request"),
    (authenticate(mechanism="SCRAM-SHA-256-PLUS", data=b"p=zz,,n=ruth,r=abc"), "failure:malformed-request"),
    (authenticate(f"<fast xmlns='{FAST}' count='x'/>{AGENT}", "HT-SHA-256-NONE"), "failure:not-authorized"),
    (f"<response xmlns='{SASL2}'/>", "failure:malformed-request"),
    (f"<next xmlns='{SASL2}' task='none'/>", "failure:malformed-request"),
    (f"<abort xmlns='{SASL2}'/>", "failure:aborted"),
    (authenticate(f"<user-agent id='{'z' * 9000}'/>"), "policy-violation"),
    (authenticate("<user-agent id='none'><software/><device/></user-agent>"), "success"),
    (authenticate(f"<fast xmlns='{FAST}' count='²'/>"), "success"),
    (authenticate(f"<request-token xmlns='{FAST}' mechanism='MAGIC'/>{AGENT}"), "success"),
    (authenticate(f"<resume xmlns='{SM}'/>"), "success"),
    (authenticate(f"<resume xmlns='{SM}' previd='none' h='²'/><bind xmlns='{BIND2}'/>"), "success"),
    (authenticate(f"<bind xmlns='{BIND2}'/><bind xmlns='{BIND2}'/>"), "success"),
    (bind("<tag/>"), "success"),
    (bind(f"<tag>{'t' * 5000}</tag>"), "success"),
    (bind(f"<tag>a/b@\u200f</tag><none/><enable xmlns='{SM}' resume='perhaps' max='²'/>"), "success"),
]
