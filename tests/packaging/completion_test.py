"""The completions of the .deb in the real shells: found in the folder of each, they offer what may follow."""
import fcntl
import os
import pathlib
import pty
import select
import shutil
import struct
import subprocess
import tempfile
import termios
import unittest

RELEASE = pathlib.Path(__file__).resolve().parents[2] / "build" / "release"

# What is typed -> some of what must be offered, and something that must not be.
OFFERS = [
    ("postern ", ["serve", "queue", "suppression", "completion"], "flush"),
    ("postern queue ", ["list", "show", "flush", "delete"], "import"),
    ("postern queue fl", ["flush"], "list"),
    ("postern -c /dev/null queue li", ["list"], "log"),
    ("postern log --si", ["--since"], "--to"),
    ("postern log --to a@example.com --js", ["--json"], "--to"),
    ("postern suppression add a@example.com --reason ", ["BOUNCE", "COMPLAINT", "MANUAL"], "--ses"),
    ("postern suppression add --reason BOUNCE --s", ["--ses"], "--json"),
    ("postern completion ", ["bash", "zsh", "fish"], "serve"),
]


class Completion:
    """What the tests of each shell have in common."""

    def setUp(self):
        packages = list(RELEASE.glob("postern_*.deb"))
        self.assertEqual(len(packages), 1, packages)
        self.tree = pathlib.Path(tempfile.mkdtemp(prefix="postern-shell-"))
        self.addCleanup(shutil.rmtree, self.tree)
        subprocess.run(["dpkg-deb", "-x", packages[0], self.tree], check=True)
        (self.tree / "home").mkdir()
        self.share = self.tree / "usr" / "share"
        self.environment = {
            "HOME": str(self.tree / "home"),
            "PATH": f"{self.tree}/usr/bin:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "TERM": "dumb",
        }

    def run_shell(self, *words):
        done = subprocess.run(
            [str(word) for word in words],
            env=self.environment,
            cwd=self.tree,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def test_it_offers_what_may_follow(self):
        for typed, wanted, unwanted in OFFERS:
            offered = self.offered(typed)
            self.assertEqual([word for word in wanted if word not in offered], [], (typed, offered))
            self.assertNotIn(unwanted, offered, (typed, offered))

    def test_it_offers_files_where_a_file_is_wanted(self):
        (self.tree / "some-list.csv").touch()
        for typed in ("postern suppression import some-", "postern queue list -c some-"):
            self.assertIn("some-list.csv", self.offered(typed), typed)

    def offered(self, typed):
        raise NotImplementedError


class Bash(Completion, unittest.TestCase):
    # Where the function offers nothing, `complete -o default` of the script lets readline offer files.
    ASK = """
    source "$1"; shift
    complete -p postern | grep -q -- '-o default' || exit 3
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    compopt() { :; }
    _postern
    [ ${#COMPREPLY[@]} = 0 ] && compgen -f -- "${COMP_WORDS[COMP_CWORD]}"
    printf '%s\\n' "${COMPREPLY[@]}"
    """

    def offered(self, typed):
        script = self.share / "bash-completion" / "completions" / "postern"
        return self.run_shell("bash", "--norc", "-c", self.ASK, "ask", script, *typed.split(" ")).split()


class Fish(Completion, unittest.TestCase):
    def offered(self, typed):
        self.environment["XDG_DATA_DIRS"] = f"{self.share}:/usr/share"
        lines = self.run_shell("fish", "-c", "complete -C $argv[1]", typed).splitlines()
        return [line.split("\t")[0] for line in lines]

    def test_it_tells_what_a_command_does(self):
        self.environment["XDG_DATA_DIRS"] = f"{self.share}:/usr/share"
        said = self.run_shell("fish", "-c", "complete -C 'postern queue fl'")
        self.assertRegex(said, r"^flush\tTry messages now")


class Zsh(Completion, unittest.TestCase):
    """It completes at a terminal only, so it is given one."""

    START = """
    unset zle_bracketed_paste
    fpath=(%s $fpath)
    autoload -Uz compinit && compinit -u -D
    bindkey '^L' list-choices
    LISTMAX=1000 PS1='READY'
    """

    def setUp(self):
        super().setUp()
        (self.tree / "home" / ".zshrc").write_text(self.START % (self.share / "zsh" / "vendor-completions"))
        self.controller, terminal = pty.openpty()
        self.addCleanup(os.close, self.controller)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 100, 200, 0, 0))
        process = subprocess.Popen(
            ["zsh", "-d", "-i"],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env=self.environment,
            cwd=self.tree,
            start_new_session=True,
        )
        os.close(terminal)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.shown_after("", prompts=1)

    def shown_after(self, typed, prompts):
        """What the terminal shows until the prompt has come that often."""
        os.write(self.controller, typed.encode())
        shown = ""
        while shown.count("READY") < prompts:
            ready = select.select([self.controller], [], [], 30)[0]
            self.assertTrue(ready, f"waited in vain; the terminal shows {shown!r}")
            shown += os.read(self.controller, 65536).decode(errors="replace")
        return shown

    def offered(self, typed):
        """Below the line that was typed the matches are listed, and below them the prompt comes again."""
        listed = self.shown_after(typed + "\x0c", prompts=1).split("READY")[0]
        self.shown_after("\x07", prompts=1)
        return [word for line in listed.splitlines()[1:] for word in line.split(" -- ")[0].split()]
