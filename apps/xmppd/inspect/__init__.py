"""inspect — what xmppd adds to otp's observer: JIDs, addresses, stanzas, the way of one, who is connected."""
