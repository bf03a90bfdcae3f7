"""pubsub — the decisions of publish-subscribe, as values: configuration of nodes, access, publishing, subscribing."""
