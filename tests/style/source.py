"""Source text as the style rules see it: files of the tree, and C++ without comments and literals."""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]

TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/"  # comments
    r'|R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'  # raw strings
    r'|"(?:\\.|[^"\\\n])*"'  # strings
    r"|(?<![0-9A-Za-z_])(?:u8|u|U|L)?'(?:\\.|[^'\\\n])+'",  # characters, but not 1'000
    re.DOTALL,
)


def blank(match):
    text = match.group()
    if text.startswith(("//", "/*")):
        return re.sub(r"[^\n]", " ", text)
    return '"' + re.sub(r"[^\n]", " ", text[1:-1]) + '"'


def code_only(text):
    """C++ with comments blanked and literals emptied; every character stays on its line and column."""
    return TOKEN.sub(blank, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def matching(text, position):
    """Position after the bracket that closes the one at `position`; the end of the text when none does."""
    closing = {"(": ")", "{": "}", "[": "]"}
    opening = text[position]
    depth = 0
    for i in range(position, len(text)):
        if text[i] == opening:
            depth += 1
        elif text[i] == closing[opening]:
            depth -= 1
            if depth == 0:
                return i + 1
    return len(text)


def tracked(*suffixes):
    """Files of the tree (paths relative to it) that git tracks or would track, by name ending."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    return sorted(name for name in listed if name.endswith(suffixes) and (ROOT / name).is_file())


def read(name):
    return (ROOT / name).read_text(errors="replace")


def table(name):
    """A file of 'key: words' lines beside this one, comments left out."""
    lines = (pathlib.Path(__file__).parent / name).read_text().splitlines()
    pairs = (line.split(":", 1) for line in lines if line.strip() and not line.startswith("#"))
    return {key.strip(): words.split() for key, words in pairs}
