"""The suppression list: look-up at RCPT, the three actions, the command line beside the running daemon."""
from support import wait
from support.case import Scenario


class SuppressionScenario(Scenario):
    def relay_with(self, **suppression):
        self.ses = self.sandbox()
        self.relay = self.postern(self.ses, suppression=suppression)
        self.relay.cli("suppression", "add", "Gone@Example.net", "--reason", "BOUNCE")

    def rcpt(self, address):
        with self.relay.client() as client:
            client.ehlo()
            client.mail("app@example.com")
            code, text = client.rcpt(address)
            return code, text.decode()


class Drop(SuppressionScenario):
    def setUp(self):
        super().setUp()
        self.relay_with()

    def test_the_suppressed_recipient_is_left_out(self):
        self.relay.send("two", to=["good@example.net", "gone@example.NET"])
        self.assertEqual(self.ses.wait_for("two").recipients, ["good@example.net"])
        self.assertIn("suppressed", self.relay.cli("log", "--to", "gone@example.net"))
        self.assertIn('"suppressed"', self.relay.log())
        metrics = self.relay.metrics()
        counted = [
            key for key in metrics if key.startswith("postern_recipients_suppressed_total{") and metrics[key]
        ]
        self.assertEqual(len(counted), 1, metrics)
        self.assertIn('reason="BOUNCE"', counted[0])
        self.assertIn('action="drop"', counted[0])

    def test_a_dropped_recipient_is_answered_250(self):
        code, text = self.rcpt("gone@example.net")
        self.assertEqual(code, 250)
        self.assertIn("2.1.5", text)

    def test_a_message_to_suppressed_recipients_only_ends_here(self):
        self.relay.send("nobody left", to=["gone@example.net"])
        self.relay.send("after it")
        self.ses.wait_for("after it")
        self.relay.wait_empty()
        self.assertEqual([m.subject for m in self.ses.messages()], ["after it"])

    def test_add_and_remove_hold_from_the_next_recipient_of_an_open_session(self):
        with self.relay.client() as client:
            client.ehlo()
            client.mail("app@example.com")
            client.rcpt("new@example.net")
            self.relay.cli("suppression", "add", "later@example.net", "--reason", "COMPLAINT")
            self.relay.cli("suppression", "remove", "gone@example.net")
            client.rcpt("later@example.net")
            client.rcpt("gone@example.net")
            client.data("From: app@example.com\r\nSubject: changed\r\n\r\nx\r\n")
        self.assertEqual(self.ses.wait_for("changed").recipients, ["new@example.net", "gone@example.net"])


class Reject(SuppressionScenario):
    def test_it_says_why_and_the_others_go_through(self):
        self.relay_with(action="reject")
        code, text = self.rcpt("gone@example.net")
        self.assertEqual(code, 550)
        self.assertRegex(text, r"5\.1\.1 <gone@example\.net> suppressed: BOUNCE since \d{4}-\d\d-\d\d")
        with self.relay.client() as client:
            refused = client.sendmail(
                "app@example.com",
                ["gone@example.net", "good@example.net"],
                "From: app@example.com\r\nSubject: rest\r\n\r\nx\r\n",
            )
        self.assertEqual(list(refused), ["gone@example.net"])
        self.assertEqual(self.ses.wait_for("rest").recipients, ["good@example.net"])


class Hold(SuppressionScenario):
    def test_it_waits_in_the_queue(self):
        self.relay_with(action="hold")
        self.relay.send("held", to=["gone@example.net", "good@example.net"])
        self.assertEqual(self.ses.wait_for("held").recipients, ["good@example.net"])
        queue = wait.until(self.relay.queue, 10, "the held recipient in the queue")
        self.assertEqual(len(queue), 1)
        self.assertIn("gone@example.net", str(queue[0]))
        self.assertEqual(len(self.ses.messages()), 1)


class Reasons(SuppressionScenario):
    def test_an_entry_with_a_reason_that_does_not_count_is_mailed(self):
        self.relay_with(reasons=["COMPLAINT"])
        self.relay.send("still mailed", to="gone@example.net")
        self.assertEqual(self.ses.wait_for("still mailed").recipients, ["gone@example.net"])


class CommandLine(SuppressionScenario):
    """With the daemon and without it."""

    def check(self):
        relay = self.relay
        self.assertIn("Gone@Example.net", relay.cli("suppression", "list"))
        relay.cli("suppression", "check", "gone@example.net", code=1)
        relay.cli("suppression", "check", "other@example.net", code=0)
        relay.cli("suppression", "add", "second@example.net", "--reason", "COMPLAINT")
        said = relay.cli("suppression", "check", "second@example.net", code=1)
        self.assertIn("COMPLAINT", said)
        exported = relay.cli("suppression", "export")
        self.assertIn("second@example.net", exported)
        relay.cli("suppression", "remove", "second@example.net")
        relay.cli("suppression", "check", "second@example.net", code=0)
        file = self.directory / "list"
        file.write_text(exported)
        relay.cli("suppression", "import", str(file))
        relay.cli("suppression", "check", "second@example.net", code=1)
        entries = {entry["address"]: entry for entry in relay.cli_json("suppression", "list")}
        self.assertEqual(entries["Gone@Example.net"]["reason"], "BOUNCE")
        for key in ("source", "since"):
            self.assertTrue(entries["Gone@Example.net"][key])

    def test_with_the_daemon(self):
        self.relay_with()
        self.check()

    def test_an_export_that_could_not_be_written_is_a_failure(self):
        self.relay_with()
        done = self.relay.run_into("/dev/full", "suppression", "export")
        self.assertEqual(done.returncode, 73, done.stderr)
        self.assertIn("standard output could not be written", done.stderr)
        self.assertEqual(self.relay.run_unread("suppression", "export").returncode, 0)

    def test_a_folder_is_no_list(self):
        self.relay_with()
        done = self.relay.run("suppression", "import", str(self.directory))
        self.assertEqual(done.returncode, 64, done.stderr)
        self.assertIn(str(self.directory), done.stderr)

    def test_what_only_the_daemon_does_says_so_without_it(self):
        self.relay_with()
        self.relay.stop()
        for words in (["sync"], ["add", "new@example.net", "--reason", "BOUNCE", "--ses"]):
            done = self.relay.run("suppression", *words)
            self.assertEqual(done.returncode, 69, done.stderr)
            self.assertIn("the daemon is not running", done.stderr)
        self.relay.cli("suppression", "check", "new@example.net")

    def test_without_the_daemon(self):
        self.relay_with()
        self.assertEqual(self.relay.stop(), 0)
        self.check()
        self.relay.start()
        code, text = self.rcpt("second@example.net")
        self.assertEqual(code, 250)
        self.assertIn("2.1.5", text, "what was imported without the daemon does not count in it")
