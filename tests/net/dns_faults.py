"""dns_faults.py PROGRAM: runs PROGRAM (dns_faults.cpp) against testdns.py of the outside test tools, which
lie beside the corpora (POSTERN_CORPORA, default: ../shared/corpora). Exit 77: they are not here."""
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


def main():
    if not SERVER.exists():
        print(f"skipped: no testdns.py beside the corpora ({CORPORA})")
        return 77
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, SERVER, "--listen", "127.0.0.1:0", "--zone", zone_file(directory)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                # "ready dns=127.0.0.1:4711 control=..."
                address = server.stdout.readline().split("dns=")[1].split()[0]
                environment = dict(os.environ, POSTERN_TEST_DNS=address)
                return subprocess.run([sys.argv[1]], env=environment, timeout=100).returncode
            finally:
                server.kill()


sys.exit(main())
