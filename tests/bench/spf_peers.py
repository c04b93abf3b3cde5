#!/usr/bin/env python3
"""SPF evaluations a second: postern beside pyspf (Debian python3-spf) and libspf2 (libspf2-dev) on one zone.

  spf_peers.py BENCH [--rounds N]      the program policy_spf_bench of a `bench` build

POSTERN_TESTDNS names a DNS server that takes --listen ADDRESS:PORT --zone FILE.json. Without it, or without a
peer, what is missing is left out and named. warm: every answer is in the peer's cache or memory, and a second
is one of CPU time. cold: every question goes over loopback to the DNS server, whose work is part of the
figure, and a second is one of the wall clock. All take turns, N times: medians are printed, and how much
faster postern was in the same round, median, least and most.
"""
import argparse
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ZONE = HERE / "spf_zone.json"
TIMES = {"warm": 300, "cold": 30}


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_dns(port):
    """The server of the zone, or why there is none."""
    program = os.environ.get("POSTERN_TESTDNS")
    if not program or not os.path.exists(program):
        return None, "POSTERN_TESTDNS names no DNS server: no cold figures"
    server = subprocess.Popen(
        [sys.executable, program, "--listen", f"127.0.0.1:{port}", "--zone", str(ZONE)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return server, None
        except OSError:
            time.sleep(0.05)
    server.terminate()
    return None, "the DNS server did not start: no cold figures"


# --- postern


def postern_rates(bench, questions, port):
    environment = dict(os.environ)
    if port:
        environment["POSTERN_SPF_DNS"] = f"127.0.0.1:{port}"
    command = [bench, "--benchmark_format=json", "--benchmark_min_time=0.3"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, timeout=300)
    rates = {}
    for each in json.loads(done.stdout)["benchmarks"]:
        kind, question = each["name"].split("/")[:2]
        rates[kind, question] = each["items_per_second"]
    return rates


# --- pyspf


class PySpf:
    def __init__(self, records, port):
        import dns.resolver
        import spf

        self.spf = spf
        self.over_dns = spf.DNSLookup
        self.memory = {}
        for record in records:
            key = record["name"].lower(), record["type"]
            self.memory.setdefault(key, []).append((key, self.value(record)))
        if port:
            dns.resolver.default_resolver = dns.resolver.Resolver(configure=False)
            dns.resolver.default_resolver.nameservers = ["127.0.0.1"]
            dns.resolver.default_resolver.port = port

    @staticmethod
    def value(record):
        if record["type"] == "TXT":
            return [part.encode() for part in record["strings"]]
        if record["type"] == "MX":
            return record["preference"], record["exchange"]
        return record["address"]

    def rate(self, kind, question):
        if kind == "warm":
            clock = time.process_time
            self.spf.DNSLookup = lambda name, qtype, *_: self.memory.get((str(name).lower(), qtype), [])
        else:
            clock = time.monotonic
            self.spf.DNSLookup = self.over_dns
        times = TIMES[kind]
        start = clock()
        for _ in range(times):
            result = self.spf.check2(question["ip"], question["sender"], question["helo"])[0]
        expect("pyspf", question, result)
        return times / (clock() - start)


def pyspf_rates(zone, kinds, port):
    peer = PySpf(zone["zone"], port)
    return {(kind, q["name"]): peer.rate(kind, q) for kind in kinds for q in zone["questions"]}


# --- libspf2


def libspf2_rates(zone, kinds, port):
    compiler = shutil.which("cc")
    if not compiler or not port:
        raise RuntimeError("libspf2 needs cc and the DNS server")
    rates = {}
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "libspf2")
        source = str(HERE / "spf_libspf2.c")
        built = subprocess.run(
            [compiler, "-O2", "-rdynamic", source, "-o", program, "-lspf2", "-lresolv", "-ldl"],
            stderr=subprocess.PIPE,
            text=True,
        )
        if built.returncode != 0:
            raise RuntimeError("libspf2 does not build here: " + built.stderr.strip().splitlines()[0])
        for kind in kinds:
            times = TIMES[kind] * (100 if kind == "warm" else 10)
            asked = "".join(f"{q['ip']} {q['sender']} {q['helo']} {times}\n" for q in zone["questions"])
            done = subprocess.run(
                [program, kind, str(port)], input=asked, stdout=subprocess.PIPE, text=True, timeout=300
            )
            for question, line in zip(zone["questions"], done.stdout.splitlines()):
                result, seconds = line.split()
                expect("libspf2", question, result)
                rates[kind, question["name"]] = times / float(seconds)
    return rates


# --- the table


def expect(peer, question, result):
    if result != question["result"]:
        print(f"note: {peer} says {result} for {question['name']}, {question['result']} is right")


def print_table(zone, columns):
    """columns: {peer: [rates of each round]}. Medians, and of each round how much faster postern was."""
    peers = [name for name in columns if name not in ("postern", "in memory")]
    head = "".join(f"{name:>12}" for name in columns)
    print(f"{'evaluations a second':24}{head}" + "".join(f"{'postern/' + name:>26}" for name in peers))
    for kind in ("warm", "cold"):
        for question in zone["questions"]:
            key = kind, question["name"]
            found = {
                name: [rates[key] for rates in rounds if key in rates] for name, rounds in columns.items()
            }
            cells = (f"{statistics.median(r):12,.0f}" if r else f"{'-':>12}" for r in found.values())
            ratios = (ratio(found["postern"], found[name]) for name in peers)
            print(f"{kind + ' ' + question['name']:24}" + "".join(cells) + "".join(ratios))


def ratio(ours, theirs):
    if not ours or not theirs:
        return f"{'-':>26}"
    each = sorted(a / b for a, b in zip(ours, theirs))
    return f"{statistics.median(each):.2f} ({each[0]:.2f} to {each[-1]:.2f})".rjust(26)


def measure(bench, zone, kinds, port, rounds):
    """The columns of the table, and notes of what is left out. All take turns, for load to meet all alike."""
    columns, notes = {"postern": [], "in memory": []}, []
    peers = {"pyspf": pyspf_rates, "libspf2": libspf2_rates}
    for _ in range(rounds):
        rates = postern_rates(bench, zone["questions"], port)
        columns["postern"].append(rates)
        memory = {("warm", name): rate for (kind, name), rate in rates.items() if kind == "memory"}
        columns["in memory"].append(memory)
        for name, peer in list(peers.items()):
            try:
                columns.setdefault(name, []).append(peer(zone, kinds, port))
            except (ImportError, RuntimeError) as error:
                notes.append(f"{name} is left out: {error}")
                del peers[name], columns[name]
    return columns, notes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bench", help="the program policy_spf_bench of a `bench` build")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    zone = json.loads(ZONE.read_text())
    port = free_port()
    server, why = start_dns(port)
    port = port if server else None
    kinds = ["warm", "cold"] if server else ["warm"]
    try:
        columns, notes = measure(options.bench, zone, kinds, port, options.rounds)
    finally:
        if server:
            server.terminate()
            server.wait()
    print_table(zone, columns)
    for note in [why, *notes] if why else notes:
        print("note:", note)


if __name__ == "__main__":
    main()
