"""postern under test: its configuration, the daemon, its command line, its HTTP side."""
import json
import os
import pathlib
import re
import signal
import smtplib
import subprocess
import urllib.error
import urllib.request

from support import paths, wait
from support.ports import free_port
from support.process import Process


class Postern:
    """One configuration in one folder. `changes` are laid over the defaults, key by key at the top level."""

    def __init__(self, directory, upstream, **changes):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port, self.admin_port = free_port(), free_port()
        self.file = self.directory / "postern.yaml"
        self.state = self.directory / "state"
        self.process = None
        self.environment = {}
        self.log_path = self.directory / "postern.log"
        self.settings = {
            "hostname": "relay.example.com",
            "state_dir": str(self.state),
            "listen": [{"address": f"127.0.0.1:{self.port}"}],
            "upstream": [upstream],
            "admin": {"listen": f"127.0.0.1:{self.admin_port}", "socket": str(self.directory / "admin.sock")},
            "log": {"format": "json"},
        }
        self.configure(**changes)

    def configure(self, **changes):
        """Changes the configuration file; JSON is YAML."""
        self.settings.update(changes)
        self.file.write_text(json.dumps(self.settings, indent=2))

    # --- the daemon

    def spawn(self, *launcher):
        """Starts it, where that is wanted by another program, and does not wait."""
        self.process = Process(
            [*launcher, paths.POSTERN, "serve", "-c", self.file],
            self.directory / "stdout",
            self.log_path,
            self.environment,
        )
        return self

    def start(self, seconds=10):
        self.spawn()
        wait.until(self._ready, seconds, lambda: f"postern ready; it said: {self.log()[-4000:]}")
        return self

    def _ready(self):
        if not self.process.running:
            raise AssertionError(f"postern ended with {self.process.wait(1)}: {self.log()[-4000:]}")
        return self.http("/readyz")[0] == 200

    def stop(self, seconds=15):
        return self.process.stop(seconds)

    def clean_up(self):
        if self.process:
            self.process.kill()

    def reload(self):
        self.process.signal(signal.SIGHUP)

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def events(self, name=None):
        """The log as dictionaries; what is not JSON (an abort, a sanitizer) fails the test."""
        lines = [json.loads(line) for line in self.log().splitlines() if line.endswith("}") or line]
        return [line for line in lines if name is None or line.get("event") == name]

    # --- its clients

    def client(self, timeout=20):
        return smtplib.SMTP("127.0.0.1", self.port, local_hostname="app.example.com", timeout=timeout)

    def send(self, subject, to="customer@example.net", sender="app@example.com", author=None, **parts):
        """Sends one message; the queue id that the 250 names. From is `author`, else the sender."""
        recipients = [to] if isinstance(to, str) else list(to)
        headers, body = parts.get("headers", ""), parts.get("body", "Hello.\r\n")
        visible = (
            f"From: {author or sender}\r\nTo: {', '.join(recipients)}\r\nSubject: {subject}\r\n{headers}"
        )
        with self.client() as client:
            return self.submit(client, sender, recipients, f"{visible}\r\n{body}")

    @staticmethod
    def submit(client, sender, recipients, message):
        """One transaction; SMTPResponseException with the reply that was not the one hoped for."""
        client.ehlo_or_helo_if_needed()
        for recipient in [None, *recipients]:
            code, text = client.mail(sender) if recipient is None else client.rcpt(recipient)
            if code != 250:
                client.rset()
                raise smtplib.SMTPResponseException(code, text)
        code, text = client.data(message)
        if code != 250:
            raise smtplib.SMTPResponseException(code, text)
        queued = re.search(rb"queued as (\S+)", text)
        return queued.group(1).decode() if queued else ""

    # --- its operator

    def run(self, *words, stdout=subprocess.PIPE):
        """Runs `postern WORDS -c FILE` to its end."""
        return subprocess.run(
            [str(paths.POSTERN), *words, "-c", str(self.file)],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )

    def run_into(self, device, *words):
        """`postern WORDS > DEVICE`."""
        with open(device, "wb") as stdout:
            return self.run(*words, stdout=stdout)

    def run_unread(self, *words):
        """`postern WORDS | ...` whose reader has gone."""
        reading, writing = os.pipe()
        os.close(reading)
        try:
            return self.run(*words, stdout=writing)
        finally:
            os.close(writing)

    def cli(self, *words, code=0):
        """The standard output of `postern WORDS`, which must end with this exit code."""
        done = self.run(*words)
        if done.returncode != code:
            raise AssertionError(
                f"postern {' '.join(words)} ended with {done.returncode}, not {code}:\n"
                f"{done.stdout}{done.stderr}"
            )
        return done.stdout

    def cli_json(self, *words):
        return [json.loads(line) for line in self.cli(*words, "--json").splitlines()]

    def http(self, path):
        """(status, text); (0, reason) when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def metrics(self):
        """{'name{labels}': value} of /metrics."""
        status, text = self.http("/metrics")
        if status != 200:
            raise AssertionError(f"/metrics: {status} {text}")
        return {
            line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
            for line in text.splitlines()
            if line and not line.startswith("#")
        }

    def metric(self, name):
        """The sum over the labels of one metric; 0 when it is not there."""
        return sum(value for key, value in self.metrics().items() if key.split("{")[0] == name)

    def queue(self):
        return self.cli_json("queue", "list")

    def wait_empty(self, seconds=30):
        wait.until(lambda: not self.queue(), seconds, lambda: f"an empty queue; it holds {self.queue()[:5]}")
