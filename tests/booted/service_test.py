"""The unit on a booted system: mail through port 25, reload, watchdog, and what a bad configuration gets."""
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess

from host import CONFIG, CREDENTIAL, Booted, connect, drop_in, journal, main_pid, run, show, wait

BIND_LOW_PORTS = 1 << 10  # CAP_NET_BIND_SERVICE


def status(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return line.split()[1]
    raise AssertionError(f"no {name} of {pid}")


class Service(Booted):
    def test_mail_from_port_25_to_the_upstream_signed(self):
        key = CONFIG.parent / "dkim" / "example.com.pem"
        run("openssl", "genpkey", "-algorithm", "RSA", "-out", key)
        self.addCleanup(key.unlink)
        run("chgrp", "postern", key)
        key.chmod(0o640)
        keys = [{"domain": "example.com", "selector": "s1", "key_file": str(key)}]
        sandbox = self.running(dkim={"keys": keys})
        message = self.assert_relays(sandbox, "from port 25")
        self.assertIn("s=s1", message.headers["DKIM-Signature"])
        self.assertIn("status=sent", journal())
        for command in ("health", "queue list", "log --to customer@example.net"):
            run("postern", *command.split())

    def test_ready_after_the_start(self):
        self.running()
        begun = int(show("ExecMainStartTimestampMonotonic"))
        ready = int(show("ActiveEnterTimestampMonotonic"))
        print(f"note: the service is ready {(ready - begun) / 1000:.0f} ms after its start")
        self.assertLess(ready - begun, 10_000_000)

    def test_it_runs_as_its_user_with_one_capability_behind_a_filter(self):
        self.running()
        pid = main_pid()
        self.assertEqual(int(status(pid, "Uid")), pwd.getpwnam("postern").pw_uid)
        for kind in ("CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status(pid, kind), 16), BIND_LOW_PORTS, kind)
        self.assertEqual((status(pid, "Seccomp"), status(pid, "NoNewPrivs")), ("2", "1"))

    def test_reload_takes_the_new_configuration_and_stays_up(self):
        sandbox = self.running()
        pid = main_pid()
        self.configure(sandbox, hostname="other.example.com")
        run("systemctl", "reload", "postern.service")
        renamed = lambda: self.greeting().startswith("other.example.com")  # noqa: E731
        wait.until(renamed, 10, "the new name in the greeting")
        self.assertEqual((main_pid(), show("ActiveState")), (pid, "active"))
        self.assert_relays(sandbox, "after the reload")

    @staticmethod
    def wait_for_another(pid):
        def started():
            return main_pid() not in (0, pid) and show("ActiveState") == "active"

        wait.until(started, 30, "another process")

    @staticmethod
    def greeting():
        with connect() as client:
            return client.ehlo()[1].decode()

    def test_the_watchdog_is_reported(self):
        drop_in("[Service]\nWatchdogSec=2\n")
        self.running()
        first = int(show("WatchdogTimestampMonotonic"))
        newer = lambda: int(show("WatchdogTimestampMonotonic")) > first  # noqa: E731
        wait.until(newer, 5, "a newer WatchdogTimestamp")
        self.assertGreater(first, 0)

    def test_a_process_that_hangs_is_restarted(self):
        drop_in("[Service]\nWatchdogSec=2\nTimeoutAbortSec=2\n")
        sandbox = self.running()
        pid = main_pid()
        os.kill(pid, signal.SIGSTOP)
        self.wait_for_another(pid)
        self.assertIn("Watchdog timeout", journal())
        self.assert_relays(sandbox, "after the watchdog")

    def test_killed_it_comes_back(self):
        sandbox = self.running()
        pid = main_pid()
        os.kill(pid, signal.SIGKILL)
        self.wait_for_another(pid)
        self.assert_relays(sandbox, "after SIGKILL")


class Unit(Booted):
    def test_systemd_has_nothing_to_say_against_the_units(self):
        units = ("postern.service", "postern.socket")
        self.assertEqual(run("systemd-analyze", "verify", "--man=no", *units), "")

    def test_exposure(self):
        said = run("systemd-analyze", "security", "--offline=true", "--no-pager", "postern.service")
        exposure = float(re.search(r"exposure level for postern.service: ([\d.]+)", said).group(1))
        print(f"note: systemd-analyze security: exposure {exposure}")
        self.assertLessEqual(exposure, 1.5)


class Refused(Booted):
    def test_a_missing_credential_is_named_and_not_tried_again(self):
        self.configure(self.sandbox())
        CREDENTIAL.unlink()
        run("systemctl", "start", "postern.service", code=1)
        state = [show(name) for name in ("ExecMainStatus", "NRestarts", "SubState")]
        self.assertEqual(state, ["78", "0", "failed"])
        self.assertIn("/run/credentials/postern.service/ses-smtp-password", journal())

    def test_a_credential_that_nobody_names_is_not_missed(self):
        self.running()
        self.assertFalse(pathlib.Path("/etc/credstore/aws-secret-access-key").exists())
        self.assertEqual(show("ActiveState"), "active")

    def refused_by_the_unit(self, code, **changes):
        """What the journal says of a service that ends with this code as soon as it is started."""
        self.configure(self.sandbox(), **changes)
        run("systemctl", "start", "postern.service", code=1)
        self.assertEqual(show("ExecMainStatus"), str(code), journal())
        return journal()

    def test_a_state_directory_that_the_unit_may_not_write(self):
        state = pathlib.Path("/srv/elsewhere")
        state.mkdir()
        self.addCleanup(shutil.rmtree, state)
        shutil.chown(state, "postern", "postern")
        words = self.refused_by_the_unit(73, state_dir=str(state))
        uid = pwd.getpwnam("postern").pw_uid
        self.assertIn(f"state_dir /srv/elsewhere is not writable: Read-only file system (uid {uid})", words)
        drop_in("[Service]\nReadWritePaths=/srv/elsewhere\n")
        run("systemctl", "restart", "postern.service")
        self.assertTrue((state / "spool.db").exists())

    def test_a_unit_without_the_capability_is_told_three_ways_and_tried_again(self):
        drop_in("[Service]\nAmbientCapabilities=\nCapabilityBoundingSet=\n")
        words = self.refused_by_the_unit(77)
        for way in ("127.0.0.1:25", "root", "CAP_NET_BIND_SERVICE", "net.ipv4.ip_unprivileged_port_start"):
            self.assertIn(way, words)
        # Somebody may open the port to users meanwhile, so that it is worth another try, which 78 is not.
        lowest = pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
        self.addCleanup(lowest.write_text, lowest.read_text())
        lowest.write_text("0")
        wait.until(lambda: show("ActiveState") == "active", 20, "the next start, which may listen")

    def as_postern(self, **changes):
        """Exit code and words of the daemon as its user, without the unit and so without its capability."""
        self.configure(self.sandbox(), **changes)
        text = CONFIG.read_text().replace("/run/credentials/postern.service", "/srv/refused")
        folder = pathlib.Path("/srv/refused")
        folder.mkdir()
        self.addCleanup(shutil.rmtree, folder)
        for name, content in (("postern.yaml", text), ("ses-smtp-password", "secret")):
            (folder / name).write_text(content)
        as_user = ["setpriv", "--reuid", "postern", "--regid", "postern", "--clear-groups"]
        done = subprocess.run(
            [*as_user, "postern", "serve", "-c", str(folder / "postern.yaml")],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.returncode, done.stderr

    def test_port_25_without_the_capability_tells_three_ways(self):
        state = pathlib.Path("/srv/state")
        state.mkdir()
        self.addCleanup(shutil.rmtree, state)
        shutil.chown(state, "postern", "postern")
        code, words = self.as_postern(state_dir=str(state), listen=[{"address": "127.0.0.1:25"}])
        self.assertEqual(code, 77, words)
        for way in ("root", "CAP_NET_BIND_SERVICE", "net.ipv4.ip_unprivileged_port_start"):
            self.assertIn(way, words)

    def test_an_unwritable_state_directory_is_named_with_the_user(self):
        state = pathlib.Path("/srv/locked")
        state.mkdir()
        self.addCleanup(shutil.rmtree, state)
        code, words = self.as_postern(state_dir=str(state), listen=[{"address": "127.0.0.1:2525"}])
        self.assertEqual(code, 73, words)
        self.assertIn("/srv/locked", words)
        self.assertIn(f"uid {pwd.getpwnam('postern').pw_uid}", words)
