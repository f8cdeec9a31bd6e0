"""Makes the project's own virtual environment: ``python3 requirements/make_venv.py .venv``.

Needs nothing but the standard library and no root. Debian keeps ``ensurepip`` in the package python3-venv;
where that is missing, pip itself is fetched from PyPI and checked against the hash below. The syntax is kept
old enough for an old Python to say what is wrong with it.
"""

import hashlib
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

OLDEST = (3, 11)
PIP_NAME = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
PIP_URL = (
    "https://files.pythonhosted.org/packages/07/25/"
    "ee8c38ae72d66b844ce8eb9711ba905dba21ca1a8a0c960057c41cd23337/" + PIP_NAME
)


def main(folder: str) -> None:
    refuse_unsupported()
    try:
        from ensurepip import bootstrap  # noqa: F401, PLC0415 - only to learn whether it is there
    except ImportError:
        make_without_ensurepip(folder)
    else:
        run(sys.executable, "-m", "venv", "--clear", folder)


def refuse_unsupported() -> None:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < OLDEST:
        sys.exit(
            f"Tagtrail needs Python 3.11 or newer, and {sys.executable} is {version}. "
            "Name another one: make demo PYTHON=/path/to/python3.11"
        )
    if sys.maxsize <= 2**32:
        sys.exit(
            f"Tagtrail needs a 64-bit system, and {sys.executable} is a 32-bit Python: several libraries "
            "have no 32-bit builds. On a Raspberry Pi, install the 64-bit system image."
        )


def make_without_ensurepip(folder: str) -> None:
    run(sys.executable, "-m", "venv", "--clear", "--without-pip", folder)
    with tempfile.TemporaryDirectory() as scratch:
        wheel = pathlib.Path(scratch, PIP_NAME)
        wheel.write_bytes(fetch_pip())
        python = pathlib.Path(folder, "bin", "python")
        run(python, wheel / "pip", "install", "--quiet", "--no-index", "--no-deps", wheel)


def fetch_pip() -> bytes:
    try:
        with urllib.request.urlopen(PIP_URL, timeout=60) as reply:
            wheel: bytes = reply.read()
    except OSError as error:
        sys.exit(
            f"This Python has no ensurepip, and pip could not be fetched from {PIP_URL} ({error}). "
            "Install it from Debian: apt-get install python3-venv"
        )
    if hashlib.sha256(wheel).hexdigest() != PIP_SHA256:
        sys.exit(f"{PIP_URL} gave something else than pip. Install Debian's: apt-get install python3-venv")
    return wheel


def run(*command: object) -> None:
    words = [str(word) for word in command]
    if subprocess.run(words, check=False).returncode != 0:
        sys.exit("This failed: " + " ".join(words))


if __name__ == "__main__":
    main(sys.argv[1])
