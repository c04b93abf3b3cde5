"""Prints the messages that postern-sandbox holds and checks what scripts/run promises of them.

show_messages.py MESSAGES_DIR KEY_FILE: exit 1 when one of them is not signed validly by example.com, when the
suppressed recipient was mailed, or when root's mail was not rewritten. Called by scripts/run.
"""
import email
import json
import pathlib
import subprocess
import sys

import dkim


def public_key(key_file):
    der = subprocess.run(
        ["openssl", "pkey", "-in", key_file, "-pubout", "-outform", "DER"], check=True, capture_output=True
    ).stdout
    import base64

    return base64.b64encode(der).decode()


def problems(envelope, message, signed):
    if not signed:
        yield "its DKIM signature does not verify"
    if "gone@example.net" in envelope["to"]:
        yield "the suppressed recipient was mailed"
    if envelope["from"].startswith("root") or "root" in message["From"].split("<")[-1]:
        yield "root was not rewritten"


def main():
    directory, key_file = pathlib.Path(sys.argv[1]), sys.argv[2]
    record = f"v=DKIM1; k=rsa; p={public_key(key_file)}".encode()
    bad = 0
    for path in sorted(directory.glob("*.eml")):
        raw = path.read_bytes()
        envelope = json.loads(path.with_suffix(".json").read_text())
        message = email.message_from_bytes(raw)
        signed = dkim.verify(raw, dnsfunc=lambda name, timeout=5: record)
        print(f"    {message['Subject']}")
        print(f"        SES id     {path.stem}")
        print(f"        envelope   {envelope['from']} -> {', '.join(envelope['to'])}")
        print(f"        From       {message['From']}")
        print(f"        DKIM       {'verifies' if signed else 'INVALID'}, d=example.com s=demo")
        for problem in problems(envelope, message, signed):
            print(f"        WRONG      {problem}")
            bad += 1
    return 1 if bad else 0


sys.exit(main())
