"""net — sockets, TLS and the XML stream: bytes and elements, without their meaning."""
