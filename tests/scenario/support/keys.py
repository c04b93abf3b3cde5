"""DKIM keys for the tests, and dkimpy as the verifier that we did not write."""
import base64
import functools
import pathlib
import subprocess

import dkim


def make_key(path):
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(path)],
        check=True,
        capture_output=True,
    )
    pathlib.Path(path).chmod(0o600)


@functools.cache
def record(path):
    """The DNS record of a private key file."""
    der = subprocess.run(
        ["openssl", "pkey", "-in", str(path), "-pubout", "-outform", "DER"], check=True, capture_output=True
    ).stdout
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)


def signatures(raw):
    """The DKIM-Signature fields of a message, as dkimpy splits it."""
    headers, _ = dkim.rfc822_parse(raw)
    return [value for name, value in headers if name.lower() == b"dkim-signature"]


def signed_fields(raw):
    """What h= of the topmost signature names, in its order and lower case."""
    value = signatures(raw)[0].replace(b"\r\n", b"")
    tags = dict(tag.strip().split(b"=", 1) for tag in value.split(b";") if tag.strip())
    return [name.strip().lower() for name in tags[b"h"].split(b":")]


def verifies(raw, key_path, selector="s1", domain="example.com"):
    """Whether the topmost signature of `raw` verifies, with selector._domainkey.domain the only key."""
    name = f"{selector}._domainkey.{domain}".encode()

    def look_up(query, timeout=5):
        return record(key_path) if query.rstrip(b".") == name else None

    return dkim.verify(raw, dnsfunc=look_up)
