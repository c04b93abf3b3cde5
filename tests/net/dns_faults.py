"""dns_faults.py PROGRAM: runs PROGRAM (dns_faults.cpp) against testdns.py of the outside test tools.

They lie beside the corpora (POSTERN_CORPORA, default: ../shared/corpora). Exit 77: they are not here.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CORPORA = pathlib.Path(os.environ.get("POSTERN_CORPORA") or HERE.parents[1] / "../shared/corpora")
SERVER = CORPORA / "../tools/testdns.py"


def zone_file(directory):
    zone = json.loads((HERE / "dns_faults.json").read_text())
    zone["zone"].append({"name": "large.test", "type": "TXT", "strings": ["x" * 60000]})
    path = pathlib.Path(directory) / "zone.json"
    path.write_text(json.dumps(zone))
    return path


def run_with_server(zone, program):
    """None: the server did not get its port, which may be taken for TCP."""
    command = [sys.executable, SERVER, "--listen", "127.0.0.1:0", "--zone", zone]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            ready = server.stdout.readline()
            if not ready:
                return None
            # "ready dns=127.0.0.1:4711 control=..."
            environment = dict(os.environ, POSTERN_TEST_DNS=ready.split("dns=")[1].split()[0])
            return subprocess.run([program], env=environment, timeout=100).returncode
        finally:
            server.kill()


def main():
    if not SERVER.exists():
        print(f"skipped: no testdns.py beside the corpora ({CORPORA})")
        return 77
    with tempfile.TemporaryDirectory() as directory:
        zone = zone_file(directory)
        for _ in range(5):
            result = run_with_server(zone, sys.argv[1])
            if result is not None:
                return result
    print("testdns.py did not start")
    return 1


sys.exit(main())
