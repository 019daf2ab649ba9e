"""
Small answers at once: ``streamlit run`` makes its listening socket in a way that keeps asyncio from setting TCP_NODELAY.

A keep-alive answer goes out as head and body; without TCP_NODELAY the second part waits for the browser's delayed
acknowledgement, about 44 ms each time.
"""

import os
import socket


def set_no_delay() -> int:
    """
    Set TCP_NODELAY on every server socket of this process; accepted connections inherit it. Returns how many.

    A server socket is one that is bound and has no peer: when an app starts up it may not be listening yet.
    """
    count = 0
    for name in os.listdir("/dev/fd"):
        try:
            candidate = socket.socket(fileno=os.dup(int(name)))
        except OSError:  # closed meanwhile, or no socket
            continue
        with candidate:
            if _is_server(candidate):
                candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                count += 1
    return count


def _is_server(candidate: socket.socket) -> bool:
    if candidate.family not in (socket.AF_INET, socket.AF_INET6) or candidate.type != socket.SOCK_STREAM:
        return False
    try:
        candidate.getpeername()
    except OSError:
        return bool(candidate.getsockname()[1])
    return False
