"""stream — the processes that speak XMPP with clients and components, one per connection."""
