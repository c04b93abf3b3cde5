"""Real messages of 19 sources through the whole line: only what must change changes, signatures verify."""

import collections
import json
import re

from support import keys, paths
from support.case import Scenario
from support.foreign import ForeignUpstream

LARGEST_FIELD = 64 * 1024  # above it OpenDKIM at receivers hashes wrongly, so postern refuses
REPLACED = {b"date", b"message-id", b"from", b"sender", b"return-path", b"bcc", b"dkim-signature"}


class CorpusScenario(Scenario):
    """Every message goes to a recipient of its own, so that what arrives can be told apart."""

    def setUp(self):
        super().setUp()
        self.manifest = json.loads(paths.corpora("mail", "manifest.json").read_text())

    def relay_to(self, upstream, name):
        # One key for whatever domain From names is not possible; From is rewritten to ours, as users do it.
        rules = {"from": [{"match": "*", "to": "app@example.com"}]}
        return self.postern(upstream, name, dkim=self.dkim(on_missing_key="reject"), rewrite=rules)

    def content(self, number):
        return (paths.CORPORA / "mail" / self.manifest[number]["file"]).read_bytes()

    def numbers(self, clean):
        return [n for n, entry in enumerate(self.manifest) if entry["clean"] == clean]

    def submit(self, relay, number):
        """The reply to the data, or to the command that was refused before it."""
        raw = self.content(number)
        with relay.client() as client:
            client.ehlo()
            commands = [
                "MAIL FROM:<sender@example.com> BODY=8BITMIME",
                f"RCPT TO:<m{number}@example.net>",
                "DATA",
            ]
            for command in commands:
                code, text = client.docmd(command)
                if code not in (250, 354):
                    return code, text.decode("latin-1")
            client.sock.sendall(
                re.sub(rb"(^|\n)\.", rb"\1..", raw) + (b"" if raw.endswith(b"\r\n") else b"\r\n")
            )
            client.sock.sendall(b".\r\n")
            code, text = client.getreply()
            return code, text.decode("latin-1")

    def submit_all(self, relay, numbers):
        """The numbers that were taken, and {number: reply} of those that were not."""
        refused = {}
        for number in numbers:
            code, text = self.submit(relay, number)
            if code != 250:
                refused[number] = f"{code} {text}"
        relay.wait_empty(60)
        return [n for n in numbers if n not in refused], refused

    def name(self, number):
        return self.manifest[number]["file"]


class Clean(CorpusScenario):
    """What CORPORA.md calls clean: well-formed mail with one From."""

    def test_they_arrive_whole_and_verify(self):
        ses = self.sandbox()
        relay = self.relay_to(ses, "to-ses")
        taken, refused = self.submit_all(relay, self.numbers(clean=True))
        wrong = [
            f"{self.name(n)}: {reply}" for n, reply in refused.items() if not self.must_be_refused(n, reply)
        ]
        arrived = {number_of(message.recipients): message.raw for message in ses.messages()}
        missing = [n for n in taken if n not in arrived]
        unsignable = [n for n in missing if not has_author(self.header(n))]
        duplicates = [n for n in missing if n not in unsignable]
        wrong += self.wrongly_bounced(relay, duplicates)
        wrong += self.bounced_without_saying_why(relay, unsignable)
        wrong += self.differences(arrived)
        # Other upstreams take a second field of a kind: the signature must be right there.
        foreign = ForeignUpstream(self.directory / "foreign").start()
        self.addCleanup(foreign.stop)
        self.submit_all(self.relay_to(foreign, "to-others"), duplicates)
        arrived_there = {number_of(envelope["rcpt_tos"]): raw for envelope, raw in foreign.messages()}
        self.assertEqual(sorted(arrived_there), duplicates)
        wrong += self.differences(arrived_there)
        print(f"note: {len(taken)} clean messages taken, {len(refused)} with a field over 64 KiB refused")
        print(f"note: {len(duplicates)} refused by SES for a second field of a kind")
        print(f"note: {len(unsignable)} ended here: no address in From, so no key to sign with")
        self.assertEqual(wrong, [])
        self.assertGreater(len(arrived), 500)

    def must_be_refused(self, number, reply):
        header, _ = split(self.content(number))
        return max(map(len, fields(header))) > LARGEST_FIELD and "too large" in reply

    def wrongly_bounced(self, relay, numbers):
        """Those that did not come although SES had no reason to refuse them as duplicates."""
        for number in numbers:
            rows = relay.cli_json("log", "--to", f"m{number}@example.net")
            named = re.search(r"Duplicate header '([^']+)'", rows[-1]["reply"]) if rows else None
            counts = collections.Counter(
                name_of(field).decode("latin-1") for field in fields(self.header(number))
            )
            if not named or counts[named.group(1).lower()] < 2:
                yield f"{self.name(number)}: {rows[-1:]}"

    def bounced_without_saying_why(self, relay, numbers):
        for number in numbers:
            rows = relay.cli_json("log", "--to", f"m{number}@example.net")
            if [row["status"] for row in rows] != ["bounced"] or "no DKIM key" not in rows[0]["reply"]:
                yield f"{self.name(number)}: {rows}"

    def header(self, number):
        return split(self.content(number))[0]

    def differences(self, arrived):
        for number, raw in arrived.items():
            for why in differences(self.content(number), raw, self.key()):
                yield f"{self.name(number)}: {why}"


class Others(CorpusScenario):
    """Bare line ends, NULs, broken headers, several From fields."""

    def test_they_are_repaired_and_verify_or_are_refused_with_a_reason(self):
        ses = self.sandbox()
        relay = self.relay_to(ses, "to-ses")
        taken, refused = self.submit_all(relay, self.numbers(clean=False))
        wrong = [
            f"{self.name(n)}: {reply}"
            for n, reply in refused.items()
            if not re.match(r"5\d\d 5\.\d\.\d \S", reply)
        ]
        arrived = {number_of(message.recipients): message.raw for message in ses.messages()}
        for number in taken:
            if number not in arrived:
                rows = relay.cli_json("log", "--to", f"m{number}@example.net")
                if not rows or "Duplicate header" not in rows[-1]["reply"]:
                    wrong.append(f"{self.name(number)}: not delivered: {rows[-1:]}")
            elif not keys.verifies(arrived[number], self.key()):
                wrong.append(f"{self.name(number)}: the signature does not verify")
        print(
            f"note: of those not clean {len(taken)} taken, {len(refused)} refused, {len(arrived)} delivered"
        )
        reasons = collections.Counter(re.sub(r"\d+$|field \d+", "", reply) for reply in refused.values())
        print(f"note: {dict(reasons)}")
        self.assertEqual(wrong, [])


def differences(sent, came, key):
    """What is wrong with a delivered message: it may differ only where postern or SES must change it."""
    sent_header, sent_body = split(sent)
    came_header, came_body = split(came)
    if came_body != sent_body:
        yield f"the body changed ({len(sent_body)} bytes, {len(came_body)} came)"
    remaining = fields(came_header)
    missing = [f for f in fields(sent_header) if name_of(f) not in REPLACED and f not in remaining]
    if missing:
        yield f"header fields changed: {missing[:3]}"
    if len(keys.signatures(came)) != 1:
        yield f"{len(keys.signatures(came))} signatures"
    elif not keys.verifies(came, key):
        yield "the signature does not verify"


def has_author(header):
    """Whether From is one mailbox of RFC 5322: an address alone, or a name and one in angle brackets."""
    value = next(f for f in fields(header) if name_of(f) == b"from").split(b":", 1)[1].strip()
    address = rb"[!-;=?-~]+@[!-;=?-~]+"
    return re.fullmatch(rb"(?s)(%s|[^<>]*<%s>)(\s*\(.*\))?" % (address, address), value)


def number_of(recipients):
    return int(re.match(r"<?m(\d+)@", recipients[0]).group(1))


def split(raw):
    header, _, body = raw.partition(b"\r\n\r\n")
    return header + b"\r\n", body


def fields(header):
    """Its fields; a blank line of spaces at the top (three messages have one) is none, and may be dropped."""
    return re.findall(rb"[^\s][^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", header)


def name_of(field):
    return field.split(b":")[0].strip().lower()
