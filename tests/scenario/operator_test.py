"""What the operator sees: health, metrics, queue, log, reports of the daemon about itself."""
import json
import re

from support import wait
from support.case import Scenario

DEAD = {"endpoint": "127.0.0.1:9", "tls": "none"}
PROMISED = [
    "postern_messages_received_total",
    "postern_recipients_suppressed_total",
    "postern_messages_delivered_total",
    "postern_deliveries_total",
    "postern_queue_messages",
    "postern_queue_oldest_seconds",
    "postern_upstream_throttled_total",
    "postern_dkim_signatures_total",
    "postern_suppression_entries",
    "postern_last_delivery_timestamp_seconds",
    "postern_accept_seconds",
    "postern_delivery_seconds",
]


class Http(Scenario):
    def test_health(self):
        relay = self.postern(DEAD)
        self.assertEqual(relay.http("/livez")[0], 200)
        self.assertEqual(relay.http("/readyz")[0], 200)
        self.assertEqual(relay.http("/nonsense")[0], 404)
        relay.cli("health")
        relay.stop()
        relay.cli("health", code=1)

    def test_every_promised_metric_is_there_and_prometheus_can_read_it(self):
        ses = self.sandbox()
        relay = self.postern(ses, dkim=self.dkim())
        relay.cli("suppression", "add", "gone@example.net", "--reason", "BOUNCE")
        relay.send("one", to=["good@example.net", "gone@example.net"])
        ses.wait_for("one")
        relay.wait_empty()
        status, text = relay.http("/metrics")
        self.assertEqual(status, 200)
        typed = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
        self.assertEqual([name for name in PROMISED if name not in typed], [])
        for line in text.splitlines():
            self.assertRegex(
                line,
                r"^(# (HELP|TYPE) postern_\w+ .+"
                r'|postern_\w+(\{(\w+="[^"\n]*",?)+\})? ([-+0-9.eE]+|[-+]?Inf|NaN))$',
            )
            self.assertNotIn("@", line, "an address in a metric")
        self.assertEqual(relay.metric("postern_messages_received_total"), 1)
        self.assertEqual(relay.metric("postern_messages_delivered_total"), 1)
        self.assertEqual(relay.metric("postern_suppression_entries"), 1)
        self.assertEqual(relay.metric("postern_dkim_signatures_total"), 1)
        self.assertGreater(relay.metric("postern_last_delivery_timestamp_seconds"), 1.7e9)
        self.assertEqual(relay.metric("postern_accept_seconds_count"), 1)

    def test_nothing_can_be_changed_over_http(self):
        relay = self.postern(DEAD)
        relay.send("stay")
        import urllib.error
        import urllib.request

        for method in ("POST", "DELETE", "PUT"):
            request = urllib.request.Request(
                f"http://127.0.0.1:{relay.admin_port}/api/v1/queue", method=method, data=b"{}"
            )
            with self.assertRaises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request, timeout=5)
            self.assertIn(caught.exception.code, (401, 403, 404, 405))
        self.assertEqual(len(relay.queue()), 1)

    def test_it_can_be_switched_off(self):
        relay = self.postern(DEAD, start=False)
        relay.configure(admin={"listen": "", "socket": str(relay.directory / "admin.sock")})
        relay.spawn()
        wait.until(lambda: relay.run("health").returncode == 0, 10, "healthy over the socket")
        self.assertEqual(relay.http("/livez")[0], 0)


class Log(Scenario):
    def test_a_delivery_can_be_followed(self):
        ses = self.sandbox()
        relay = self.postern(ses)
        queue_id = relay.send("follow me")
        message = ses.wait_for("follow me")
        relay.wait_empty()
        lines = [json.loads(line) for line in relay.log().splitlines()]
        for line in lines:
            self.assertLessEqual({"time", "level", "event"}, set(line), line)
        sent = [line for line in lines if line.get("id") == queue_id and line.get("status") == "sent"]
        self.assertEqual(len(sent), 1, lines)
        self.assertEqual(sent[0]["to"], "customer@example.net")
        self.assertEqual(sent[0]["ses_id"], message.ses_id)
        self.assertRegex(sent[0]["relay"], r"^\S+\[127\.0\.0\.1\]:\d+$")
        self.assertEqual(sent[0]["dsn"], "2.0.0")
        self.assertIn("250 Ok", sent[0]["reply"])
        self.assertIn("delay", sent[0])
        for secret in ("follow me", ses.ready["password"]):
            self.assertNotIn(secret, relay.log(), "content or a secret in the log")

    def test_the_text_form_has_the_words_of_postfix(self):
        ses = self.sandbox()
        relay = self.postern(ses, log={"format": "text"})
        relay.send("text")
        ses.wait_for("text")
        relay.wait_empty()
        self.assertRegex(
            relay.log(),
            r'to=<?"?customer@example\.net>?"? .*relay=\S+\[127\.0\.0\.1\]:\d+ .*delay=[\d.]+ '
            r'.*dsn=2\.0\.0 .*status=sent .*reply="250 Ok \S+"',
        )

    def test_addresses_can_be_masked(self):
        ses = self.sandbox()
        relay = self.postern(ses, log={"format": "json", "mask_addresses": True})
        relay.send("masked")
        ses.wait_for("masked")
        relay.wait_empty()
        self.assertNotIn("customer@example.net", relay.log())
        self.assertIn('"sent"', relay.log())

    def test_a_probe_that_says_nothing_is_not_logged(self):
        relay = self.postern(DEAD)
        before = relay.log()
        for _ in range(5):
            relay.client().close()
        relay.send("after the probes")
        wait.until(lambda: '"deferred"' in relay.log(), 10, "the attempt to deliver it")
        added = [json.loads(line)["event"] for line in relay.log()[len(before) :].splitlines()]
        self.assertLessEqual(set(added), {"queued", "upstream", "delivery", "alignment"})


class Ledger(Scenario):
    def test_it_is_searched_by_each_option(self):
        ses = self.sandbox()
        relay = self.postern(ses)
        queue_id = relay.send("first", to="first@example.net")
        relay.send("second", to="second@example.net", sender="other@example.com")
        ses_id = ses.wait_for("first").ses_id
        ses.wait_for("second")
        relay.wait_empty()
        for words in (["--to", "FIRST@example.net"], ["--from", "app@example.com"], ["--id", queue_id]):
            rows = relay.cli_json("log", *words)
            self.assertEqual([row["to"] for row in rows], ["first@example.net"], words)
            self.assertEqual(rows[0]["ses_id"], ses_id)
            self.assertEqual(rows[0]["status"], "sent")
        self.assertEqual(len(relay.cli_json("log", "--since", "1h")), 2)
        self.assertEqual(relay.cli_json("log", "--to", "nobody@example.net"), [])

    def test_it_outlives_the_daemon(self):
        ses = self.sandbox()
        relay = self.postern(ses)
        relay.send("before the end")
        ses.wait_for("before the end")
        relay.wait_empty()
        relay.stop()
        self.assertEqual(len(relay.cli_json("log")), 1)
        self.assertEqual(relay.cli_json("queue", "list"), [])


class Queue(Scenario):
    def test_rows_are_those_of_postqueue(self):
        relay = self.postern(DEAD)
        queue_id = relay.send("queued", to=["a@example.net", "b@example.net"])
        row = wait.until(relay.queue, 10, "a message in the queue")[0]
        self.assertEqual(row["queue_id"], queue_id)
        self.assertEqual(row["sender"], "app@example.com")
        self.assertGreater(row["message_size"], 50)
        self.assertGreater(row["arrival_time"], 1_700_000_000)
        self.assertEqual([r["address"] for r in row["recipients"]], ["a@example.net", "b@example.net"])

    def test_flush_hold_release_and_delete(self):
        relay = self.postern(DEAD)
        first, second = relay.send("one"), relay.send("two")
        relay.cli("queue", "hold", first)
        relay.cli("queue", "delete", second)
        self.assertEqual([row["queue_id"] for row in relay.queue()], [first])
        self.assertIn("one", relay.cli("queue", "show", first))
        relay.cli("queue", "release", first)
        relay.cli("queue", "flush")
        relay.cli("queue", "show", "nonsense", code=1)
        relay.cli("queue", "delete", "all")
        self.assertEqual(relay.queue(), [])

    def test_without_the_daemon(self):
        relay = self.postern(DEAD)
        queue_id = relay.send("left behind")
        relay.stop()
        self.assertEqual([row["queue_id"] for row in relay.queue()], [queue_id])
        self.assertEqual(relay.cli("queue", "flush"), "due when the daemon starts: 1 message\n")
        relay.start()
        self.assertRegex(relay.cli("queue", "flush"), r"^tried now: ")

    def test_without_the_daemon_and_its_secrets(self):
        relay = self.postern(self.sandbox(), dkim=self.dkim())
        relay.cli("suppression", "add", "gone@example.net", "--reason", "BOUNCE")
        relay.stop()
        self.key().unlink()
        (self.directory / "sandbox" / "password").unlink()
        relay.cli("queue", "list")
        relay.cli("log")
        relay.cli("suppression", "check", "gone@example.net", code=1)
        for command in ("check", "doctor", "serve"):
            done = relay.run(command)
            self.assertEqual(done.returncode, 78, done.stderr)
            self.assertIn("upstream[0].password_file", done.stderr)
            self.assertIn("cannot be read", done.stderr)


class Output(Scenario):
    """Where the answer of a command goes may be full, or gone."""

    def test_an_answer_that_could_not_be_written_is_a_failure(self):
        relay = self.postern(DEAD)
        relay.send("logged")
        wait.until(lambda: relay.cli("log"), 10, "an attempt in the ledger")
        for words in (["log"], ["queue", "list"], ["log", "--json"]):
            done = relay.run_into("/dev/full", *words)
            self.assertEqual(done.returncode, 73, words)
            self.assertIn("standard output could not be written", done.stderr)

    def test_a_reader_that_has_had_enough_is_none(self):
        relay = self.postern(DEAD)
        relay.send("logged")
        wait.until(lambda: relay.cli("log"), 10, "an attempt in the ledger")
        for words in (["log"], ["queue", "list"]):
            done = relay.run_unread(*words)
            self.assertEqual((done.returncode, done.stderr), (0, ""), words)


class Usage(Scenario):
    def test_wrong_words_are_usage_errors(self):
        relay = self.postern(DEAD, start=False)
        for words in (["nonsense"], ["queue", "nonsense"], ["log", "--nonsense"]):
            self.assertEqual(relay.run(*words).returncode, 64, words)

    def test_a_file_that_is_not_there(self):
        relay = self.postern(DEAD, start=False)
        relay.file.unlink()
        self.assertEqual(relay.run("check").returncode, 78)
        self.assertEqual(relay.run("serve").returncode, 78)
