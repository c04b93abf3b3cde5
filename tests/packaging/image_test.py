"""The image, run as an engine runs it: a read-only root, and a user that the image has never heard of.

scripts/packaging leaves its files in build/packaging/image/rootfs, and what buildah says of it in
inspect.json. Namespaces and mounts are made here with unshare, since no engine is to be had everywhere that
tests run; the network is the machine's own, so that mail can go to a stand-in on its loopback.
"""
import json
import pathlib
import random
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGE = ROOT / "build" / "packaging" / "image"
MEGABYTE = 1_000_000
LARGEST = 60 * MEGABYTE

sys.path.append(str(ROOT / "tests" / "scenario"))
from support import wait  # noqa: E402
from support.ports import free_port  # noqa: E402
from support.sandbox import Sandbox  # noqa: E402

def config():
    return json.loads((IMAGE / "inspect.json").read_text())["Docker"]["config"]


def size(folder):
    """Bytes of the files, each counted once."""
    seen = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        seen[status.st_ino] = status.st_size
    return sum(seen.values())


# Of the program `chroot` becomes: the image's files, read-only, with what is bound over them.
ENTER = """
root=$1 user=$2; shift 2
mount --bind "$root" "$root"
while [ "$1" != -- ]; do mount --rbind "$2" "$root$1"; shift 2; done
shift
mount -o remount,bind,ro "$root"
exec /usr/sbin/chroot --userspec="$user:$user" --groups="$user" "$root" "$@"
"""


class Container:
    """One run of the image. `environment` is laid over the image's own, `binds` are {inside: outside}."""

    def __init__(self, directory, environment, binds, user):
        self.log_path = pathlib.Path(directory) / "log"
        self.user = user
        self.environment = dict(entry.split("=", 1) for entry in config()["Env"]) | environment
        self.binds = {"/proc": "/proc", **binds}
        self.process = None

    def start(self):
        root = IMAGE / "rootfs"
        for inside in self.binds:
            (root / inside[1:]).mkdir(exist_ok=True)
        bound = [str(word) for pair in self.binds.items() for word in pair]
        command = [*config()["Entrypoint"], *config()["Cmd"]]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                ["/usr/bin/unshare", "--mount", "--ipc", "--uts", "/bin/sh", "-euc", ENTER, "enter"]
                + [str(root), str(self.user), *bound, "--", *command],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self

    def execute(self, *words):
        """Exit code and words of a command inside, as a health check runs it."""
        user = ["--setuid", str(self.user), "--setgid", str(self.user)]
        done = subprocess.run(
            ["/usr/bin/nsenter", "--target", str(self.process.pid), "--mount", "--root", *user, *words],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_ready(self, seconds=20):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}: {self.log()}")
            return "event=ready" in self.log()

        wait.until(ready, seconds, lambda: f"ready; it said: {self.log()}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


class Image(unittest.TestCase):
    def setUp(self):
        self.assertTrue((IMAGE / "inspect.json").exists(), "scripts/packaging builds the image")
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="postern-image-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def sandbox(self):
        sandbox = Sandbox(self.directory / "sandbox").start()
        self.addCleanup(sandbox.stop)
        return sandbox

    def container(self, sandbox=None, own_volume=True, **environment):
        folder = self.directory / "run"
        secrets, volume = self.directory / "secrets", self.directory / "volume"
        for made in (folder, secrets, volume):
            made.mkdir()
        volume.chmod(0o1777 if own_volume else 0o755)
        given = {"RELAYHOST": "127.0.0.1:9", "RELAYHOST_USERNAME": "AKIAEXAMPLE"}
        (secrets / "password").write_text(sandbox.ready["password"] if sandbox else "secret")
        if sandbox:
            shutil.copy(sandbox.ready["ca"], secrets / "ca.pem")
            given = {"RELAYHOST": sandbox.address, "RELAYHOST_USERNAME": sandbox.ready["user"]}
            given["POSTERN_UPSTREAM_CA_FILE"] = "/secrets/ca.pem"
        for file in secrets.iterdir():
            file.chmod(0o644)
        self.port, self.admin = free_port(), free_port()
        given |= {
            "RELAYHOST_PASSWORD_FILE": "/secrets/password",
            "POSTERN_LISTEN_ADDRESS": f"127.0.0.1:{self.port}",
            "POSTERN_ADMIN_LISTEN": f"127.0.0.1:{self.admin}",
        }
        container = Container(
            folder,
            given | environment,
            {"/secrets": secrets, "/var/lib/postern": volume},
            random.randrange(100_000, 2_000_000_000),
        )
        self.addCleanup(container.stop)
        return container.start()

    def send(self, subject):
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="app.example.com", timeout=20) as client:
            message = f"From: app@example.com\r\nSubject: {subject}\r\n\r\nHello.\r\n"
            client.sendmail("app@example.com", ["customer@example.net"], message)

    def test_relays_with_a_read_only_root_and_any_user(self):
        sandbox = self.sandbox()
        begun = time.monotonic()
        container = self.container(sandbox)
        container.wait_ready()
        print(f"note: the image is ready {1000 * (time.monotonic() - begun):.0f} ms after its start")
        self.send("out of the image")
        sandbox.wait_for("out of the image")
        self.assertEqual(container.execute("postern", "health")[0], 0)
        code, words = container.execute("postern", "log", "--to", "customer@example.net")
        self.assertEqual((code, "sent" in words), (0, True), words)
        self.assertEqual(container.stop(), 0)

    def test_memory_at_idle(self):
        container = self.container(self.sandbox())
        container.wait_ready()
        time.sleep(1)
        status = pathlib.Path(f"/proc/{container.process.pid}/status").read_text()
        resident = int(status.split("VmRSS:")[1].split()[0])
        print(f"note: memory at idle in the image: VmRSS {resident / 1024:.1f} MiB")
        self.assertLess(resident, 20 * 1024)

    def test_health_check(self):
        check = config()["Healthcheck"]["Test"]
        self.assertEqual(check, ["CMD", "postern", "health"])
        container = self.container(self.sandbox())
        container.wait_ready()
        self.assertEqual(container.execute(*check[1:])[0], 0)

    def test_a_volume_that_it_may_not_write(self):
        container = self.container(own_volume=False)
        self.assertEqual(container.process.wait(20), 73, container.log())
        self.assertIn("/var/lib/postern", container.log())
        self.assertIn(f"uid {container.user}", container.log())

    def test_port_25_without_the_capability(self):
        lowest = int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
        if lowest <= 25:
            self.skipTest(f"on this machine everybody may listen on ports from {lowest} on")
        container = self.container(POSTERN_LISTEN_ADDRESS="127.0.0.1:25")
        self.assertEqual(container.process.wait(20), 77, container.log())
        self.assertIn("CAP_NET_BIND_SERVICE", container.log())

    def test_a_wrong_name_in_the_environment(self):
        container = self.container(POSTERN_UPSTREAM_ENDPIONT="127.0.0.1:9")
        self.assertEqual(container.process.wait(20), 78, container.log())
        self.assertIn("POSTERN_UPSTREAM_ENDPOINT", container.log())


class Content(unittest.TestCase):
    def test_size(self):
        total = size(IMAGE / "rootfs")
        print(f"note: image size: {total / MEGABYTE:.1f} MB uncompressed, with all that is in it")
        self.assertLess(total, LARGEST)

    def test_nothing_that_the_program_does_not_need(self):
        for name in ("bin/sh", "usr/bin/sh", "usr/bin/apt", "usr/bin/dpkg", "usr/bin/perl", "usr/bin/curl"):
            self.assertFalse((IMAGE / "rootfs" / name).exists(), name)
        self.assertEqual([p.name for p in (IMAGE / "rootfs" / "usr" / "bin").iterdir()], ["postern"])

    def test_it_is_made_of_packages_that_scanners_find(self):
        records = IMAGE / "rootfs" / "var" / "lib" / "dpkg" / "status.d"
        names = {path.name for path in records.iterdir()}
        self.assertLessEqual({"libc6", "libssl3", "libopendkim11", "libsqlite3-0", "ca-certificates"}, names)
        for name in names:
            self.assertIn("\nVersion: ", (records / name).read_text())
            self.assertTrue((IMAGE / "rootfs" / "usr" / "share" / "doc" / name / "copyright").exists(), name)

    def test_what_the_image_declares(self):
        declared = config()
        self.assertNotIn(declared["User"].split(":")[0], ("", "0", "root"))
        self.assertEqual(list(declared["Volumes"]), ["/var/lib/postern"])
        self.assertEqual(set(declared["ExposedPorts"]), {"25/tcp", "8025/tcp"})
        program = IMAGE / "rootfs" / "usr" / "bin" / "postern"
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        self.assertIn(declared["Labels"]["org.opencontainers.image.version"], version)
        for label in ("title", "description"):
            self.assertIn(f"org.opencontainers.image.{label}", declared["Labels"])
