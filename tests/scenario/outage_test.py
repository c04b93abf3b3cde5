"""The upstream is away, refuses the password, or comes back; postern ends and starts meanwhile."""
import pathlib
import threading
import time

from support import wait
from support.case import Scenario
from support.ports import free_port


class Outage(Scenario):
    def away(self, **changes):
        """A relay whose upstream does not answer yet, and the sandbox to start later."""
        self.ses = self.sandbox("--smtp", f"127.0.0.1:{free_port()}")
        entry = self.ses.upstream()
        self.ses.stop()
        return self.postern(entry, **changes)

    def test_the_mail_is_kept_and_log_metrics_and_queue_say_so(self):
        relay = self.away()
        queue_id = relay.send("kept")
        wait.until(
            lambda: '"deferred"' in relay.log(), 15, lambda: f"a deferral in the log: {relay.log()[-2000:]}"
        )
        row = relay.queue()[0]
        self.assertEqual(row["queue_id"], queue_id)
        self.assertIn("customer@example.net", str(row["recipients"]))
        wait.until(
            lambda: "refused" in str(relay.queue()), 5, lambda: f"a reason in the queue: {relay.queue()}"
        )
        self.assertIn(queue_id, relay.cli("queue", "list"))
        self.assertEqual(relay.metric("postern_queue_messages"), 1)
        self.assertGreaterEqual(relay.metric("postern_queue_oldest_seconds"), 0)
        self.assertGreater(relay.metric("postern_deliveries_total"), 0)
        self.assertEqual(relay.http("/readyz")[0], 200, "readiness must not depend on SES")

    def test_a_long_queue_that_can_go_nowhere_costs_no_cpu(self):
        relay = self.away()
        senders = [threading.Thread(target=self.send_some, args=(relay, n)) for n in range(20)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        wait.until(lambda: '"deferred"' in relay.log(), 15, "the first attempt")
        before = relay.process.cpu_seconds()
        time.sleep(3)  # what is measured: three seconds of an outage
        self.assertLess(relay.process.cpu_seconds() - before, 0.6)

    def test_an_upstream_that_returns_is_used_within_30_seconds(self):
        relay = self.away()
        for number in range(5):
            relay.send(f"waiting {number}")
        time.sleep(6)  # the outage itself: let several attempts fail and the pauses between them grow
        self.ses.start()
        returned = time.monotonic()
        for number in range(5):
            self.ses.wait_for(f"waiting {number}", seconds=30)
        self.assertLess(time.monotonic() - returned, 30)
        relay.wait_empty()

    def test_it_ends_within_drain_and_has_the_mail_after_the_next_start(self):
        relay = self.away(delivery={"drain": "2s"})
        relay.send("over the restart")
        started = time.monotonic()
        self.assertEqual(relay.stop(10), 0)
        self.assertLess(time.monotonic() - started, 4)
        self.ses.start()
        relay.start()
        self.ses.wait_for("over the restart")

    def test_an_upstream_that_ends_in_mid_conversation_costs_nothing(self):
        self.ses = self.sandbox("--smtp", f"127.0.0.1:{free_port()}")
        relay = self.postern(self.ses)
        for round_number in range(3):
            sender = threading.Thread(target=self.send_some, args=(relay, round_number))
            sender.start()
            time.sleep(0.3)  # some moment while mail flows
            self.ses.process.kill()
            sender.join()
            self.ses.start()
        relay.wait_empty(60)
        subjects = {message.subject for message in self.ses.messages()}
        self.assertEqual(subjects, {f"flow {r} {n}" for r in range(3) for n in range(50)})

    def send_some(self, relay, round_number):
        with relay.client() as client:
            for number in range(50):
                relay.submit(
                    client,
                    "app@example.com",
                    ["customer@example.net"],
                    f"From: app@example.com\r\nSubject: flow {round_number} {number}\r\n\r\nx\r\n",
                )


class Credentials(Scenario):
    def test_a_refused_password_holds_the_queue_until_it_is_mended(self):
        ses = self.sandbox()
        entry = ses.upstream()
        password = pathlib.Path(entry["password_file"])
        right = password.read_text()
        password.write_text("wrong")
        relay = self.postern(entry)
        relay.send("after the rotation")
        wait.until(lambda: "535" in relay.log(), 15, lambda: f"535 in the log: {relay.log()[-2000:]}")
        self.assertEqual(len(relay.queue()), 1)
        self.assertNotIn("bounced", relay.cli("log", "--to", "customer@example.net"))
        password.write_text(right)
        ses.wait_for("after the rotation", seconds=30)
        relay.wait_empty()


class Shutdown(Scenario):
    def setUp(self):
        super().setUp()
        self.ses = self.sandbox()
        self.relay = self.postern(self.ses, delivery={"drain": "5s"})

    def test_sigterm_with_nothing_to_do_ends_at_once(self):
        started = time.monotonic()
        self.assertEqual(self.relay.stop(), 0)
        self.assertLess(time.monotonic() - started, 2)

    def test_a_transaction_in_progress_may_finish(self):
        client = self.relay.client()
        self.addCleanup(client.close)
        client.ehlo()
        client.mail("app@example.com")
        client.rcpt("customer@example.net")
        self.assertEqual(client.docmd("DATA")[0], 354)
        client.send(b"From: app@example.com\r\nSubject: last one\r\n")
        self.relay.process.signal(15)
        wait.until(lambda: self.relay.http("/readyz")[0] != 200, 5, "not ready while it drains")
        client.send(b"\r\nbody\r\n.\r\n")
        self.assertEqual(client.getreply()[0], 250)
        self.assertEqual(client.getreply()[0], 421, "the session must end after its transaction")
        self.assertEqual(self.relay.process.wait(8), 0)
        if not [m for m in self.ses.messages() if m.subject == "last one"]:
            self.relay.start()
        self.ses.wait_for("last one")

    def test_an_idle_session_is_told_and_does_not_hold_the_end(self):
        with self.relay.client() as client:
            client.ehlo()
            started = time.monotonic()
            self.relay.process.signal(15)
            self.assertEqual(client.getreply()[0], 421)
            self.assertEqual(self.relay.process.wait(8), 0)
            self.assertLess(time.monotonic() - started, 3)

    def test_a_client_that_never_finishes_does_not_outlast_drain(self):
        client = self.relay.client()
        self.addCleanup(client.close)
        client.ehlo()
        client.mail("app@example.com")
        client.rcpt("customer@example.net")
        client.docmd("DATA")
        started = time.monotonic()
        self.assertEqual(self.relay.stop(10), 0)
        self.assertLess(time.monotonic() - started, 7)
