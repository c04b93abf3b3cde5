"""What the tests of a booted machine share: the package, the service, its journal, a stand-in for SES.

They run inside the tree that scripts/packaging boots, as root, and nowhere else: they install and purge.
"""
import grp
import json
import os
import pathlib
import shutil
import smtplib
import subprocess
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
from support import wait  # noqa: E402
from support.sandbox import Sandbox  # noqa: E402

os.environ.pop("POSTERN_PROGRAMS", None)  # has been read; to postern it is a key of the configuration

PACKAGE = pathlib.Path("/srv/postern.deb")
CONFIG = pathlib.Path("/etc/postern/postern.yaml")
STATE = pathlib.Path("/var/lib/postern")
CREDENTIAL = pathlib.Path("/etc/credstore/ses-smtp-password")
DROP_IN = pathlib.Path("/run/systemd/system/postern.service.d/test.conf")


def run(*words, code=0, seconds=90):
    """Output and error of a command, which must end with `code` (None: any)."""
    done = subprocess.run(
        [str(word) for word in words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    if code is not None and done.returncode != code:
        raise AssertionError(f"{' '.join(map(str, words))} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def install(package=PACKAGE):
    return run("dpkg", "--force-confold", "-i", package)


def purge():
    run("dpkg", "--purge", "postern")
    run("systemctl", "reset-failed", "postern.service", code=None)


def show(name, unit="postern.service"):
    return run("systemctl", "show", "-p", name, "--value", unit).strip()


def main_pid():
    return int(show("MainPID"))


def journal():
    return run("journalctl", "-u", "postern.service", "--no-pager", "-o", "cat")


def drop_in(text):
    DROP_IN.parent.mkdir(parents=True, exist_ok=True)
    DROP_IN.write_text(text)
    run("systemctl", "daemon-reload")


def connect(port=25):
    return smtplib.SMTP("127.0.0.1", port, local_hostname="app.example.com", timeout=40)


def send(subject, port=25):
    with connect(port) as client:
        message = f"From: app@example.com\r\nSubject: {subject}\r\n\r\nHello.\r\n"
        client.sendmail("app@example.com", ["customer@example.net"], message)


class Booted(unittest.TestCase):
    """A fresh installation for each test."""

    def setUp(self):
        self.assertTrue(pathlib.Path("/run/systemd/system").exists(), "only in a booted tree")
        self.addCleanup(self.clean)
        self.said = install()

    def clean(self):
        if any(test is self for test, _ in [*self._outcome.result.failures, *self._outcome.result.errors]):
            print(run("journalctl", "--no-pager", "-n", "40", "-o", "short-monotonic"))
        purge()
        CREDENTIAL.unlink(missing_ok=True)
        shutil.rmtree(DROP_IN.parent, ignore_errors=True)
        run("systemctl", "daemon-reload")

    def sandbox(self):
        directory = pathlib.Path(self.enterContext(Directory()))
        sandbox = Sandbox(directory).start()
        self.addCleanup(sandbox.stop)
        return sandbox

    def configure(self, sandbox=None, **changes):
        """Writes the configuration, with the secret as a credential of the unit; JSON is YAML."""
        upstream = {"endpoint": "127.0.0.1:9", "username": "AKIAEXAMPLE"}
        if sandbox:
            authority = shutil.copy(sandbox.ready["ca"], "/etc/postern/authority.pem")
            pathlib.Path(authority).chmod(0o644)
            self.addCleanup(pathlib.Path(authority).unlink, missing_ok=True)
            upstream = {"endpoint": sandbox.address, "username": sandbox.ready["user"], "ca_file": authority}
            CREDENTIAL.write_text(sandbox.ready["password"])
            CREDENTIAL.chmod(0o600)
        upstream["password_file"] = "/run/credentials/postern.service/ses-smtp-password"
        CONFIG.write_text(json.dumps({"hostname": "relay.example.com", "upstream": [upstream], **changes}))

    def running(self, **changes):
        """The service with a sandbox behind it."""
        sandbox = self.sandbox()
        self.configure(sandbox, **changes)
        run("systemctl", "restart", "postern.service")
        return sandbox

    def assert_relays(self, sandbox, subject):
        send(subject)
        return sandbox.wait_for(subject)


class Directory:
    """A folder that the service may look into, which the temporary ones of Python are not."""

    def __enter__(self):
        self.path = pathlib.Path("/srv/sandbox")
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(mode=0o755)
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def group_of(path):
    return grp.getgrgid(path.stat().st_gid).gr_name


def mode_of(path):
    return oct(path.stat().st_mode & 0o7777)


__all__ = [name for name in dir() if not name.startswith("_")]
