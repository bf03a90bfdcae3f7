"""http — requests over HTTP/1.1: bytes and requests, and who answers which path."""
