"""What every value that is stored as a file has in common."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trackio._stored_forms import Place


class Media:
    """A value that is stored as a file below `<data directory>/media`, and named in the row.

    Attributes: `caption` (shown with it, or `None`).
    """

    TYPE = ""

    def __init__(self, value: Any, caption: str | None = None) -> None:
        if is_path(value) and not os.path.isfile(value):
            raise ValueError(f"there is no file `{value}`")
        self.caption = caption
        self._value = value
        self._stored: tuple[str, str] | None = None

    def _extension(self) -> str:
        """Extension of the stored file, without its dot, in lower case."""
        return os.path.splitext(self._value)[1][1:].lower()

    def _write(self, path: str) -> None:
        """Writes the file."""
        import shutil

        shutil.copy(self._value, path)

    def _to_trackio(self, place: "Place") -> dict[str, Any]:
        """Writes the file to `place` and gives what is stored in the row; once for each row."""
        if self._stored is None or self._stored[0] != place.folder:
            path, relative = place.new_file(self._extension())
            try:
                self._write(path)
            except BaseException:
                if os.path.exists(path):
                    os.unlink(path)
                raise
            self._stored = (place.folder, relative)
        return {"_type": self.TYPE, "file_path": self._stored[1], "caption": self.caption}


def is_path(value: Any) -> bool:
    """Whether the value names a file."""
    return isinstance(value, (str, os.PathLike))


def run_ffmpeg(arguments: list[str], frames: Any, what: str) -> None:
    """Runs `ffmpeg` with `arguments` and feeds it `frames`, an iterable of bytes-like objects.

    Raises `RuntimeError` when it is not installed or cannot do it; `what` says what it was to write.
    """
    import shutil
    import subprocess
    import tempfile

    program = shutil.which("ffmpeg")
    if program is None:
        raise RuntimeError(f"{what} needs the program `ffmpeg`, which is not on the search path; install it")
    # What it says goes to a file: nobody empties a pipe while the frames are fed.
    with tempfile.TemporaryFile() as said:
        command = [program, "-y", "-loglevel", "error", *arguments]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
        try:
            assert process.stdin is not None
            with process.stdin as pipe:
                for frame in frames:
                    pipe.write(frame)
        except BrokenPipeError:  # it has ended already and says why
            pass
        finally:
            status = process.wait()
        if status != 0:
            said.seek(0)
            reason = said.read(2000).decode("utf-8", "replace").strip()
            raise RuntimeError(f"`ffmpeg` could not write {what}: {reason or f'exit status {status}'}")
