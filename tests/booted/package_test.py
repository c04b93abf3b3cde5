"""The .deb on a booted system: what it lays out, how it upgrades, what a removal and a purge leave."""
import pathlib
import tempfile

from host import CONFIG, PACKAGE, STATE, Booted, group_of, install, main_pid, mode_of
from host import purge, run, send, show, wait

LINKS = pathlib.Path("/etc/systemd/system/multi-user.target.wants/postern.service")


def files():
    """What the package brought, without the folders that others use as well."""
    listed = [pathlib.Path(line) for line in run("dpkg", "-L", "postern").splitlines()]
    return [path for path in listed if not path.is_dir() or "postern" in path.name]


class Installed(Booted):
    def test_without_a_complete_configuration_it_says_what_to_edit_and_does_not_start(self):
        self.assertIn("postern is not started", self.said)
        self.assertIn("/etc/postern/postern.yaml:", self.said)
        self.assertIn("password_file", self.said)
        self.assertEqual(show("ActiveState"), "inactive")
        self.assertEqual(show("UnitFileState"), "enabled")

    def test_who_may_read_what(self):
        self.assertEqual((mode_of(CONFIG), group_of(CONFIG), CONFIG.owner()), ("0o640", "postern", "root"))
        keys = CONFIG.parent / "dkim"
        self.assertEqual((mode_of(keys), group_of(keys)), ("0o750", "postern"))
        self.assertEqual((mode_of(CONFIG.parent), group_of(CONFIG.parent)), ("0o750", "postern"))
        self.running()
        self.assertEqual((mode_of(STATE), STATE.owner()), ("0o700", "postern"))

    def test_manual_completions_and_notices_are_there(self):
        for name in (
            "/usr/share/man/man8/postern.8.gz",
            "/usr/share/man/man5/postern.yaml.5.gz",
            "/usr/share/bash-completion/completions/postern",
            "/usr/share/zsh/vendor-completions/_postern",
            "/usr/share/fish/vendor_completions.d/postern.fish",
            "/usr/share/doc/postern/copyright",
            "/usr/share/doc/postern/copyright.libcli11-dev",
            "/usr/share/doc/postern/examples/kubernetes/sidecar.yaml",
        ):
            self.assertTrue(pathlib.Path(name).stat().st_size > 100, name)

    def test_a_group_that_somebody_chose_stays(self):
        run("chgrp", "adm", CONFIG)
        install()
        self.assertEqual(group_of(CONFIG), "adm")


class Changed(Booted):
    def newer(self):
        """The same package under the next version."""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        run("dpkg-deb", "-R", PACKAGE, folder / "tree")
        control = folder / "tree" / "DEBIAN" / "control"
        version = run("dpkg-deb", "-f", PACKAGE, "Version").strip()
        control.write_text(control.read_text().replace(f"Version: {version}", f"Version: {version}.1"))
        run("dpkg-deb", "--root-owner-group", "-Znone", "-b", folder / "tree", folder / "newer.deb")
        return folder / "newer.deb", f"{version}.1"

    def test_an_upgrade_restarts_what_runs_and_keeps_queue_and_configuration(self):
        sandbox = self.running()
        sandbox.stop()
        send("over the upgrade")
        before, written = main_pid(), CONFIG.read_text()
        package, version = self.newer()
        install(package)
        self.assertEqual(run("dpkg-query", "-W", "-f", "${Version}", "postern"), version)
        self.assertEqual(show("ActiveState"), "active")
        self.assertNotEqual(main_pid(), before)
        self.assertEqual(CONFIG.read_text(), written)
        self.assertEqual((mode_of(CONFIG), group_of(CONFIG)), ("0o640", "postern"))
        self.assertIn("customer@example.net", run("postern", "queue", "list", "--json"))

    def test_an_upgrade_starts_nothing_that_was_disabled(self):
        self.running()
        run("systemctl", "disable", "--now", "postern.service")
        install(self.newer()[0])
        self.assertEqual(show("ActiveState"), "inactive")

    def test_an_upgrade_that_refuses_the_configuration_leaves_the_old_one_running(self):
        sandbox = self.running()
        before = main_pid()
        with open(CONFIG, "r+") as file:
            text = file.read()
            file.seek(0)
            file.write('{"no_such_key": 1, ' + text[1:])
        self.assertIn("no_such_key", install(self.newer()[0]))
        self.assertEqual(main_pid(), before)
        self.assert_relays(sandbox, "still the old one")

    def test_installed_over_a_configuration_that_was_kept_it_starts(self):
        sandbox = self.running()
        run("dpkg", "--remove", "postern")
        install()
        self.assertEqual(show("ActiveState"), "active")
        self.assert_relays(sandbox, "kept")

    def test_a_removal_keeps_spool_and_configuration(self):
        self.running()
        run("dpkg", "--remove", "postern")
        self.assertEqual(show("ActiveState"), "inactive")
        self.assertTrue((STATE / "spool.db").exists())
        self.assertTrue(CONFIG.exists())
        self.assertFalse(pathlib.Path("/usr/bin/postern").exists())

    def test_a_purge_leaves_nothing(self):
        self.running()
        run("systemctl", "enable", "--now", "postern.socket", code=None)
        laid_out = files()
        self.assertIn(CONFIG, laid_out)
        pathlib.Path("/etc/postern/authority.pem").unlink()
        purge()
        self.assertEqual([path for path in laid_out if path.exists()], [])
        self.assertFalse(STATE.exists())
        self.assertFalse(LINKS.is_symlink())
        self.assertEqual(show("LoadState"), "not-found")
        wait.until(lambda: show("LoadState", "postern.socket") == "not-found", 5, "no socket unit")

    def test_a_purge_keeps_keys(self):
        key = CONFIG.parent / "dkim" / "example.com.pem"
        key.write_text("a key")
        purge()
        self.assertTrue(key.exists())
        key.unlink()
        for folder in (key.parent, CONFIG.parent):
            folder.rmdir()
