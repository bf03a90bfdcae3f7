"""kernel — applications, nodes of several OS processes, groups, remote calls, the log."""
