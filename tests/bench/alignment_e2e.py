#!/usr/bin/python3
"""What the check of SPF and DMARC costs a message: smtp-source -> postern -> smtp-sink, on against off.

tests/bench/alignment_e2e.py [--messages N] [--rounds N] [--sessions N] [--size BYTES]
One postern for each arm runs for the whole time; they are loaded in turns, in another order each round, so
that what else the machine does meets all alike. Arms: off; report and enforce, which ask a knot that has
every record (warm after the first message); outage, which reports while no DNS server answers. Prints mails
a second until the last was delivered and CPU of postern a mail (/proc/PID/stat), as the median of the
rounds, and what each arm costs more than `off` in the same round: median, least and most. Needs Debian's
postfix (two tools of it) and knot, and build/release/postern.
"""
import argparse
import contextlib
import pathlib
import shutil
import socket
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

import load  # noqa: E402 (the path comes first)
from support import keys  # noqa: E402
from support.dns import Knot, knot_missing  # noqa: E402
from support.postern import Postern  # noqa: E402

GOAL_US = 50  # a message, warm
SES = (
    "199.255.192.0/22 199.127.232.0/22 54.240.0.0/18 69.169.224.0/20 23.249.208.0/20 23.251.224.0/19 "
    "76.223.176.0/20 54.240.64.0/18 76.223.128.0/19 216.221.160.0/19 206.55.144.0/20 24.110.64.0/18"
).split()


def start_dns(directory, key):
    public = keys.record(key).decode()
    halves = f'"{public[:200]}" "{public[200:]}"'
    networks = " ".join(f"ip4:{network}" for network in SES)
    zones = {
        "amazonses.com": f'@ 300 TXT "v=spf1 {networks[:200]}" "{networks[200:]} -all"',
        "example.com": '@ 300 TXT "v=spf1 include:amazonses.com ~all"\n'
        '_dmarc 300 TXT "v=DMARC1; p=reject; rua=mailto:d@example.com"\n'
        f"s1._domainkey 300 TXT {halves}\n"
        'bounce 300 TXT "v=spf1 include:amazonses.com ~all"\n'
        "bounce 300 MX 10 feedback-smtp.ap-northeast-1.amazonses.com.",
    }
    return Knot(directory / "knot", zones).start()


class Arm:
    """One postern for the whole bench, and what each round of it gave."""

    def __init__(self, name, action, dns, common, directory, running):
        self.name, self.rounds = name, []
        sink, upstream = load.start_sink(directory)
        running.callback(sink.kill)
        self.relay = Postern(
            directory / name,
            {**upstream, "connections": common["sessions"]},
            spf={"action": action, "mail_from_domain": {"example.com": "bounce.example.com"}},
            dmarc={"action": action},
            dkim=common["dkim"],
            dns={"servers": [dns]},
        )
        running.callback(self.relay.clean_up)
        self.relay.start()

    def settled_cpu(self):
        """CPU seconds once the books are written too."""
        seconds, last = self.relay.process.cpu_seconds(), -1.0
        while seconds - last > 0.01:  # an idle daemon wakes up now and then
            time.sleep(0.2)
            seconds, last = self.relay.process.cpu_seconds(), seconds
        return seconds

    def run(self, options, messages):
        """(mails a second, CPU us a mail)."""
        before = self.settled_cpu()
        _, delivered = load.send(self.relay, messages, options.sessions, options.size)
        cpu = self.settled_cpu() - before
        return messages / delivered, cpu * 1e6 / messages

    def results(self):
        found = self.relay.metrics()
        return {
            key.split('"')[1]: int(count)
            for key, count in found.items()
            if key.startswith("postern_dmarc_results_total") and count
        }


def start_arms(directory, options, running):
    key = directory / "key.pem"
    keys.make_key(key)
    knot = start_dns(directory, key)
    running.callback(knot.stop)
    hole = running.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    hole.bind(("127.0.0.1", 0))  # nobody reads from it
    silent = f"127.0.0.1:{hole.getsockname()[1]}"
    signing = {"keys": [{"domain": "example.com", "selector": "s1", "key_file": str(key)}]}
    common = {"dkim": signing, "sessions": options.sessions}
    kinds = (("off", "off", knot.address), ("report", "report", knot.address))
    kinds += (("enforce", "enforce", knot.address), ("outage", "report", silent))
    return [Arm(name, action, dns, common, directory, running) for name, action, dns in kinds]


def spread(values):
    return f"{statistics.median(values):8.1f} ({min(values):.1f} to {max(values):.1f})"


def verdict(more):
    """Whether the goal is met, as far as the rounds agree: by the mean and its 95 % interval."""
    mean = statistics.mean(more)
    doubt = 2 * statistics.stdev(more) / len(more) ** 0.5 if len(more) > 1 else float("inf")
    said = "met" if mean + doubt < GOAL_US else "MISSED" if mean - doubt > GOAL_US else "not decided"
    more_rounds = "; the rounds differ too much: take more, or a quieter machine" if "not" in said else ""
    return f"goal, under {GOAL_US} us a mail when warm: {said} ({mean:.1f} +- {doubt:.1f} us){more_rounds}"


def report(arms):
    off = arms[0].rounds
    print(f"{'':10}{'mails/s':>9}{'CPU us/mail':>13}   CPU us more than off   mails/s of off")
    for arm in arms:
        rate, cpu = (statistics.median(column) for column in zip(*arm.rounds))
        more = [mine[1] - its[1] for mine, its in zip(arm.rounds, off)]
        part = [100 * mine[0] / its[0] for mine, its in zip(arm.rounds, off)]
        beside = "" if arm is arms[0] else f"   {spread(more)} us   {spread(part)} %"
        print(f"{arm.name:10}{rate:9.0f}{cpu:13.1f}{beside}")
        if arm.name in ("report", "enforce"):
            print(f"{'':10}{verdict(more)}")
    for arm in arms:
        print(f"results of DMARC, {arm.name}: {arm.results() or 'not looked at'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=5000, help="in each arm and round")
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--directory", help="for the spools; it must lie on a real disk", default=None)
    options = parser.parse_args()
    load.need_tools()
    if knot_missing():
        sys.exit(knot_missing())
    directory = pathlib.Path(tempfile.mkdtemp(prefix="postern-bench-", dir=options.directory))
    with contextlib.ExitStack() as running:
        running.callback(shutil.rmtree, directory, ignore_errors=True)
        arms = start_arms(directory, options, running)
        for arm in arms:
            arm.run(options, 200)  # to warm up
        for number in range(options.rounds):
            for step in range(len(arms)):
                arm = arms[(number + step) % len(arms)]
                arm.rounds.append(arm.run(options, options.messages))
        print(f"{options.messages} mails of {options.size} bytes in {options.sessions} sessions, "
              f"{options.rounds} rounds, signed")  # fmt: skip
        report(arms)


main()
