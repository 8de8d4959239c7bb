"""Throwaway Python environments, with or without our package, and the commands that are run for them."""

import subprocess
import sys
import zipfile
from pathlib import Path

import trackio


class Environment:
    """A virtual environment of its own; `python` is its interpreter, `site_packages` where its modules lie."""

    def __init__(self, folder: Path, has_trackio: bool = True) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        self.python = folder / "bin" / "python"
        (self.site_packages,) = folder.glob("lib/python3.*/site-packages")
        if has_trackio:
            self.add_path(Path(trackio.__file__).parents[1])

    def add_path(self, folder: Path) -> None:
        """Modules in that folder are found, too, after those of the environment."""
        paths = self.site_packages / "others.pth"
        paths.write_text(f"{paths.read_text() if paths.exists() else ''}{folder}\n")

    def run(self, script: str, **environment: str) -> str:
        """Runs a script to its end, which must be a good one; gives what it printed."""
        done = subprocess.run(
            [self.python, "-c", script], env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def pip(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Runs pip on the environment, without an index."""
        command = [sys.executable, "-m", "pip", "--python", self.python, "--disable-pip-version-check", *arguments]
        return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120)

    def contents(self) -> dict[str, bytes]:
        """Every file of its modules, bytecode left out."""
        files = (path for path in self.site_packages.rglob("*") if path.is_file() and path.suffix != ".pyc")
        return {str(path.relative_to(self.site_packages)): path.read_bytes() for path in files}


def wheel(folder: Path, name: str, version: str, source: str) -> Path:
    """A wheel with one package, whose `__init__.py` holds `source`."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    metadata = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": source,
        f"{metadata}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{metadata}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{metadata}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{metadata}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return path
