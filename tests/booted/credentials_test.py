"""Secrets that root alone may read, handed over by systemd, and what works without them."""
import pathlib
import shutil

from host import CONFIG, CREDENTIAL, Booted, drop_in, journal, mode_of, run, send, show
from support import keys

STORE = CREDENTIAL.parent
HANDED_OVER = "/run/credentials/postern.service"


class DkimKeys(Booted):
    def key(self, path):
        keys.make_key(path)
        self.addCleanup(path.unlink, missing_ok=True)
        self.assertEqual((mode_of(path), path.owner()), ("0o600", "root"))
        return path

    def relay_with(self, **names):
        """A service whose keys are credentials: {domain label: name of the credential}."""
        listed = [
            {"domain": f"{label}.com", "selector": "s1", "key_file": f"{HANDED_OVER}/{name}"}
            for label, name in names.items()
        ]
        return self.running(dkim={"keys": listed, "on_missing_key": "reject"})

    def test_a_key_that_root_alone_may_read_signs(self):
        key = self.key(STORE / "dkim")
        sandbox = self.relay_with(example="dkim")
        message = self.assert_relays(sandbox, "signed with a credential")
        self.assertTrue(keys.verifies(message.raw, key))

    def test_keys_of_a_folder_sign_each_for_its_domain(self):
        folder = STORE / "keys"
        folder.mkdir(mode=0o700)
        self.addCleanup(shutil.rmtree, folder)
        drop_in(f"[Service]\nLoadCredential=dkim:{folder}\n")
        key = self.key(folder / "example.com.pem")
        self.key(folder / "example.net.pem")
        sandbox = self.relay_with(example="dkim_example.com.pem")
        message = self.assert_relays(sandbox, "signed with one of a folder")
        self.assertTrue(keys.verifies(message.raw, key))
        self.assertFalse(keys.verifies(message.raw, folder / "example.net.pem"))

    def test_a_key_that_is_not_there_is_named_and_not_waited_for(self):
        with self.assertRaises(AssertionError):
            self.relay_with(example="dkim")
        self.assertEqual([show("ExecMainStatus"), show("NRestarts")], ["78", "0"])
        self.assertIn(f"dkim.keys[0].key_file: dkim key of example.com, {HANDED_OVER}/dkim", journal())
        self.assertIn("/etc/credstore/dkim", journal())


class Stopped(Booted):
    """The credentials are gone: what does not need them works, the rest says where they come from."""

    def setUp(self):
        super().setUp()
        keys.make_key(STORE / "dkim")
        self.addCleanup((STORE / "dkim").unlink)
        key = {"domain": "example.com", "selector": "s1", "key_file": f"{HANDED_OVER}/dkim"}
        sandbox = self.running(dkim={"keys": [key]})
        self.assert_relays(sandbox, "sent before")
        sandbox.stop()
        send("left behind")
        run("systemctl", "stop", "postern.service")
        self.assertFalse(pathlib.Path(HANDED_OVER).exists())

    def test_queue_log_and_list_can_be_looked_at_and_changed(self):
        self.assertIn("customer@example.net", run("postern", "queue", "list"))
        self.assertIn("due when the daemon starts: 1 message", run("postern", "queue", "flush"))
        self.assertIn("status=sent", run("postern", "log", "--to", "customer@example.net"))
        run("postern", "suppression", "add", "gone@example.net", "--reason", "BOUNCE")
        run("postern", "suppression", "check", "gone@example.net", code=1)
        self.assertIn("gone@example.net", run("postern", "suppression", "list"))
        self.assertIn("gone@example.net", run("postern", "suppression", "export"))
        run("postern", "health", code=1)
        run("systemctl", "start", "postern.service")
        self.assertIn("gone@example.net", run("postern", "suppression", "list"))

    def test_check_and_doctor_tell_where_a_secret_comes_from(self):
        for command in ("check", "doctor"):
            said = run("postern", command, code=78)
            self.assertIn(f"{CONFIG}:1: upstream[0].password_file: {HANDED_OVER}/ses-smtp-password", said)
            self.assertIn("/etc/credstore/ses-smtp-password", said)

    def test_what_the_daemon_alone_does_says_that_it_is_stopped(self):
        self.assertIn("the daemon is not running", run("postern", "suppression", "sync", code=69))
