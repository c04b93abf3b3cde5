"""An SES-like upstream that we did not write: aiosmtpd with STARTTLS and AUTH."""
import json
import pathlib
import subprocess
import sys

from support import paths, wait
from support.ports import free_port
from support.process import Process


class ForeignUpstream:
    USER, PASSWORD = "AKIAFOREIGN", "s3cret/+="

    def __init__(self, directory, *options, certificate="server"):
        self.directory = pathlib.Path(directory)
        self.spool = self.directory / "spool"
        self.port = free_port()
        self.options = options
        self.certificate = certificate
        self.process = None
        self.tls = self.directory / "tls"

    def start(self):
        program, ca = paths.tool("upstream", "aiosmtpd_ses.py"), paths.tool("upstream", "gen_ca.sh")
        self.directory.mkdir(parents=True, exist_ok=True)
        if not self.tls.exists():
            subprocess.run(["sh", str(ca), str(self.tls)], check=True, capture_output=True)
        out = self.directory / "stdout"
        out.write_text("")
        self.process = Process(
            [
                sys.executable,
                program,
                "--port",
                self.port,
                "--spool",
                self.spool,
                "--user",
                self.USER,
                "--password",
                self.PASSWORD,
                "--cert",
                self.tls / f"{self.certificate}.pem",
                "--key",
                self.tls / f"{self.certificate}.key",
                *self.options,
            ],
            out,
            self.directory / "stderr",
        )
        wait.until(lambda: "ready" in out.read_text(), 15, "aiosmtpd ready")
        return self

    def stop(self):
        if self.process:
            self.process.stop()

    def upstream(self, **more):
        password = self.directory / "password"
        password.write_text(self.PASSWORD + "\n")
        return {
            "endpoint": f"localhost:{self.port}",
            "tls": "starttls",
            "ca_file": str(self.tls / "ca.pem"),
            "username": self.USER,
            "password_file": str(password),
            **more,
        }

    def messages(self):
        """(envelope, exact bytes) of all that it took, in order."""
        found = []
        for path in sorted(self.spool.glob("*.json")):
            try:
                found.append((json.loads(path.read_text()), path.with_suffix(".eml").read_bytes()))
            except ValueError:
                continue  # still being written
        return found

    def wait_for(self, count, seconds=20):
        def look():
            found = self.messages()
            return found if len(found) >= count else None

        return wait.until(
            look, seconds, lambda: f"{count} messages at aiosmtpd; it has {len(self.messages())}"
        )
