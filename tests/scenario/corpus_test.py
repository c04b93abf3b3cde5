"""Real messages of 19 sources through the whole line: only what must change changes, signatures verify."""
import json
import re
import smtplib

from support import keys, paths, wait
from support.case import Scenario

FROM = "sender@example.com"


class Corpus(Scenario):
    """Every message goes to a recipient of its own, so that what arrives can be told apart."""

    def setUp(self):
        super().setUp()
        self.manifest = json.loads(paths.corpora("mail", "manifest.json").read_text())
        self.ses = self.sandbox()
        # One key for whatever domain From names is not possible; From is rewritten to ours, as users do it.
        self.relay = self.postern(
            self.ses,
            dkim=self.dkim(on_missing_key="reject"),
            rewrite={"from": [{"match": "*", "to": "app@example.com"}]},
        )

    def submit(self, raw, number):
        """The reply to the data, or to what refused it before."""
        with self.relay.client() as client:
            client.ehlo()
            for code, text in (
                client.mail(FROM, ["BODY=8BITMIME"]),
                client.rcpt(f"m{number}@example.net"),
                client.docmd("DATA"),
            ):
                if code not in (250, 354):
                    return code, text
            client.sock.sendall(
                re.sub(rb"(^|\n)\.", rb"\1..", raw) + (b"" if raw.endswith(b"\r\n") else b"\r\n")
            )
            client.sock.sendall(b".\r\n")
            return client.getreply()

    def wait_all(self, count):
        wait.until(
            lambda: len(self.ses.paths()) + self.ended() >= count,
            60,
            lambda: f"{count} messages; {len(self.ses.paths())} came, {self.ended()} were refused",
        )
        return {int(m.recipients[0].split("@")[0][1:]): m for m in self.ses.messages()}

    def ended(self):
        return self.relay.log().count('"bounced"')

    def test_clean_messages_arrive_whole_and_verify(self):
        clean = [(n, m) for n, m in enumerate(self.manifest) if m["clean"]]
        refused = {}
        for number, entry in clean:
            code, text = self.submit((paths.CORPORA / "mail" / entry["file"]).read_bytes(), number)
            if code != 250:
                refused[entry["file"]] = (code, text)
        self.assertEqual(refused, {})
        arrived = self.wait_all(len(clean))
        wrong = []
        for number, entry in clean:
            if number not in arrived:
                wrong.append(
                    f"{entry['file']}: {self.relay.cli('log', '--to', f'm{number}@example.net').strip()}"
                )
                continue
            raw = (paths.CORPORA / "mail" / entry["file"]).read_bytes()
            wrong += [f"{entry['file']}: {why}" for why in differences(raw, arrived[number].raw, self.key())]
        self.assertEqual(wrong, [])

    def test_others_are_repaired_and_verify_or_are_refused_with_a_reason(self):
        wrong, taken = [], 0
        others = [(n, m) for n, m in enumerate(self.manifest) if not m["clean"]]
        for number, entry in others:
            try:
                code, text = self.submit((paths.CORPORA / "mail" / entry["file"]).read_bytes(), number)
            except (smtplib.SMTPException, OSError) as error:
                wrong.append(f"{entry['file']}: {error!r}")
                continue
            taken += code == 250
            if code != 250 and not re.match(rb"5\.\d\.\d \S", text):
                wrong.append(f"{entry['file']}: {code} {text}")
        arrived = self.wait_all(taken)
        for number, message in arrived.items():
            if not keys.verifies(message.raw, self.key()):
                wrong.append(f"{self.manifest[number]['file']}: the signature does not verify")
        print(f"note: {len(others)} messages that are not clean: {taken} taken, {len(arrived)} delivered")
        self.assertEqual(wrong, [])


REPLACED = {b"date", b"message-id", b"from", b"sender", b"return-path", b"bcc", b"dkim-signature"}


def differences(sent, came, key):
    """What is wrong with a delivered message: it may differ only where postern or SES must change it."""
    sent_header, sent_body = split(sent)
    came_header, came_body = split(came)
    if came_body != sent_body:
        yield f"the body changed ({len(sent_body)} bytes, {len(came_body)} came)"
    kept = [field for field in fields(sent_header) if name(field) not in REPLACED]
    remaining = fields(came_header)
    missing = [field for field in kept if field not in remaining]
    if missing:
        yield f"header fields changed: {missing[:3]}"
    if len(keys.signatures(came)) != 1:
        yield f"{len(keys.signatures(came))} signatures"
    elif not keys.verifies(came, key):
        yield "the signature does not verify"


def split(raw):
    header, _, body = raw.partition(b"\r\n\r\n")
    return header + b"\r\n", body


def fields(header):
    return re.findall(rb"[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", header)


def name(field):
    return field.split(b":")[0].strip().lower()
