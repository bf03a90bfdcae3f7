"""suggest — the known word that an unknown one was probably meant to be.

OTP:      the shell's and the compiler's "did you mean"
Process:  none
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def meant(word: object, known: Iterable[object]) -> str:
    """The end of an error's sentence: "did you mean 'one_for_all'?", or all there is if nothing is near."""
    words = [str(one) for one in known]
    near = difflib.get_close_matches(str(word).lower().replace("-", "_"), words, 1, 0.6)
    return f"did you mean {near[0]!r}?" if near else f"there is {', '.join(repr(one) for one in words)}"
