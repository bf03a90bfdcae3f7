"""test_errors — what went wrong is told apart by its class.

Way:  otp.observer.errors
"""

from __future__ import annotations

import pytest

from otp.observer.errors import BadRequest, NobodyListens, ObserverError, Refused


@pytest.mark.parametrize("kind", [BadRequest, Refused, NobodyListens])
def test_who_takes_any_takes_all(kind: type[ObserverError]) -> None:
    with pytest.raises(ObserverError, match="no such order"):
        raise kind("no such order")
