"""The tree against rules.py. That each header compiles alone is checked by the build (tests/headers)."""
import re
import unittest

import rules
from source import ROOT, read, table, tracked


# Pure modules, whose every source has a test file of its own name. The others are tested as wholes.
MIRRORED = "base|mail|smtp|policy"


def apply(rule_list, names):
    found = []
    for name in names:
        text = read(name)
        for rule in rule_list:
            found += [f"{name}:{line}: {message}" for line, message in rule(name, text)]
    return found


class Tree(unittest.TestCase):
    maxDiff = None

    def clean(self, found):
        if found:
            self.fail(f"{len(found)} complaints\n" + "\n".join(found))

    def test_cpp_files(self):
        names = tracked(".cpp", ".hpp")
        self.assertGreater(len(names), 20, "no sources found")
        self.clean(apply(rules.CPP_RULES, names))
        for name in names:
            if read(name).count("\n") > 300:
                print(f"note: {name} has more than 300 lines")

    def test_headers_begin_with_what_they_are(self):
        self.clean(apply(rules.HEADER_RULES, tracked(".hpp")))

    def test_scripts_and_python(self):
        scripts = [n for n in tracked("") if n.startswith("scripts/") or n.endswith((".py", ".sh"))]
        self.clean(apply(rules.SCRIPT_RULES, scripts))

    def test_text_of_every_file(self):
        self.clean(apply(rules.TEXT_RULES, tracked("")))

    def test_module_folders_are_those_of_the_table(self):
        folders = {name.split("/")[1] for name in tracked(".cpp") if re.match(r"src/\w+/", name)}
        self.assertLessEqual(folders, set(rules.MODULES))

    def test_tests_mirror_the_sources(self):
        excused = table("untested.txt")
        tests = set(tracked("_test.cpp"))
        missing = []
        for name in tracked(".cpp"):
            if re.match(rf"src/(?:{MIRRORED})/\w+\.cpp$", name):
                twin = re.sub(r"^src/(.*)\.cpp$", r"tests/\1_test.cpp", name)
                if twin not in tests and name not in excused:
                    missing.append(f"{name}: no {twin}, and not excused in tests/style/untested.txt")
        missing += [f"{name}: excused, but {why}" for name, why in stale_excuses(excused, tests)]
        self.clean(missing)


def stale_excuses(excused, tests):
    for name, words in excused.items():
        for word in words:
            if word.startswith("tests/") and not (ROOT / word.rstrip(",;.")).exists():
                yield name, f"{word} is gone"
        if not (ROOT / name).is_file():
            yield name, "gone"
        elif re.sub(r"^src/(.*)\.cpp$", r"tests/\1_test.cpp", name) in tests:
            yield name, "has a test"
