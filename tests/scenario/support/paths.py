"""Where things are: the programs under test, and outside test data beside the project."""
import os
import pathlib
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAMS = pathlib.Path(os.environ.get("POSTERN_PROGRAMS", ROOT / "build" / "release"))
POSTERN = PROGRAMS / "postern"
SANDBOX = PROGRAMS / "postern-sandbox"
CORPORA = pathlib.Path(os.environ.get("POSTERN_CORPORA", ROOT.parent / "shared" / "corpora"))


def corpora(*parts):
    """A file of the outside test data; skips the test where it is not there."""
    return existing(CORPORA.joinpath(*parts))


def tool(*parts):
    """A tool that came with the outside test data; skips the test where it is not there."""
    return existing(CORPORA.parent.joinpath("tools", *parts))


def existing(path):
    if not path.exists():
        raise unittest.SkipTest(
            f"{'/'.join(path.parts[-3:])} is not on this machine (POSTERN_CORPORA names the place)"
        )
    return path
