"""release — from a release file to a running node, and back down."""
