"""Processes of which there is one for each key on all workers together."""
