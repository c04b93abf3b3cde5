"""A program of ours under test: started, watched and ended by its process id."""
import ctypes
import os
import pathlib
import signal
import subprocess

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def _die_with_parent():
    """A test that is killed leaves no daemon behind."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    def __init__(self, command, stdout, stderr, environment=None):
        self.stderr_path = pathlib.Path(stderr)
        with open(stdout, "ab") as out, open(stderr, "ab") as err:
            self._popen = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                preexec_fn=_die_with_parent,
                env={**os.environ, **(environment or {})},
            )

    @property
    def pid(self):
        return self._popen.pid

    @property
    def running(self):
        return self._popen.poll() is None

    def signal(self, number):
        self._popen.send_signal(number)

    def wait(self, seconds):
        """Its exit code; an AssertionError when it is still there."""
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"process {self.pid} still runs after {seconds} s") from None

    def stop(self, seconds=15):
        """SIGTERM and its exit code. Killed (and an AssertionError) when it does not end in time."""
        if self.running:
            self.signal(signal.SIGTERM)
        try:
            return self.wait(seconds)
        except AssertionError:
            self.kill()
            raise

    def kill(self):
        if self.running:
            self.signal(signal.SIGKILL)
        return self._popen.wait()

    def cpu_seconds(self):
        """User and system time so far."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_kib(self):
        return self._status("VmHWM:")

    def resident_kib(self):
        return self._status("VmRSS:")

    def _status(self, name):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
        raise AssertionError(f"no {name}: the process is gone")
