"""postern-sandbox, the stand-in for SES: started and read."""
import dataclasses
import email
import email.policy
import json
import pathlib

from support import paths, wait
from support.process import Process


@dataclasses.dataclass
class Message:
    ses_id: str
    raw: bytes
    sender: str
    recipients: list

    @property
    def headers(self):
        return email.message_from_bytes(self.raw, policy=email.policy.SMTP)

    @property
    def subject(self):
        return self.headers["Subject"]


class Sandbox:
    def __init__(self, directory, *options):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.options = list(options)
        self.process = None
        self.ready = {}

    def start(self):
        out = self.directory / "stdout"
        out.write_text("")
        self.process = Process(
            [paths.SANDBOX, "--data", self.directory / "data", *self.options], out, self.directory / "stderr"
        )
        line = wait.until(lambda: self._ready_line(out), 15, lambda: f"sandbox ready; it said: {self.log()}")
        self.ready = dict(word.split("=", 1) for word in line.split()[1:])
        return self

    def _ready_line(self, out):
        if not self.process.running:
            raise AssertionError(f"the sandbox ended: {self.log()}")
        lines = [line for line in out.read_text().splitlines() if line.startswith("ready ")]
        return lines[0] if lines else None

    def log(self):
        path = self.directory / "stderr"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def stop(self):
        if self.process:
            self.process.stop()

    @property
    def address(self):
        return self.ready["smtp"]

    def upstream(self, **more):
        """The upstream entry of a configuration that relays here."""
        password = self.directory / "password"
        if not password.exists():
            password.write_text(self.ready["password"])
        return {
            "endpoint": self.address,
            "tls": "starttls",
            "ca_file": self.ready["ca"],
            "username": self.ready["user"],
            "password_file": str(password),
            **more,
        }

    def paths(self):
        return sorted((self.directory / "data" / "messages").glob("*.eml"))

    def messages(self):
        """Every message taken so far. A file without its .json is still being written."""
        found = []
        for path in self.paths():
            try:
                record = json.loads(path.with_suffix(".json").read_text())
            except (FileNotFoundError, ValueError):
                continue
            found.append(Message(path.stem, path.read_bytes(), record["from"], record["to"]))
        return found

    def wait_for(self, subject, seconds=15, count=1):
        """The first message with this subject, or the list of the first `count` ones."""

        def look():
            found = [m for m in self.messages() if m.subject == subject]
            return found if len(found) >= count else None

        found = wait.until(look, seconds, f"{count} messages {subject!r} at the sandbox")
        return found[0] if count == 1 else found
