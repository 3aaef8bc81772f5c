"""Free TCP ports on the loopback interface; for tests that start a server."""

import socket


def free_port() -> int:
    """Returns a port that nothing listens on at this moment; take it at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
