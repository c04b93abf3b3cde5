"""Adds up what the stages of scripts/test left in a folder, and prints 'N passed, N failed, N skipped'.

*.json come from run_suite.py, *.xml are ctest's JUnit files.
"""
import json
import pathlib
import sys
import xml.etree.ElementTree


def count_junit(path):
    suite = xml.etree.ElementTree.parse(path).getroot()
    total, failed = int(suite.get("tests")), int(suite.get("failures"))
    skipped = int(suite.get("skipped")) + int(suite.get("disabled"))
    return {"passed": total - failed - skipped, "failed": failed, "skipped": skipped}


def main():
    folder = pathlib.Path(sys.argv[1])
    counts = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    counts += [count_junit(path) for path in folder.glob("*.xml")]
    passed, failed, skipped = (sum(count[key] for count in counts) for key in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")


main()
