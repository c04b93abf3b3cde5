"""Ports that no other scenario of this machine takes at the same time."""
import fcntl
import os
import pathlib
import random
import socket
import tempfile

_held = []  # open lock files: a port stays ours until this process ends


def free_port():
    """Below the range that the kernel hands out for outgoing connections: none of those is in the way."""
    folder = pathlib.Path(tempfile.gettempdir()) / f"postern-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for port in random.sample(range(12000, 32000), 500):
        lock = open(folder / str(port), "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            lock.close()
            continue
        _held.append(lock)
        return port
    raise RuntimeError("no free port")
