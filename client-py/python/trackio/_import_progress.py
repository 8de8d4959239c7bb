"""How far an import is, on the terminal."""

from __future__ import annotations

from trackio._progress import Progress


class ImportProgress(Progress):
    """Bytes read of all there are, and rows found in them: `[######      ]  43 %  12,000 rows`."""

    def __init__(self, total_bytes: int) -> None:
        super().__init__()
        self._total = max(total_bytes, 1)
        self.rows = 0

    def __enter__(self) -> "ImportProgress":
        return self

    def row(self, position: int) -> None:
        """One row more was found; `position` is how many bytes were read so far."""
        self.rows += 1
        if self.is_due():
            self.draw(position / self._total, f"{self.rows:,} rows")
