"""Does for a job what `uv run` would: installs what a script needs into an environment of the job, and becomes the script.

    without_uv.py run [--with PACKAGE]… [--python VERSION] [-q] SCRIPT|URL|-|COMMAND [ARGUMENT]…
"""

import os
import re
import subprocess
import sys
import urllib.request
import venv
from pathlib import Path

# The job's own folder, wherever it runs.
OWN = Path(__file__).resolve().parent / "work"
WITH_VALUE = {"--with", "-w", "--python", "-p", "--with-requirements", "--index-url", "--extra-index-url", "--index", "--find-links", "-f"}
BLOCK = re.compile(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


def dependencies(text: str) -> list[str]:
    """Those of the block that PEP 723 puts at the head of a script."""
    found = BLOCK.search(text)
    if not found:
        return []
    lines = [line[2:] if line.startswith("# ") else line[1:] for line in found["content"].splitlines()]
    try:
        import tomllib
    except ImportError:  # Python 3.10
        listed = re.search(r"dependencies\s*=\s*\[(.*?)\]", "\n".join(lines), re.DOTALL)
        return re.findall(r"[\"']([^\"']+)[\"']", listed[1]) if listed else []
    return tomllib.loads("\n".join(lines)).get("dependencies", [])


def script_of(target: str) -> Path | None:
    """The file of the script: fetched, read from standard input, or there; none for a command."""
    if target == "-":
        path = OWN / "script.py"
        path.write_bytes(sys.stdin.buffer.read())
        return path
    if target.startswith(("https://", "http://")):
        name = target.split("?")[0].split("#")[0].rstrip("/").rsplit("/", 1)[-1]
        path = OWN / (name if name.endswith(".py") else "script.py")
        with urllib.request.urlopen(target, timeout=60) as answer:  # noqa: S310
            path.write_bytes(answer.read())
        return path
    return Path(target) if target.endswith(".py") or Path(target).is_file() else None


def environment(packages: list[str], options: list[str]) -> Path:
    """The folder of programs of an environment with these packages."""
    folder = OWN / ".environment"
    print(f"note: installing {', '.join(packages)} with pip", file=sys.stderr)
    venv.create(folder, with_pip=True, symlinks=True)
    python = folder / "bin" / "python"
    done = subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *options, *packages])
    if done.returncode:
        sys.exit("error: pip could not install what the script needs; see the lines above")
    return folder / "bin"


def main() -> None:
    """Reads the command line as `uv` does, as far as jobs use it."""
    words = sys.argv[1:]
    if not words or words[0] != "run":
        sys.exit(f"error: this stands in for `uv run` alone, not for `uv {' '.join(words)}`; install uv for the rest")
    words = words[1:]
    packages, options = [], []
    while words and words[0].startswith("-") and words[0] != "-":
        word = words.pop(0)
        if word == "--":
            break
        name, has_value, value = word.partition("=")
        if name in WITH_VALUE:
            value = value if has_value else words.pop(0)
        if name in ("--with", "-w"):
            # As `uv` does: a comma may also stand in `torch>=2.1,<3` and `trl[peft,vllm]`.
            packages += re.split(r",(?![^\[]*\])(?=\s*[A-Za-z0-9])", value)
        elif name == "--with-requirements":
            options += ["-r", value]
        elif name in ("--index-url", "--extra-index-url", "--find-links", "-f"):
            options += [name, value]
        elif name in ("--python", "-p") and not "{}.{}".format(*sys.version_info[:2]).startswith(value):
            print(f"note: Python {value} is asked for, and this is {sys.version.split()[0]}", file=sys.stderr)
    if not words:
        sys.exit("error: no script is named")
    target, *arguments = words
    script = script_of(target)
    if script is not None:
        packages += dependencies(script.read_text(encoding="utf-8"))
    programs = environment(packages, options) if packages or options else None
    if programs:
        os.environ["PATH"] = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
        os.environ["VIRTUAL_ENV"] = str(programs.parent)
    python = str(programs / "python") if programs else sys.executable
    if script is not None:
        os.execv(python, [python, str(script), *arguments])
    if target in ("python", "python3"):
        os.execv(python, [python, *arguments])
    try:
        os.execvp(target, [target, *arguments])
    except FileNotFoundError:
        sys.exit(f"error: there is no script and no program `{target}`; name its package by `--with`")


if __name__ == "__main__":
    main()
