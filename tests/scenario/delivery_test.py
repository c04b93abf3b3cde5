"""The main job: a legacy application's mail goes through postern to the stand-in for SES."""
import smtplib
import subprocess

from support import keys
from support.case import Scenario

TEXT = "First line.\r\n.dot at the start\r\n..two dots\r\n\r\ntrailing spaces  \r\nlast line\r\n"


class Clients(Scenario):
    """The three clients that the issue names, each with its own habits."""

    def setUp(self):
        super().setUp()
        self.ses = self.sandbox()
        self.relay = self.postern(self.ses, dkim=self.dkim())

    def arrived(self, subject, recipient="customer@example.net"):
        """What every delivered message must be, whoever sent it."""
        message = self.ses.wait_for(subject)
        self.assertEqual(message.sender, "app@example.com")
        self.assertEqual(message.recipients, [recipient])
        self.assertEqual(len(keys.signatures(message.raw)), 1)
        self.assertTrue(keys.verifies(message.raw, self.key()), "the DKIM signature does not verify")
        self.assertIn("by relay.example.com", message.headers["Received"])
        self.assertIn(message.ses_id, message.headers["Message-ID"], "the sandbox did not rewrite Message-ID")
        self.assertIn(message.ses_id, self.relay.cli("log", "--to", recipient))
        return message

    def run_client(self, command, text=None):
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_swaks(self):
        said = self.run_client(
            [
                "swaks",
                "--server",
                "127.0.0.1",
                "--port",
                str(self.relay.port),
                "--from",
                "app@example.com",
                "--to",
                "customer@example.net",
                "--header",
                "Subject: by swaks",
                "--body",
                "Hello from swaks.",
            ]
        )
        self.assertRegex(said, r"250 2\.0\.0 Ok: queued as \S+")
        self.assertIn(b"Hello from swaks.", self.arrived("by swaks").raw)

    def test_msmtp(self):
        self.run_client(
            [
                "msmtp",
                "--host=127.0.0.1",
                f"--port={self.relay.port}",
                "--tls=off",
                "--auth=off",
                "--from=app@example.com",
                "customer@example.net",
            ],
            "From: app@example.com\nTo: customer@example.net\nSubject: by msmtp\n\nHello from msmtp.\n",
        )
        self.assertIn(b"Hello from msmtp.", self.arrived("by msmtp").raw)

    def test_smtplib(self):
        with self.relay.client() as client:
            client.sendmail(
                "app@example.com",
                ["customer@example.net"],
                "From: app@example.com\r\nTo: customer@example.net\r\nSubject: by smtplib\r\n\r\n" + TEXT,
            )
        message = self.arrived("by smtplib")
        self.assertEqual(message.raw.split(b"\r\n\r\n", 1)[1], TEXT.encode())

    def test_many_messages_over_one_connection(self):
        with self.relay.client() as client:
            for number in range(20):
                self.relay.submit(
                    client,
                    "app@example.com",
                    ["customer@example.net"],
                    f"From: app@example.com\r\nSubject: one of many {number}\r\n\r\nx\r\n",
                )
        for number in range(20):
            self.arrived(f"one of many {number}")
        self.relay.wait_empty()
        self.assertEqual(self.relay.metric("postern_messages_received_total"), 20)
        self.assertEqual(self.relay.metric("postern_messages_delivered_total"), 20)


class Messages(Scenario):
    """What becomes of particular messages."""

    def setUp(self):
        super().setUp()
        self.ses = self.sandbox()
        self.relay = self.postern(self.ses, dkim=self.dkim())

    def test_more_recipients_than_ses_takes_are_split(self):
        recipients = [f"r{n}@example.net" for n in range(120)]
        self.relay.send("to many", to=recipients)
        parts = self.ses.wait_for("to many", count=3)
        self.assertEqual(sorted(r for part in parts for r in part.recipients), sorted(recipients))
        self.assertLessEqual(max(len(part.recipients) for part in parts), 50)
        for part in parts:
            self.assertTrue(keys.verifies(part.raw, self.key()))

    def test_a_large_message_arrives_whole_and_signed(self):
        line = "0123456789abcdef" * 4 + "\r\n"
        body = line * (6 * 1024 * 1024 // len(line))
        self.relay.send("large", body=body)
        message = self.ses.wait_for("large", seconds=30)
        self.assertEqual(message.raw.split(b"\r\n\r\n", 1)[1], body.encode())
        self.assertTrue(keys.verifies(message.raw, self.key()))

    def test_bare_line_feeds_are_repaired(self):
        with self.relay.client() as client:
            client.ehlo()
            client.mail("app@example.com")
            client.rcpt("customer@example.net")
            client.docmd("DATA")
            client.send(b"From: app@example.com\nSubject: bare\n\none\ntwo\n.\nthree\r\n.\r\n")
            self.assertEqual(client.getreply()[0], 250)
        raw = self.ses.wait_for("bare").raw
        self.assertTrue(raw.endswith(b"\r\n\r\none\r\ntwo\r\n.\r\nthree\r\n"), raw[-60:])
        self.assertTrue(keys.verifies(raw, self.key()))

    def test_a_subdomain_is_signed_by_the_key_of_its_parent(self):
        self.relay.send("subdomain", sender="shop@mail.example.com")
        self.assertTrue(keys.verifies(self.ses.wait_for("subdomain").raw, self.key()))

    def test_a_domain_without_key_is_sent_unsigned(self):
        self.relay.send("no key", sender="app@other.example.org")
        self.assertEqual(keys.signatures(self.ses.wait_for("no key").raw), [])

    def test_a_refused_recipient_is_told_at_once_to_nobody_else(self):
        """A recipient that the listener refuses does not stop the others."""
        with self.relay.client() as client:
            client.ehlo()
            client.mail("app@example.com")
            self.assertEqual(client.rcpt("not an address")[0] // 100, 5)
            self.assertEqual(client.rcpt("good@example.net")[0], 250)
            self.assertEqual(client.data("From: app@example.com\r\nSubject: half\r\n\r\nx\r\n")[0], 250)
        self.assertEqual(self.ses.wait_for("half").recipients, ["good@example.net"])


class Rewriting(Scenario):
    """Senders that SES would refuse."""

    def setUp(self):
        super().setUp()
        self.ses = self.sandbox()

    def relay_with(self, **rewrite):
        return self.postern(self.ses, dkim=self.dkim(), rewrite=rewrite)

    def test_root_gets_the_default_domain_and_is_signed_with_its_key(self):
        self.relay_with(default_domain="example.com").send("cron", sender="root")
        message = self.ses.wait_for("cron")
        self.assertEqual(message.sender, "root@example.com")
        self.assertEqual(message.headers["From"], "root@example.com")
        self.assertTrue(keys.verifies(message.raw, self.key()))

    def test_rules_for_envelope_and_from(self):
        relay = self.relay_with(
            sender=[{"match": "*@*.internal", "to": "bounce@example.com"}],
            **{"from": [{"match": "*@*.internal", "to": "noreply@example.com", "keep": "reply-to"}]},
        )
        relay.send("rules", sender="www-data@web1.internal")
        message = self.ses.wait_for("rules")
        self.assertEqual(message.sender, "bounce@example.com")
        self.assertIn("noreply@example.com", message.headers["From"])
        self.assertIn("www-data@web1.internal", message.headers["Reply-To"])
        self.assertTrue(keys.verifies(message.raw, self.key()))

    def test_a_null_sender_is_replaced(self):
        self.relay_with(null_sender="bounces@example.com").send("null", sender="", author="a@example.com")
        self.assertEqual(self.ses.wait_for("null").sender, "bounces@example.com")

    def test_a_null_sender_is_refused_when_there_is_none_to_replace_it(self):
        with self.assertRaises(smtplib.SMTPResponseException) as caught:
            self.relay_with(default_domain="example.com").send("null", sender="")
        self.assertEqual(caught.exception.smtp_code, 550)
        self.assertIn(b"5.7.1", caught.exception.smtp_error)
