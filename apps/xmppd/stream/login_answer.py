"""login_answer — the <success/> of a login in one step, which waits for what a resumed session has to say.

Way:      c2s_login → [LoginAnswer] → the c2s that has the session → <success/> around <resumed/>
XEP:      0388 §2.6.3, 0198 §7
"""

from __future__ import annotations

from dataclasses import dataclass, field

from xmpp_core import sasl2_answers
from xmpp_core.element import Element


@dataclass(frozen=True, slots=True)
class LoginAnswer:
    """`data`: the mechanism's last word; `said`: what modules have done at the login."""

    data: bytes | None = field(default=None, repr=False)
    said: tuple[Element, ...] = ()

    def around(self, who: str, *more: Element) -> Element:
        """The whole answer, to `who`, a JID."""
        return sasl2_answers.success(who, self.data, *self.said, *more)
