"""The configuration file: problems at start and on reload, and what a good reload changes."""
import shutil

from support import keys, wait
from support.case import Scenario


class AtStart(Scenario):
    def relay(self, **changes):
        return self.postern({"endpoint": "127.0.0.1:9", "tls": "none"}, start=False, **changes)

    def refused(self, relay, seconds=10):
        return relay.spawn().process.wait(seconds)

    def test_all_problems_are_listed_with_their_lines(self):
        relay = self.relay()
        relay.file.write_text(
            "hostname: relay.example.com\n"
            "state_dirr: /tmp/x\n"
            "limits:\n"
            "  message_size: many\n"
            "  hops: 50\n"
            "  hops: 60\n"
            "reputation: {action: alert}\n"
            "upstream:\n"
            '  - {endpoint: "127.0.0.1:9", tls: none}\n'
        )
        for words in (("check",), ("serve",)):
            said = relay.run(*words)
            self.assertEqual(said.returncode, 78, said)
            for line, key in (
                (2, "state_dirr"),
                (4, "limits.message_size"),
                (6, "limits.hops"),
                (7, "reputation"),
            ):
                self.assertRegex(said.stderr + said.stdout, rf"(?m)^{relay.file}:{line}: {key}: \S", words)

    def test_a_good_file_is_accepted_without_a_word(self):
        relay = self.relay()
        done = relay.run("check")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_an_unreadable_key(self):
        key = self.directory / "broken.pem"
        key.write_text("-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n")
        relay = self.relay(dkim={"keys": [{"domain": "example.com", "selector": "s1", "key_file": str(key)}]})
        self.assertEqual(self.refused(relay), 78)
        self.assertIn(str(key), relay.log())

    def test_a_key_that_is_not_there(self):
        relay = self.relay(
            dkim={"keys": [{"domain": "example.com", "selector": "s1", "key_file": "/nonexistent/k"}]}
        )
        self.assertEqual(self.refused(relay), 78)
        self.assertIn("/nonexistent/k", relay.log())

    def test_a_port_in_use(self):
        first = self.relay().start()
        second = self.postern(
            {"endpoint": "127.0.0.1:9", "tls": "none"},
            name="second",
            start=False,
            listen=[{"address": f"127.0.0.1:{first.port}"}],
        )
        self.assertEqual(self.refused(second), 69)
        self.assertIn(f"127.0.0.1:{first.port}", second.log())
        self.assertEqual(first.http("/readyz")[0], 200)

    def test_a_second_daemon_on_the_same_state_directory(self):
        first = self.relay().start()
        second = self.postern(
            {"endpoint": "127.0.0.1:9", "tls": "none"}, name="second", start=False, state_dir=str(first.state)
        )
        self.assertEqual(self.refused(second), 75)
        self.assertIn(str(first.state), second.log())
        first.send("the first goes on")

    def test_secrets_come_from_the_environment(self):
        ses = self.sandbox()
        entry = ses.upstream()
        password = open(entry.pop("password_file")).read()
        relay = self.postern({**entry, "password": "${RELAY_PASSWORD}"}, start=False)
        relay.environment = {"RELAY_PASSWORD": password}
        relay.start().send("by environment")
        ses.wait_for("by environment")


class Reload(Scenario):
    def setUp(self):
        super().setUp()
        self.ses = self.sandbox()
        self.relay = self.postern(self.ses, dkim=self.dkim())

    def sender_after(self, subject):
        self.relay.send(subject, sender="root")
        return self.ses.wait_for(subject).sender

    def test_a_good_new_configuration_is_taken_without_a_restart(self):
        self.relay.configure(rewrite={"default_domain": "example.com"})
        before = self.relay.process.pid
        self.relay.reload()
        wait.until(lambda: self.accepts_root(), 10, "the new rewrite rule in force")
        self.assertEqual(self.sender_after("reloaded"), "root@example.com")
        self.assertEqual(self.relay.process.pid, before)

    def accepts_root(self):
        with self.relay.client() as client:
            client.ehlo()
            return client.mail("root")[0] == 250

    def test_a_changed_file_is_taken_without_a_signal(self):
        self.relay.configure(rewrite={"default_domain": "example.com"})
        wait.until(lambda: self.accepts_root(), 10, "the changed file in force")

    def test_a_bad_new_configuration_is_refused_and_the_old_one_goes_on(self):
        self.relay.file.write_text("hostname: [\nnonsense: true\n")
        self.relay.reload()
        wait.until(lambda: str(self.relay.file) in self.relay.log(), 10, "the problem in the log")
        self.relay.send("still here")
        self.assertTrue(keys.verifies(self.ses.wait_for("still here").raw, self.key()))

    def test_an_unreadable_key_leaves_the_old_one_in_force(self):
        working = self.directory / "working.pem"
        shutil.copy(self.key(), working)
        self.key().write_text("garbage")
        self.relay.reload()
        wait.until(lambda: str(self.key()) in self.relay.log(), 10, "the unreadable key in the log")
        self.relay.send("old key")
        self.assertTrue(keys.verifies(self.ses.wait_for("old key").raw, working))

    def test_a_new_key_is_taken_within_seconds(self):
        new = self.directory / "new.pem"
        keys.make_key(new)
        new.replace(self.key())
        fresh = self.directory / "copy.pem"  # another path: records are remembered by it
        shutil.copy(self.key(), fresh)
        number = 0

        def signed_with_the_new_one():
            nonlocal number
            number += 1
            self.relay.send(f"which key {number}")
            return keys.verifies(self.ses.wait_for(f"which key {number}").raw, fresh)

        wait.until(signed_with_the_new_one, 10, "a signature of the new key")

    def test_what_needs_a_restart_is_said(self):
        self.relay.configure(state_dir=str(self.directory / "elsewhere"))
        self.relay.reload()
        wait.until(lambda: "state_dir" in self.relay.log(), 10, "state_dir named in the log")
        self.relay.send("where it was")
        self.ses.wait_for("where it was")
        self.assertFalse((self.directory / "elsewhere").exists())
