"""The base of all scenarios: a folder, what is started in it, and its end."""
import pathlib
import shutil
import tempfile
import unittest

from support import keys, paths
from support.postern import Postern
from support.sandbox import Sandbox


class Scenario(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        for program in (paths.POSTERN, paths.SANDBOX):
            self.assertTrue(program.exists(), f"{program} is not built (scripts/test does that)")
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="postern-test-"))
        self.daemons = []
        self.addCleanup(self._end)

    def _end(self):
        """After a failure the logs are printed; the runner shows them beside it."""
        for postern in self.daemons:
            postern.clean_up()
        if self._failed():
            for log in [*sorted(self.directory.rglob("*.log")), *sorted(self.directory.rglob("stderr"))]:
                text = log.read_text(errors="replace")[-3000:]
                print(f"--- {log.relative_to(self.directory)} of {self.id()}\n{text}")
        shutil.rmtree(self.directory, ignore_errors=True)

    def _failed(self):
        result = self._outcome.result
        return any(test is self for test, _ in [*result.failures, *result.errors])

    def sandbox(self, *options, name="sandbox"):
        sandbox = Sandbox(self.directory / name, *options).start()
        self.addCleanup(sandbox.stop)
        return sandbox

    def postern(self, upstream, name="postern", start=True, **changes):
        """A daemon that relays to `upstream` (an upstream entry, or what has one)."""
        entry = upstream if isinstance(upstream, dict) else upstream.upstream()
        postern = Postern(self.directory / name, entry, **changes)
        self.daemons.append(postern)
        return postern.start() if start else postern

    def key(self, name="dkim.pem"):
        path = self.directory / name
        if not path.exists():
            keys.make_key(path)
        return path

    def dkim(self, **more):
        """The dkim section for example.com."""
        return {
            "keys": [
                {"domain": "example.com", "selector": "s1", "key_file": str(self.key()), "subdomains": True}
            ],
            **more,
        }
