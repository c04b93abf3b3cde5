"""Dialogues that others wrote, against the listener: the outside cases (221 with a reference each)."""
import json
import subprocess
import sys

from support import paths
from support.case import Scenario


class Dialogues(Scenario):
    def run_level(self, level):
        """(passed, failed, skipped, the lines about failures)."""
        runner, cases = paths.tool("run_cases.py"), paths.corpora("smtp", "cases.json")
        relay = self.postern(
            {"endpoint": "127.0.0.1:9", "tls": "none"},
            limits={"message_size": "1M"},
            rewrite={"null_sender": "bounces@example.com"},  # without it <> is refused, as SES would
        )
        done = subprocess.run(
            [
                sys.executable,
                str(runner),
                "127.0.0.1",
                str(relay.port),
                "--cases",
                str(cases),
                "--level",
                level,
                "-v",
            ],
            capture_output=True,
            text=True,
            timeout=160,
        )
        lines = done.stdout.splitlines()
        numbers = [int(word.split()[0]) for word in lines[-1].split(",")]
        print(f"note: level {level}: {lines[-1]}")
        failed = [line for line in lines if line.startswith(("FAIL", "      "))]
        self.assertTrue(relay.process.running, relay.log()[-2000:])
        self.assertEqual(relay.http("/livez")[0], 200)
        return numbers, "\n".join(failed)

    def test_what_the_rfc_demands(self):
        (passed, failed, _), text = self.run_level("must")
        self.assertEqual(failed, 0, text)
        self.assertGreater(passed, 90)

    def test_what_the_rfc_recommends(self):
        (passed, failed, _), text = self.run_level("should")
        self.assertEqual(failed, 0, text)
        self.assertGreater(passed, 25)

    def test_raw_bytes_that_once_broke_servers(self):
        """Each fuzz input as a session of its own; the listener must stay up and answer the next."""
        relay = self.postern({"endpoint": "127.0.0.1:9", "tls": "none"})
        cases = json.loads(paths.corpora("smtp", "fuzz", "chasquid.json").read_text())["cases"]
        self.assertGreater(len(cases), 10)
        for case in cases:
            with relay.client(timeout=10) as client:
                client.sock.sendall(bytes.fromhex(case["args"][-1]))
                client.sock.shutdown(1)
                while client.sock.recv(65536):
                    pass
                client.close()
        self.assertTrue(relay.process.running, relay.log()[-2000:])
        relay.send("still there")
