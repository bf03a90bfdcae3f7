"""The interface of streams that we open has the words of those that we accept, where they mean the same."""

from xmppd.stream.driver import Driver, Stream
from xmppd.stream.outgoing import OutgoingStream


def test_one_word_has_one_meaning() -> None:
    words = {name for name in vars(OutgoingStream) if not name.startswith("_")}
    assert words == {"connect", "header", "features", "heard", "ended"}
    assert hasattr(Driver, "heard")
    assert hasattr(Stream, "header")
