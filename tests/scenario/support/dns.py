"""DNS servers on loopback: knot, a real one, and testdns.py, which misbehaves on request."""
import json
import shutil
import socket
import sys

from support import paths, wait
from support.ports import free_port
from support.process import Process

SOA = "@ 60 SOA ns.invalid. host.invalid. 1 60 60 60 60\n@ 60 NS ns.invalid.\n"


def knot_missing():
    """Why there is no knot; empty when there is one."""
    found = shutil.which("knotd") or shutil.which("/usr/sbin/knotd")
    return "" if found else "knotd is not installed (package knot)"


class Knot:
    """Serves zones, written as lines of a zone file by zone name."""

    def __init__(self, directory, zones):
        self.directory, self.zones = directory, zones
        self.port = free_port()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        self.directory.mkdir()
        lines = [
            f"server:\n  rundir: {self.directory}\n  listen: 127.0.0.1@{self.port}\n",
            f"database:\n  storage: {self.directory}\nlog:\n  - target: stderr\n    any: warning\n",
            f"template:\n  - id: default\n    storage: {self.directory}\n    file: \"%s.zone\"\n",
            "    zonefile-sync: -1\n    journal-content: none\nzone:\n",
        ]
        for name, text in self.zones.items():
            (self.directory / f"{name}.zone").write_text(f"$ORIGIN {name}.\n{SOA}{text}\n")
            lines.append(f"  - domain: {name}\n")
        config = self.directory / "knot.conf"
        config.write_text("".join(lines))
        self.process = Process(
            ["/usr/sbin/knotd", "-c", config], self.directory / "stdout", self.directory / "stderr"
        )
        wait.until(lambda: answers(self.port), 15, lambda: (self.directory / "stderr").read_text())
        return self

    def stop(self):
        self.process.stop()


class TestDns:
    """testdns.py of the outside tools: records as its zone files have them, and what goes wrong."""

    __test__ = False  # no test case, whatever its name

    def __init__(self, directory, records, behaviour=()):
        self.directory = directory
        self.zone = {"zone": records, "behaviour": list(behaviour), "ttl": 60}
        self.port, self.control = free_port(), free_port()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        self.directory.mkdir()
        (self.directory / "zone.json").write_text(json.dumps(self.zone))
        self.process = Process(
            [
                sys.executable, paths.tool("testdns.py"), "--listen", self.address,
                "--zone", self.directory / "zone.json", "--control", f"127.0.0.1:{self.control}",
            ],
            self.directory / "stdout",
            self.directory / "stderr",
        )  # fmt: skip
        wait.until(lambda: self._control({"stats": 1}), 15, lambda: (self.directory / "stderr").read_text())
        return self

    def misbehave(self, *behaviour):
        self.zone["behaviour"] = list(behaviour)
        self._control({"zone": self.zone})

    def _control(self, command):
        try:
            with socket.create_connection(("127.0.0.1", self.control), 5) as link:
                link.sendall(json.dumps(command).encode() + b"\n")
                return link.makefile().readline()
        except OSError:
            return None

    def stop(self):
        self.process.kill()


def txt(name, text):
    return {"name": name, "type": "TXT", "strings": [text[i : i + 255] for i in range(0, len(text), 255)]}


def answers(port):
    """A query for the root over UDP gets any answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(0.2)
        link.sendto(b"\x12\x34\x01\x00\x00\x01" + bytes(6) + b"\x00\x00\x06\x00\x01", ("127.0.0.1", port))
        try:
            return link.recv(512)[:2] == b"\x12\x34"
        except OSError:
            return False
