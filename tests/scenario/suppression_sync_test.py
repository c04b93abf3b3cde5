"""The list of SES, synced from the stand-in's API over HTTPS, and what goes wrong there."""
import json

from support import ses_api, wait
from support.case import Scenario


class Synced(Scenario):
    def start(self, *options, enabled=True, aws=None, **changes):
        self.ses = self.sandbox("--api", "127.0.0.1:0", *options)
        ready = self.ses.ready
        section = {
            "region": ses_api.REGION,
            "endpoint_url": ready["api"],
            "ca_file": ready["ca"],
            "access_key_id": ready["access_key_id"],
            "secret_access_key": ready["secret_access_key"],
            **(aws or {}),
        }
        sync = {"enabled": enabled, "interval": "1s", "full_interval": "1h"}
        changes.setdefault("suppression", {"sync": sync})
        return self.postern(self.ses, aws=section, **changes)

    def status(self, relay):
        return json.loads(relay.http("/api/v1/suppression/sync")[1])

    def listed(self, relay, address):
        return relay.run("suppression", "check", address).returncode == 1

    def wait_listed(self, relay, address):
        wait.until(lambda: self.listed(relay, address), 20, lambda: f"{address}: {self.status(relay)}")

    def test_who_bounced_once_is_not_mailed_again(self):
        relay = self.start()
        relay.send("first", to="nobody@bounce.example")
        self.ses.wait_for("first")
        self.wait_listed(relay, "nobody@bounce.example")
        relay.send("second", to=["nobody@bounce.example", "good@example.net"])
        second = self.ses.wait_for("second")
        self.assertEqual(second.recipients, ["good@example.net"])
        self.assertIn("BOUNCE since", relay.cli("suppression", "check", "nobody@bounce.example", code=1))

    def test_a_full_pass_finds_what_was_removed_at_ses(self):
        relay = self.start()
        client = ses_api.boto(self.ses)
        client.put_suppressed_destination(EmailAddress="gone@example.net", Reason="COMPLAINT")
        self.wait_listed(relay, "gone@example.net")
        client.delete_suppressed_destination(EmailAddress="gone@example.net")
        relay.cli("suppression", "sync", "--force")
        self.assertFalse(self.listed(relay, "gone@example.net"))

    def test_add_and_remove_write_through(self):
        relay = self.start(enabled=False)
        client = ses_api.boto(self.ses)
        relay.cli("suppression", "add", "Jane@Example.net", "--reason", "COMPLAINT", "--ses")
        found = client.get_suppressed_destination(EmailAddress="Jane@example.net")
        self.assertEqual(found["SuppressedDestination"]["Reason"], "COMPLAINT")
        self.assertTrue(self.listed(relay, "jane@example.net"))
        relay.cli("suppression", "remove", "jane@example.net", "--ses")
        self.assertFalse(self.listed(relay, "jane@example.net"))
        with self.assertRaises(client.exceptions.NotFoundException):
            client.get_suppressed_destination(EmailAddress="Jane@example.net")

    def test_a_thousand_and_more_come_page_by_page(self):
        relay = self.start("--suppressed-count", "2500")
        relay.cli("suppression", "sync")
        self.assertEqual(relay.metric("postern_suppression_entries"), 2500)
        self.assertLess(relay.metric("postern_suppression_sync_age_seconds"), 30)
        times = [
            request["time"]
            for request in ses_api.control(self.ses, "GET", "requests")
            if request["operation"] == "ListSuppressedDestinations"
        ]
        self.assertEqual(len(times), 3)
        gaps = [later - earlier for earlier, later in zip(times, times[1:])]
        self.assertGreater(min(gaps), 0.95, "one request a second is what the account has")

    def test_the_old_list_stays_and_mail_goes_on_whatever_the_api_does(self):
        relay = self.start()
        client = ses_api.boto(self.ses)
        client.put_suppressed_destination(EmailAddress="gone@example.net", Reason="BOUNCE")
        self.wait_listed(relay, "gone@example.net")
        for kind in ("garbage", "cut-body", "endless-body", "hang", "500", "429"):
            with self.subTest(kind):
                ses_api.fault(self.ses, kind)
                relay.send(f"during {kind}", to=["good@example.net", "gone@example.net"])
                self.assertEqual(self.ses.wait_for(f"during {kind}").recipients, ["good@example.net"])
                self.assertTrue(self.listed(relay, "gone@example.net"))
                ses_api.control(self.ses, "DELETE", "fault")
        wait.until(lambda: "suppression_sync" in relay.log(), 10, "a word about it in the log")

    def test_a_doubtful_pass_changes_nothing_and_says_why(self):
        relay = self.start(enabled=False)
        client = ses_api.boto(self.ses)
        client.put_suppressed_destination(EmailAddress="gone@example.net", Reason="BOUNCE")
        relay.cli("suppression", "sync")
        client.delete_suppressed_destination(EmailAddress="gone@example.net")
        said = relay.run("suppression", "sync")
        self.assertEqual(said.returncode, 75, said)
        self.assertIn("no addresses", said.stdout, said)
        self.assertTrue(self.listed(relay, "gone@example.net"))
        relay.cli("suppression", "sync", "--force")
        self.assertFalse(self.listed(relay, "gone@example.net"))

    def test_a_missing_permission_is_named_with_the_policy(self):
        relay = self.start("--deny", "ListSuppressedDestinations", enabled=False)
        said = relay.run("suppression", "sync")
        self.assertEqual(said.returncode, 75, said)
        self.assertIn("ses:ListSuppressedDestinations", said.stdout + said.stderr)
        self.assertNotIn(self.ses.ready["secret_access_key"], relay.log() + said.stdout + said.stderr)

    def test_a_certificate_of_somebody_else_is_refused(self):
        relay = self.start(enabled=False, aws={"ca_file": ""})
        said = relay.run("suppression", "sync")
        self.assertEqual(said.returncode, 75, said)
        self.assertIn("certificate", (said.stdout + said.stderr).lower())

    def test_doctor_tells_of_the_list(self):
        relay = self.start()
        wait.until(lambda: "last_good" in self.status(relay), 20, lambda: self.status(relay))
        found = [json.loads(line) for line in relay.run("doctor", "--json").stdout.splitlines()]
        self.assertEqual([row["level"] for row in found if row["check"] == "sync"][:1], ["ok"], found)

    def test_smtp_credentials_are_made_of_the_keys(self):
        relay = self.start(enabled=False)
        given = ("username", "password_file")
        upstream = {key: value for key, value in self.ses.upstream().items() if key not in given}
        derived = self.postern(
            {**upstream, "derive": True}, name="derived", aws=relay.settings["aws"]
        )
        derived.send("with derived credentials")
        self.ses.wait_for("with derived credentials")


class WithoutDaemon(Scenario):
    def test_smtp_password_is_the_one_of_the_documentation(self):
        import subprocess

        from support import paths

        said = subprocess.run(
            [paths.POSTERN, "smtp-password", "--region", "us-east-1"],
            input="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n", capture_output=True, text=True, timeout=20,
        )  # fmt: skip
        self.assertEqual(said.returncode, 0, said)
        self.assertEqual(len(said.stdout.strip()), 44)
