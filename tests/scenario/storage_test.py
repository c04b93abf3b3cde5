"""The disk: full, corrupt."""
import os
import smtplib
import subprocess
import unittest

from support import wait
from support.case import Scenario

DEAD = {"endpoint": "127.0.0.1:9", "tls": "none"}


class FullDisk(Scenario):
    def tmpfs(self, size):
        """A small file system for state_dir; needs root and the right to mount."""
        if os.getuid() != 0:
            raise unittest.SkipTest("mounting a small file system needs root")
        place = self.directory / "disk"
        place.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise unittest.SkipTest(f"no right to mount: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", str(place)], check=True)
        return place

    def setUp(self):
        super().setUp()
        self.ses = self.sandbox()

    def send_until_refused(self, relay, size, most):
        """Subjects that were answered 250, and the reply that ended it."""
        taken = []
        body = ("x" * 70 + "\r\n") * (size // 72)
        for number in range(most):
            try:
                relay.send(f"full {number}", body=body)
            except smtplib.SMTPResponseException as error:
                return taken, error
            except (smtplib.SMTPException, OSError) as error:
                return taken, error
            taken.append(f"full {number}")
        raise AssertionError(f"{most} messages of {size} bytes fitted")

    def test_below_min_free_mail_is_refused_452_and_taken_again_when_there_is_room(self):
        place = self.tmpfs("96M")
        relay = self.postern(self.ses, state_dir=str(place / "state"), limits={"min_free": "64M"})
        relay.send("room")
        filler = place / "filler"
        filler.write_bytes(b"\0" * (50 << 20))
        wait.until(lambda: self.refusal(relay), 10, "a refusal")
        refused = self.refusal(relay)
        self.assertEqual(refused.smtp_code, 452)
        self.assertIn(b"4.3.1", refused.smtp_error)
        self.assertEqual(relay.http("/readyz")[0], 503)
        filler.unlink()
        wait.until(lambda: self.refusal(relay) is None, 10, "mail is taken again")
        self.assertEqual(relay.http("/readyz")[0], 200)

    def refusal(self, relay):
        try:
            relay.send("probe")
        except smtplib.SMTPResponseException as error:
            return error
        return None

    def test_a_disk_that_is_really_full_acknowledges_nothing_that_is_not_on_it(self):
        place = self.tmpfs("24M")
        entry = self.ses.upstream()
        relay = self.postern({**DEAD}, state_dir=str(place / "state"), limits={"min_free": 0})
        taken, error = self.send_until_refused(relay, 200_000, 400)
        if isinstance(error, smtplib.SMTPResponseException):
            self.assertEqual(error.smtp_code // 100, 4, error)
        self.assertGreater(len(taken), 20)
        relay.process.kill()
        subprocess.run(["mount", "-o", "remount,size=96M", str(place)], check=True)
        relay.configure(upstream=[entry])
        relay.start()
        relay.wait_empty(60)
        arrived = [message.subject for message in self.ses.messages()]
        self.assertEqual(sorted(set(taken) - set(arrived)), [])


class Corrupt(Scenario):
    GARBAGE = b"this was a database once " * 400

    def corrupt(self, name):
        relay = self.postern(DEAD)
        relay.send("before")
        self.assertEqual(relay.stop(), 0)
        for extra in (relay.state / f"{name}-wal", relay.state / f"{name}-shm"):
            extra.unlink(missing_ok=True)
        (relay.state / name).write_bytes(self.GARBAGE)
        before = len(relay.log())
        self.assertEqual(relay.spawn().process.wait(10), 70)
        said = relay.log()[before:]
        self.assertIn(name, said)
        self.assertRegex(said, "(?i)corrupt|not a database|malformed")
        kept = [
            path.name
            for path in relay.state.iterdir()
            if path.is_file() and path.read_bytes() == self.GARBAGE
        ]
        self.assertEqual(len(kept), 1, "what was in the file is gone")
        self.assertEqual(relay.spawn().process.wait(10), 70, "the next start begins anew")
        return relay, kept[0], said

    def test_spool(self):
        _, kept, said = self.corrupt("spool.db")
        self.assertIn(kept, said, "the message does not say where the file is")

    def test_suppression(self):
        self.corrupt("suppression.db")

    def test_ledger(self):
        self.corrupt("ledger.db")
