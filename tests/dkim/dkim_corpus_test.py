#!/usr/bin/python3
"""Signs the whole mail corpus with sign_tool, which has libopendkim verify it, and verifies it with dkimpy.

  dkim_corpus_test.py SIGN_TOOL CORPORA      (POSTERN_CORPORA overrides the second)

Every message marked clean must be signed and verify as it is sent, after SES's rewriting of Date and
Message-ID, and with fields on top. Each of the others is either repaired and verifies likewise, or refused
for a reason that its properties explain. Prints a line for what is wrong and a summary; exit 77 when there is
no corpus.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

try:
    import dkim
except ImportError:
    print("python3-dkim is not installed")
    sys.exit(77)

NEVER_SIGNED = {
    "message-id",
    "date",
    "return-path",
    "bounces-to",
    "received",
    "dkim-signature",
    "bcc",
    "sender",
    "comments",
    "feedback-id",
}

# What a refusal must say, and what must be true of the message. Fields of over 64 KiB are refused in messages
# that are clean otherwise, too: OpenDKIM at receivers would hash them wrongly.
REASONS = [
    ("refused nul: ", lambda m, raw: m["nul"] > 0),
    ("refused header: malformed header, field ", lambda m, raw: m["malformed_header"] or m["bare_cr"] > 0),
    (
        "refused header: malformed header, field 1: a continuation of nothing",
        lambda m, raw: raw[:1] in b" \t",
    ),
    ("refused header: malformed header, field ", lambda m, raw: largest_field(raw) > 64 * 1024),
    ("refused fix: 2 From fields", lambda m, raw: m["from_fields"] == 2),
]

# libopendkim wants an address in From, and gives up where there is none.
NO_ADDRESS = "signed, but libopendkim: Syntax error: can't determine sender address"


def largest_field(raw):
    header = raw.split(b"\r\n\r\n", 1)[0] + b"\r\n"
    return max(len(f) for f in re.split(rb"\r\n(?![ \t])", header))


def explained(line, message, raw):
    return any(line.startswith(text) and true(message, raw) for text, true in REASONS)


def split(message):
    header, _, body = message.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", header)
    return fields, body


def join(fields, body):
    return b"\r\n".join(fields) + b"\r\n\r\n" + body


def name_of(field):
    return field.split(b":", 1)[0].strip().lower()


def as_ses_delivers(message):
    """Date and Message-ID replaced, Return-Path and X-SES-* consumed, SES's own added, order changed."""
    fields, body = split(message)
    kept = []
    for field in fields:
        name = name_of(field)
        if name in (b"return-path", b"bounces-to") or name.startswith(b"x-ses-"):
            continue
        if name == b"date":
            field = b"Date: Tue, 24 Nov 2026 10:16:00 +0000"
        if name == b"message-id":
            field = b"Message-ID: <0106019dec617b98-0-000000@ap-northeast-1.amazonses.com>"
        kept.append(field)
    others = [f for f in kept if name_of(f) in (b"date", b"message-id")]
    rest = [f for f in kept if name_of(f) not in (b"date", b"message-id")]
    return join(
        rest
        + others
        + [b"Feedback-ID: 1.ap-northeast-1.x:AmazonSES", b"X-SES-Outgoing: 2026.11.24-54.240.0.1"],
        body,
    )


def with_fields_on_top(message):
    return (
        b"Received: from a.amazonses.com by mx.example.net; Tue, 24 Nov 2026 10:17:00 +0000\r\n"
        b"Sender: someone@example.net\r\n" + message
    )


def with_second_from(message):
    return b"From: evil@example.net\r\n" + message


def verifies(message, record):
    verifier = dkim.DKIM(message)
    try:
        return verifier.verify(dnsfunc=lambda name, timeout=5: record)
    except dkim.DKIMException:
        return False


def lint(message):
    """What a verifier does not complain of."""
    fields, _ = split(message)
    signatures = [f for f in fields if name_of(f) == b"dkim-signature"]
    if len(signatures) != 1 or signatures[0] is not fields[0]:
        return "%d signatures, ours not alone on top" % len(signatures)
    tags = dkim.util.parse_tag_value(signatures[0].split(b":", 1)[1])
    names = [n.strip().lower().decode() for n in re.sub(rb"\s", b"", tags[b"h"]).split(b":")]
    present = [name_of(f).decode("latin-1") for f in fields]
    if NEVER_SIGNED & set(names) or any(n.startswith("x-ses") for n in names):
        return "signs what SES changes: %s" % names
    if names.count("from") != present.count("from") + 1:
        return "From is not oversigned: %s" % names
    for name in set(names) - {"from"}:
        if names.count(name) != present.count(name):
            return "%s is oversigned or not signed throughout" % name
    for name in ("to", "subject", "content-type"):
        if name in present and name not in names:
            return "%s is not signed" % name
    if b"l" in tags or b"x" in tags or tags[b"t"] != b"1795515330":
        return "wrong tags: %s" % sorted(tags)
    return None


def judge(message, record):
    problem = lint(message)
    if problem:
        return problem
    for what, change in (
        ("as sent", lambda m: m),
        ("as SES delivers it", as_ses_delivers),
        ("with fields on top", with_fields_on_top),
    ):
        if not verifies(change(message), record):
            return "does not verify " + what
    if verifies(with_second_from(message), record):
        return "verifies with a second From"
    return None


def main():
    tool, corpora = sys.argv[1], os.environ.get("POSTERN_CORPORA", sys.argv[2])
    folder = os.path.join(corpora, "mail")
    if not os.path.exists(os.path.join(folder, "manifest.json")):
        print("no corpus at " + folder)
        return 77
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    paths = [os.path.join(folder, m["file"]) for m in manifest]
    wrong, signed, refused, without_address = [], 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="postern-dkim-") as out:
        lines = subprocess.run(
            [tool, out],
            input="\n".join(paths) + "\n",
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=100,
        ).stdout.splitlines()
        if len(lines) != len(manifest):
            print("%d messages, %d answers" % (len(manifest), len(lines)))
            return 1
        with open(os.path.join(out, "key.txt"), "rb") as file:
            record = file.read()
        for number, (message, line) in enumerate(zip(manifest, lines)):
            if line in ("signed", NO_ADDRESS):
                signed += 1
                without_address += line == NO_ADDRESS
                with open(os.path.join(out, "%d.eml" % number), "rb") as file:
                    problem = judge(file.read(), record)
            else:
                refused += 1
                with open(paths[number], "rb") as file:
                    problem = None if explained(line, message, file.read()) else line
            if problem:
                wrong.append("%s: %s" % (message["file"], problem))
    print("\n".join(wrong))
    print(
        "%d messages: %d signed and verified (%d by dkimpy alone: no address in From), %d refused with"
        " reason, %d wrong" % (len(manifest), signed, without_address, refused, len(wrong))
    )
    enough = signed - without_address >= 0.9 * len(manifest)
    return 1 if wrong or not enough else 0


sys.exit(main())
