#!/usr/bin/python3
"""A small end-to-end bench for daily use: smtp-source -> postern -> smtp-sink, with and without DKIM.

tests/bench/e2e.py [--messages N] [--sessions N] [--size BYTES] [--rounds N]
Every mail is on disk before its 250. Prints mails a second until the last was accepted and until the last was
delivered, CPU milliseconds of postern a mail, and its peak memory. Needs Debian's postfix for its two tools
(nothing of it is started), and build/release/postern. Comparisons with other relays are made elsewhere.
"""
import argparse
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

import load  # noqa: E402 (the path comes first)
from support import keys  # noqa: E402
from support.postern import Postern  # noqa: E402


def configuration(directory, signed):
    if not signed:
        return {}
    key = directory / "key.pem"
    keys.make_key(key)
    return {"dkim": {"keys": [{"domain": "example.com", "selector": "s1", "key_file": str(key)}]}}


def run(options, signed):
    """(accepted a second, delivered a second, CPU ms a mail, peak MiB) of one relay with a fresh spool."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="postern-bench-", dir=options.directory))
    sink, upstream = load.start_sink(directory)
    upstream["connections"] = options.sessions
    relay = Postern(directory, upstream, log={"level": "warn"}, **configuration(directory, signed))
    try:
        relay.start()
        before = relay.process.cpu_seconds()
        accepted, delivered = load.send(relay, options.messages, options.sessions, options.size)
        cpu = relay.process.cpu_seconds() - before
        n = options.messages
        return n / accepted, n / delivered, cpu * 1000 / n, relay.process.peak_kib() / 1024
    finally:
        relay.clean_up()
        sink.kill()
        shutil.rmtree(directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--directory", help="for the spools; it must lie on a real disk", default=None)
    options = parser.parse_args()
    load.need_tools()
    print(f"{options.messages} mails of {options.size} bytes in {options.sessions} sessions")
    print(f"{'':10}{'accepted/s':>12}{'delivered/s':>13}{'CPU ms/mail':>13}{'peak MiB':>10}")
    for name, signed in (("plain", False), ("DKIM", True)):
        rounds = [run(options, signed) for _ in range(options.rounds)]
        a, d, cpu, peak = (sorted(column)[len(column) // 2] for column in zip(*rounds))
        print(f"{name:10}{a:12.0f}{d:13.0f}{cpu:13.3f}{peak:10.1f}", flush=True)


main()
