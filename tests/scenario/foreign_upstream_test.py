"""A second upstream, not written by us: what exactly goes over the wire to it."""
from support import keys, wait
from support.case import Scenario
from support.foreign import ForeignUpstream

ORIGINAL = (
    b"From: App <app@example.com>\r\nTo: customer@example.net\r\nBcc: secret@example.net\r\n"
    b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=old; h=from; bh=x; b=y\r\n"
    b"Subject: over the wire\r\nX-Odd:   spaces  and\r\n\tfolding\r\n\r\n"
    b"Body with a \xe9 byte, and\r\n..two dots\r\n.\tone\r\n\r\n"
)


class ForeignUpstreamScenario(Scenario):
    def upstream(self, *options, **more):
        foreign = ForeignUpstream(self.directory / "foreign", *options, **more).start()
        self.addCleanup(foreign.stop)
        return foreign


class Wire(ForeignUpstreamScenario):
    def setUp(self):
        super().setUp()
        self.aiosmtpd = self.upstream()
        self.relay = self.postern(self.aiosmtpd, dkim=self.dkim())

    def test_tls_and_authentication_are_used(self):
        self.relay.send("over the wire")
        envelope, _ = self.aiosmtpd.wait_for(1)[0]
        self.assertTrue(envelope["tls"])
        self.assertEqual(envelope["user"], ForeignUpstream.USER)
        self.assertEqual(envelope["ehlo"], "relay.example.com")
        self.assertEqual(envelope["mail_from"], "app@example.com")
        self.assertEqual(envelope["rcpt_tos"], ["customer@example.net"])

    def test_only_what_must_change_changes(self):
        with self.relay.client() as client:
            client.ehlo()
            client.mail("app@example.com", ["BODY=8BITMIME"])
            client.rcpt("customer@example.net")
            self.assertEqual(client.data(ORIGINAL)[0], 250)
        _, raw = self.aiosmtpd.wait_for(1)[0]
        header, body = raw.split(b"\r\n\r\n", 1)
        self.assertEqual(body, ORIGINAL.split(b"\r\n\r\n", 1)[1])
        self.assertNotIn(b"Bcc", header)
        self.assertNotIn(b"s=old", header)
        self.assertEqual(len(keys.signatures(raw)), 1)
        self.assertTrue(keys.verifies(raw, self.key()))
        for field in (b"\r\nDate: ", b"\r\nMessage-ID: <"):
            self.assertEqual((b"\r\n" + header).count(field), 1, field)
        kept = (
            b"From: App <app@example.com>\r\nTo: customer@example.net\r\nSubject: over the wire\r\n"
            b"X-Odd:   spaces  and\r\n\tfolding"
        )
        self.assertTrue(header.endswith(kept), header)

    def test_what_ses_rewrites_is_not_signed(self):
        self.relay.send(
            "signed fields", headers="Date: Tue, 24 Nov 2026 03:00:00 +0000\r\nMessage-ID: <a@b.example>\r\n"
        )
        _, raw = self.aiosmtpd.wait_for(1)[0]
        signed = keys.signed_fields(raw)
        for name in (b"date", b"message-id", b"return-path", b"bounces-to"):
            self.assertNotIn(name, signed)
        self.assertEqual(signed.count(b"from"), 2, "From is oversigned")
        self.assertIn(b"Message-ID: <a@b.example>", raw)

    def test_the_id_of_the_upstream_is_in_the_log(self):
        self.relay.send("with id")
        envelope, _ = self.aiosmtpd.wait_for(1)[0]
        self.relay.wait_empty()
        self.assertIn(envelope["message_id"], self.relay.cli("log", "--to", "customer@example.net"))


class Refusals(ForeignUpstreamScenario):
    def setUp(self):
        super().setUp()
        self.aiosmtpd = self.upstream()
        self.relay = self.postern(self.aiosmtpd, delivery={"retry": ["1s"]})

    def test_one_refused_recipient_ends_alone(self):
        self.relay.send("mixed", to=["reject-550@example.net", "good@example.net"])
        envelope, _ = self.aiosmtpd.wait_for(1)[0]
        self.assertEqual(envelope["rcpt_tos"], ["good@example.net"])
        self.relay.wait_empty()
        self.assertIn("bounced", self.relay.cli("log", "--to", "reject-550@example.net"))
        self.assertIn("sent", self.relay.cli("log", "--to", "good@example.net"))

    def test_a_temporary_refusal_keeps_the_recipient_and_retries(self):
        self.relay.send("deferred", to=["defer-451@example.net", "good@example.net"])
        self.aiosmtpd.wait_for(1)
        log = wait.until(
            lambda: self.relay.cli("log", "--to", "defer-451@example.net").count("deferred") >= 2,
            20,
            "a second attempt for the deferred recipient",
        )
        self.assertTrue(log)
        queued = self.relay.queue()
        self.assertEqual(len(queued), 1)
        self.assertEqual(len(self.aiosmtpd.messages()), 1, "the good recipient was mailed again")

    def test_throttling_loses_nothing_and_bounces_nothing(self):
        self.relay.send("throttled", to="data-454@example.net")
        wait.until(
            lambda: self.relay.metric("postern_upstream_throttled_total") >= 1,
            15,
            "throttling in the metrics",
        )
        self.assertEqual(len(self.relay.queue()), 1)
        self.assertNotIn("bounced", self.relay.cli("log", "--to", "data-454@example.net"))

    def test_an_unverified_identity_is_held_for_a_person(self):
        self.relay.send("unverified", to="data-554@example.net")
        wait.until(lambda: "not verified" in self.relay.log(), 15, "the refusal in the log")
        self.assertEqual(len(self.relay.queue()), 1)
        self.assertNotIn("bounced", self.relay.cli("log", "--to", "data-554@example.net"))

    def test_a_connection_that_closes_without_a_reply_is_retried(self):
        self.relay.send("dropped", to="drop@example.net")
        wait.until(lambda: self.relay.queue(), 10, "the message in the queue")
        self.relay.send("after it", to="good@example.net")
        self.aiosmtpd.wait_for(1)
        wait.until(lambda: len(self.relay.queue()) == 1, 10, self.relay.queue)
        self.assertEqual(self.relay.queue()[0]["recipients"][0]["address"], "drop@example.net")


class Certificates(ForeignUpstreamScenario):
    """An upstream that cannot prove who it is gets neither mail nor password."""

    def refused(self, certificate):
        upstream = self.upstream(certificate=certificate)
        relay = self.postern(upstream)
        relay.send("not for strangers")
        wait.until(
            lambda: '"deferred"' in relay.log(), 20, lambda: f"a deferral in the log: {relay.log()[-2000:]}"
        )
        self.assertEqual(upstream.messages(), [])
        self.assertEqual(len(relay.queue()), 1)
        self.assertRegex(relay.log().lower(), "certificate")

    def test_a_wrong_host_name(self):
        self.refused("wrongname")

    def test_an_expired_certificate(self):
        self.refused("expired")

    def test_an_unknown_authority(self):
        upstream = self.upstream()
        relay = self.postern(upstream.upstream(ca_file=""))
        relay.send("not for strangers")
        wait.until(
            lambda: '"deferred"' in relay.log(), 20, lambda: f"a deferral in the log: {relay.log()[-2000:]}"
        )
        self.assertEqual(upstream.messages(), [])


class ImplicitTls(Scenario):
    def test_mail_goes_through(self):
        ses = self.sandbox("--tls", "implicit")
        self.postern(ses.upstream(tls="implicit")).send("wrapped")
        ses.wait_for("wrapped")

    def test_a_plain_greeting_where_tls_should_be_gets_no_mail(self):
        ses = self.sandbox()
        relay = self.postern(ses.upstream(tls="implicit"))
        relay.send("implicit")
        wait.until(lambda: '"deferred"' in relay.log(), 20, lambda: f"a deferral: {relay.log()[-2000:]}")
        self.assertEqual(ses.messages(), [])
        self.assertEqual(len(relay.queue()), 1)
