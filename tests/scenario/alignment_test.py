"""What receivers will make of a message that leaves through SES, with DNS servers that are real or broken."""
import json
import time
import unittest

from support import keys, paths, wait
from support.case import Scenario
from support.dns import Knot, TestDns, knot_missing, txt

SES = "@ 60 TXT \"v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/24 -all\""


def sending(domain_record, dmarc="v=DMARC1; p=reject"):
    return f'@ 60 TXT "{domain_record}"\n_dmarc 60 TXT "{dmarc}"\n'


class Aligned(Scenario):
    """A knot that knows some senders, and a daemon that asks it."""

    def setUp(self):
        super().setUp()
        if knot_missing():
            self.skipTest(knot_missing())
        public = keys.record(self.key()).decode()
        strings = " ".join(f'"{public[i:i + 200]}"' for i in range(0, len(public), 200))
        self.knot = Knot(
            self.directory / "knot",
            {
                "amazonses.com": SES,
                "example.com": sending("v=spf1 include:amazonses.com ~all")
                + f"s1._domainkey 60 TXT {strings}\n",
                "unsigned.test": sending("v=spf1 include:amazonses.com ~all"),
                "foreign.test": sending("v=spf1 ip4:203.0.113.7 -all"),
                "stale.test": sending("v=spf1 ip4:192.0.2.0/24 -all"),
                "broken.test": sending("v=spf1 ip4:nonsense -all"),
                "two.test": sending("v=spf1 ~all") + '@ 60 TXT "v=spf1 a -all"\n',
            },
        ).start()
        self.addCleanup(self.knot.stop)

    def relay(self, **changes):
        dns = {"servers": [self.knot.address], "timeout": "1s", "tries": 1}
        return self.postern(self.sandbox(), dkim=self.dkim(), dns=dns, **changes)

    def answer(self, relay, domain, author=None):
        """The reply to a message from that domain, in the envelope and (unless another is given) in From."""
        with relay.client() as client:
            author = author or f"app@{domain}"
            message = f"From: {author}\r\nTo: c@example.net\r\nSubject: {domain}\r\n\r\nHello\r\n"
            client.ehlo()
            client.mail(f"app@{domain}")
            client.rcpt("c@example.net")
            return client.data(message)

    def test_report_takes_everything_and_tells_log_ledger_and_metrics(self):
        relay = self.relay()
        for domain in ("example.com", "unsigned.test", "foreign.test", "stale.test", "broken.test"):
            self.assertEqual(self.answer(relay, domain)[0], 250)
        relay.wait_empty()
        rows = wait.until(
            lambda: (found := relay.cli_json("log", "--to", "c@example.net", "--json"))
            and len([row for row in found if "spf" in row]) == 5
            and {row["from"].split("@")[1]: row for row in found},
            10,
            "alignment of five messages in the ledger",
        )
        found = {domain: (row["spf"], row["dmarc"]) for domain, row in rows.items()}
        self.assertEqual(
            found,
            {
                "example.com": ("pass", "pass"),
                "unsigned.test": ("pass", "fail"),
                "foreign.test": ("fail", "fail"),
                "stale.test": ("fail", "fail"),
                "broken.test": ("permerror", "fail"),
            },
        )
        self.assertEqual(rows["example.com"]["alignment"], "dkim")
        self.assertEqual(relay.metrics()['postern_spf_results_total{result="fail"}'], 2)
        self.assertEqual(relay.metrics()['postern_dmarc_results_total{result="pass"}'], 1)
        warned = [event for event in relay.events("alignment") if event.get("publish")]
        self.assertTrue(
            any(e["domain"] == "foreign.test" and "include:amazonses.com" in e["publish"] for e in warned),
            warned,
        )

    def test_the_same_warning_comes_once_an_hour(self):
        relay = self.relay()
        for _ in range(3):
            self.answer(relay, "foreign.test")
        relay.wait_empty()
        failed = 'postern_spf_results_total{result="fail"}'
        wait.until(lambda: relay.metrics()[failed] == 3, 10, "three results")
        warned = [
            event
            for event in relay.events("alignment")
            if event.get("domain") == "foreign.test" and event["reason"].startswith("spf")
        ]
        self.assertEqual(len(warned), 1, warned)

    def test_what_is_known_in_time_stands_in_the_header(self):
        relay = self.relay()
        self.answer(relay, "example.com")
        passed = 'postern_dmarc_results_total{result="pass"}'
        wait.until(lambda: relay.metrics()[passed], 10, "the first result")
        self.answer(relay, "example.com")
        relay.wait_empty()
        relay_messages = [event for event in relay.events("queued") if "alignment" in event]
        self.assertIn("spf=pass dmarc=pass (dkim)", relay_messages[-1]["alignment"])

    def test_enforce_refuses_with_the_codes_of_the_contract(self):
        relay = self.relay(spf={"action": "enforce"}, dmarc={"action": "enforce"})
        for domain, code, words in (
            ("example.com", 250, "2.0.0"),
            ("foreign.test", 550, "5.7.23"),
            ("stale.test", 550, "5.7.23"),
            ("broken.test", 550, "5.7.24"),
            ("unsigned.test", 550, "5.7.1"),
        ):
            got, text = self.answer(relay, domain)
            self.assertEqual((got, text.decode().split()[0]), (code, words), (domain, text))

    def test_a_refusal_names_the_record_to_publish_and_easy_dkim(self):
        relay = self.relay(spf={"action": "enforce"}, dmarc={"action": "enforce"})
        refused = self.answer(relay, "foreign.test")[1].decode()
        record = 'foreign.test. TXT "v=spf1 include:amazonses.com ip4:203.0.113.7 -all"'
        self.assertTrue(refused.endswith(f"; publish {record}"), refused)
        refused = self.answer(relay, "unsigned.test")[1].decode()
        self.assertIn("Easy DKIM", refused)
        self.assertIn("publish bounce.unsigned.test. TXT", refused)

    def test_every_author_counts_and_one_with_an_open_quote_is_understood(self):
        ses = self.sandbox()
        dns = {"servers": [self.knot.address], "timeout": "1s", "tries": 1}
        relay = self.postern(ses, dkim=self.dkim(), dns=dns, dmarc={"action": "enforce"})
        two = "app@example.com, other@unsigned.test"
        self.assertEqual(self.answer(relay, "example.com", two)[0], 550)
        self.assertEqual(self.answer(relay, "example.com", '"Shop <app@example.com>')[0], 250)
        relay.wait_empty()
        message = ses.messages()[0]
        self.assertIn(b'\r\nFrom: "Shop" <app@example.com>\r\n', message.raw)
        self.assertTrue(keys.verifies(message.raw, self.key()))

    def test_doctor_names_what_to_publish(self):
        relay = self.relay(
            access={"senders": ["*@example.com", "*@foreign.test", "*@unsigned.test"]},
            spf={"mail_from_domain": {"unsigned.test": "bounce.unsigned.test"}},
        )
        said = relay.run("doctor", "--json")
        found = [json.loads(line) for line in said.stdout.splitlines()]
        self.assertEqual(said.returncode, 1, said)
        levels = {(row["check"], row["subject"]): row["level"] for row in found}
        self.assertEqual(levels[("spf", "example.com")], "ok", found)
        self.assertEqual(levels[("dmarc", "example.com")], "ok", found)
        self.assertEqual(levels[("spf", "foreign.test")], "fail", found)
        self.assertEqual(levels[("dkim", "s1._domainkey.example.com")], "ok", found)
        self.assertTrue(any(row["check"] == "upstream" and row["level"] == "ok" for row in found), found)
        records = " ".join(row.get("record", "") for row in found)
        self.assertIn('foreign.test. TXT "v=spf1', records)
        self.assertIn("bounce.unsigned.test. MX 10 feedback-smtp.ap-northeast-1.amazonses.com", records)
        self.assertEqual(levels[("mail_from", "unsigned.test")], "fail", "it has no MX")
        self.assertEqual(levels[("mail_from", "foreign.test")], "warn", "it has no MAIL FROM domain")
        self.assertEqual(levels[("mail_from", "example.com")], "ok", found)
        self.assertEqual(levels[("dkim", "unsigned.test")], "warn", found)
        self.assertEqual(relay.run("doctor").returncode, 1)

    def test_spf_is_explained_term_by_term(self):
        relay = self.relay()
        said = relay.cli_json("spf", "example.com", "--ip", "198.51.100.9", "--json")[0]
        self.assertEqual((said["result"], said["lookups"], said["void_lookups"]), ("pass", 1, 0), said)
        matched = [(term["depth"], term["term"]) for term in said["terms"] if term["match"]]
        self.assertEqual(matched, [(0, "include:amazonses.com"), (1, "ip4:198.51.100.0/24")], said)
        text = relay.cli("spf", "foreign.test")
        self.assertIn("result: fail for 192.0.2.0", text)

    def test_records_that_are_too_many_are_all_shown(self):
        text = self.relay().cli("spf", "two.test", "--ip", "192.0.2.1")
        self.assertIn("two.test: v=spf1 ~all\n", text)
        self.assertIn("two.test: v=spf1 a -all\n", text)
        self.assertNotIn("no SPF record", text)


@unittest.skipUnless(paths.tool("testdns.py").exists(), "testdns.py lies beside the corpora: not here")
class BrokenDns(Scenario):
    def setUp(self):
        super().setUp()
        self.dns = TestDns(
            self.directory / "dns",
            [
                txt("amazonses.com", "v=spf1 ip4:192.0.2.0/24 -all"),
                txt("example.com", "v=spf1 include:amazonses.com ~all"),
                txt("_dmarc.example.com", "v=DMARC1; p=none"),
                txt("big.test", "v=spf1 include:amazonses.com " + "ip4:203.0.113.1 " * 150 + "~all"),
                txt("loop.test", "v=spf1 include:loop.test ~all"),
                txt("two.test", "v=spf1 ~all"),
                txt("two.test", "v=spf1 -all"),
                txt("terminal.test", "v=spf1 include:\x1b[2J\xff -all"),
            ],
        ).start()
        self.addCleanup(self.dns.stop)

    def relay(self, action, **changes):
        dns = {"servers": [self.dns.address], "timeout": "500ms", "tries": 1}
        both = {"spf": {"action": action}, "dmarc": {"action": action}}
        return self.postern(self.sandbox(), dkim=self.dkim(), dns=dns, **both, **changes)

    def reply(self, relay, domain="example.com"):
        with relay.client() as client:
            client.ehlo()
            client.mail(f"app@{domain}")
            client.rcpt("c@example.net")
            began = time.monotonic()
            code, text = client.data(f"From: app@{domain}\r\nSubject: x\r\n\r\nHello\r\n")
            return code, text.decode(), time.monotonic() - began

    def test_a_failure_is_temporary_when_enforced_and_nothing_when_reported(self):
        reporting = self.relay("report", name="reporting")
        for action in ("timeout", "servfail", "refused", "garbage", "wrong_id", "tcp_close"):
            with self.subTest(action):
                self.dns.misbehave({"name": "example.com", "types": "*", "action": action})
                enforcing = self.relay("enforce", name=f"enforcing-{action}")
                code, text, took = self.reply(enforcing)
                self.assertEqual((code, text.split()[0]), (451, "4.7.24"), text)
                self.assertLess(took, 4)
                enforcing.stop()
                code, _, took = self.reply(reporting)
                self.assertEqual(code, 250)
                self.assertLess(took, 1)

    def test_an_outage_does_not_slow_down_what_is_reported(self):
        self.dns.misbehave({"name": "example.com", "types": "*", "action": "timeout"})
        relay = self.relay("report")
        began = time.monotonic()
        for _ in range(30):
            self.assertEqual(self.reply(relay)[0], 250)
        self.assertLess(time.monotonic() - began, 10)
        relay.wait_empty()
        unknown = 'postern_spf_results_total{result="temperror"}'
        wait.until(lambda: relay.metrics()[unknown] == 30, 20, "thirty temperrors")

    def test_an_answer_too_large_for_udp_comes_by_tcp(self):
        said = self.relay("report").cli_json("spf", "big.test", "--ip", "192.0.2.1", "--json")[0]
        self.assertEqual(said["result"], "pass", said)

    def test_records_that_can_not_be_evaluated_have_the_result_of_the_rfc(self):
        relay = self.relay("report")
        for domain in ("loop.test", "two.test"):
            said = relay.cli_json("spf", domain, "--ip", "192.0.2.1", "--json")[0]
            self.assertEqual(said["result"], "permerror", said)
            self.assertTrue(said["problem"], said)

    def test_what_strangers_publish_gives_no_orders_to_a_terminal(self):
        relay = self.relay("report")
        text = relay.cli("spf", "terminal.test", "--ip", "192.0.2.1")
        self.assertIn("include:?[2J", text)
        self.assertNotIn("\x1b", text)
        relay.cli_json("spf", "terminal.test", "--ip", "192.0.2.1")  # it is JSON
