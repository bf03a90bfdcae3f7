"""test_release — the boot scripts of parent and worker.

Way:  xmppd.node.release
"""

from __future__ import annotations

import pytest

from otp.release.systools import ReleaseError, Start
from xmppd.node import release


@pytest.mark.parametrize(
    ("name", "applications"),
    [("xmppd", ["kernel", "stdlib", "xmpp_core", "xmppd"]), ("main", ["kernel", "stdlib", "xmppd_main"])],
)
def test_applications_in_their_order(name: str, applications: list[str]) -> None:
    starts = [step for step in release.script(name).steps if isinstance(step, Start)]
    assert [step.app for step in starts] == applications
    assert {step.type_ for step in starts} == {"permanent"}


def test_a_release_that_is_not_there_is_named() -> None:
    with pytest.raises(ReleaseError, match=r"nope\.rel\.toml: No such file"):
        release.script("nope")
