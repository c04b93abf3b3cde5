"""The .deb from outside: lintian, its control data and the manual pages. Inside a system: tests/booted."""
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RELEASE = ROOT / "build" / "release"


def output(*words):
    return subprocess.run(
        [str(w) for w in words], capture_output=True, text=True, timeout=120, check=False
    ).stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        found = list(RELEASE.glob("postern_*.deb"))
        assert len(found) == 1, found
        cls.package = found[0]

    def field(self, name):
        return output("dpkg-deb", "-f", self.package, name).strip()

    def test_it_is_called_by_version_and_architecture(self):
        version, architecture = self.field("Version"), self.field("Architecture")
        self.assertEqual(self.package.name, f"postern_{version}_{architecture}.deb")
        project = re.search(r"project\(postern VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())
        self.assertEqual(self.field("Version"), project.group(1))

    def test_it_depends_on_the_libraries_that_are_linked(self):
        depends = self.field("Depends")
        for library in ("libc-ares2", "libsqlite3-0", "libssl3 (>=", "libyaml-cpp0.7", "libc6 (>="):
            self.assertIn(library, depends)

    def test_lintian_finds_nothing(self):
        self.assertEqual(output("lintian", "--allow-root", "--tag-display-limit", "0", self.package), "")

    def test_the_notice_claims_no_licence_that_nobody_gave(self):
        names = [path.name for path in ROOT.iterdir()]
        given = [name for name in names if re.match("licen[cs]e|copying", name, re.IGNORECASE)]
        notice = (ROOT / "packaging" / "debian" / "copyright").read_text()
        self.assertEqual("License: none-stated\n" in notice, not given, given)

    def test_the_configuration_is_not_for_everybody(self):
        listed = output("dpkg-deb", "-c", self.package)
        self.assertRegex(listed, r"(?m)^-rw-r----- root/root .* \./etc/postern/postern\.yaml$")
        self.assertRegex(listed, r"(?m)^drwxr-x--- root/root .* \./etc/postern/dkim/$")

    def test_programs_are_stripped_and_hardened(self):
        for program in ("postern", "postern-sandbox"):
            self.assertIn("pie executable", output("file", RELEASE / program))
            flags = output("readelf", "-d", RELEASE / program)
            self.assertIn("BIND_NOW", flags)
        self.assertLess(self.package.stat().st_size, 8 << 20)

    def test_manual_pages(self):
        pages = sorted((ROOT / "docs").glob("*.[58]"))
        self.assertEqual(len(pages), 3)
        for page in pages:
            self.assertEqual(output("mandoc", "-T", "lint", "-W", "warning", page), "", page.name)

    def test_every_command_is_in_the_manual(self):
        manual = (ROOT / "docs" / "postern.8").read_text()
        said = output(RELEASE / "postern", "--help")
        commands = re.findall(r"^  ([a-z][a-z-]+) +[A-Z]", said, re.MULTILINE)
        self.assertGreater(len(commands), 8)
        self.assertEqual([c for c in commands if f".It Cm {c}" not in manual], [])
