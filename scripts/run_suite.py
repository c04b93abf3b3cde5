"""Runs the unittest classes of one folder, each class in a process of its own, several at a time.

run_suite.py FOLDER [--jobs N] [--timeout S] [--result FILE] [NAME...]
NAMEs pick classes or single tests (Class or Class.test). Prints a line a test; failures in full at the end,
closing with 'N passed, N failed, N skipped'; what a test prints as 'note: ...' is always shown.
Files are *_test.py. scripts/test calls this for tests/style and tests/scenario.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest


class Recorder(unittest.TestResult):
    """Keeps one record a test: {name, status, seconds, detail}."""

    def __init__(self):
        super().__init__()
        self.records = []
        self.started = time.monotonic()

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()

    def record(self, test, status, detail=""):
        name = test.id().split(".", 1)[-1]
        seconds = time.monotonic() - self.started
        self.records.append({"name": name, "status": status, "seconds": seconds, "detail": detail})

    def addSuccess(self, test):
        super().addSuccess(test)
        self.record(test, "passed")

    def addError(self, test, err):
        super().addError(test, err)
        self.record(test, "failed", self._exc_info_to_string(err, test))

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.record(test, "failed", self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.record(subtest, "failed", self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.record(test, "skipped", reason)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.record(test, "failed", "passed, but is marked as an expected failure")


def tests_in(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from tests_in(item)
        else:
            yield item


def load(folder):
    sys.path.insert(0, str(folder))
    return list(tests_in(unittest.defaultTestLoader.discover(str(folder), "*_test.py", str(folder))))


def class_name(test):
    # A module that does not import shows as unittest's own _FailedTest, which then fails as it should.
    kind = type(test)
    return test.id() if kind.__module__ == "unittest.loader" else f"{kind.__module__}.{kind.__name__}"


def run_class(folder, name, only):
    """In the child: runs one class, prints its records as JSON on the last line."""
    result = Recorder()
    chosen = [t for t in load(folder) if class_name(t) == name and wanted(t, only)]
    unittest.TestSuite(chosen).run(result)
    print("\n" + json.dumps(result.records))


def wanted(test, only):
    short = test.id().split(".", 1)[-1]
    return not only or any(name in (short, short.split(".")[0]) for name in only)


def run_child(folder, name, only, timeout):
    command = [sys.executable, os.path.abspath(__file__), str(folder), "--child", name, *only]
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its own session: the class and what it started, nothing else
        output = process.communicate()[0]
        return [broken(name, started, f"still running after {timeout} s\n{output[-4000:]}")]
    lines = output.rstrip().rsplit("\n", 1)
    try:
        records = json.loads(lines[-1])
    except ValueError:
        return [broken(name, started, f"ended with {process.returncode}\n{output[-4000:]}")]
    noise = lines[0].strip() if len(lines) > 1 else ""
    notes = [line for line in noise.splitlines() if line.startswith("note: ")]
    records[-1:] = [{**records[-1], "notes": notes}] if records else []
    for record in records:
        if record["status"] == "failed" and noise:
            record["detail"] += f"\nwhat the class printed:\n{noise[-6000:]}"
            noise = ""
    return records


def broken(name, started, detail):
    return {"name": name, "status": "failed", "seconds": time.monotonic() - started, "detail": detail}


def report(records):
    for record in records:
        line = f"{record['status'].upper():8}{record['seconds']:6.1f} s  {record['name']}"
        reason = f": {record['detail']}" if record["status"] == "skipped" else ""
        print("\n".join([line + reason, *record.get("notes", [])]), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=170)
    parser.add_argument("--result", type=pathlib.Path)
    parser.add_argument("--child")
    options = parser.parse_intermixed_args()
    folder = options.folder.resolve()
    if options.child:
        return run_class(folder, options.child, options.names)

    classes = sorted({class_name(t) for t in load(folder) if wanted(t, options.names)})
    records = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(run_child, folder, name, options.names, options.timeout) for name in classes]
        for future in concurrent.futures.as_completed(running):
            report(future.result())
            records += future.result()

    for record in records:
        if record["status"] == "failed":
            print(f"\n--- {record['name']}\n{record['detail']}")
    statuses = [record["status"] for record in records]
    count = {status: statuses.count(status) for status in ("passed", "failed", "skipped")}
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    if options.result:
        options.result.write_text(json.dumps(count))
    return 1 if count["failed"] or not records else 0


sys.exit(main())
