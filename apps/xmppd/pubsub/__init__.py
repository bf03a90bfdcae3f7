"""pubsub — publish-subscribe for accounts and for services: the store, notifications, and what server code calls."""
