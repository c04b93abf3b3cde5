"""What the end-to-end benches share: Postfix' smtp-source as the app, its smtp-sink as the upstream.

Nothing of Postfix is started. Used by e2e.py and alignment_e2e.py.
"""
import os
import shutil
import subprocess
import sys
import time

from support import ports, wait
from support.process import Process


def need_tools():
    if not shutil.which("smtp-source"):
        sys.exit("smtp-source is missing: apt-get install postfix")


def start_sink(directory):
    """The sink, and the upstream that a configuration names."""
    port = ports.free_port()
    user = ["-u", "nobody"] if os.getuid() == 0 else []  # it refuses to run as root
    command = ["smtp-sink", *user, f"127.0.0.1:{port}", "1000"]
    sink = Process(command, directory / "sink.out", directory / "sink.err")
    return sink, {"endpoint": f"127.0.0.1:{port}", "tls": "none"}


def send(relay, messages, sessions, size):
    """Sends that many; seconds until the last one was accepted, and until the last one was delivered."""
    delivered = relay.metric("postern_messages_delivered_total") + messages
    started = time.monotonic()
    load = ["-s", str(sessions), "-m", str(messages), "-l", str(size)]
    envelope = ["-f", "app@example.com", "-t", "customer@example.net"]
    subprocess.run(
        ["smtp-source", "-d", *load, *envelope, f"127.0.0.1:{relay.port}"],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    accepted = time.monotonic() - started
    wait.until(
        lambda: relay.metric("postern_messages_delivered_total") >= delivered,
        120,
        lambda: f"all delivered; {relay.log()[-2000:]}",
    )
    return accepted, time.monotonic() - started
