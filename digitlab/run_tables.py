"""The tables of a run directory: CSV files that grow by a line and are read while they do."""

import csv
import os
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import BinaryIO

from digitlab.files import replace_file

Row = dict[str, float]


def append_rows(path: Path, rows: Iterable[Mapping[str, float]]) -> None:
    """Add lines to a table; the first rows' keys are its head.

    Raises:
        OSError: the disk is full, for example.
    """
    text = StringIO()
    writer = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(text, list(row), lineterminator="\n")
            if not path.exists():
                writer.writeheader()
        writer.writerow({key: f"{value:.6g}" for key, value in row.items()})
    # One write, so that a reader sees whole rows unless the disk is full.
    with path.open("a", encoding="utf-8") as file:
        file.write(text.getvalue())


def read_rows(path: Path, since: int = 0) -> tuple[list[Row], int]:
    """Read a table, or what has been added to it.

    Args:
        since: the place in the file, in bytes, up to which it has been read before; 0 for all.
    Returns:
        The rows, and the place up to which they go, for the next call. Values that are missing
        ("NA" in Keras's log) are left out, and so is a last line that is not complete.
    """
    try:
        with path.open("rb") as file:
            head = file.readline()
            since = since if _is_end_of_line(file, since) else len(head)
            file.seek(since)
            content = file.read()
    except FileNotFoundError:
        return [], 0
    content = content[: content.rfind(b"\n") + 1]
    if not head.endswith(b"\n"):
        return [], 0
    reader = csv.DictReader(StringIO((head + content).decode("utf-8", "replace")))
    return [_parse(row) for row in reader], since + len(content)


def cut_table(path: Path, column: str, limit: float) -> None:
    """Drop the rows whose value in a column is `limit` or more, and a last line not complete."""
    rows, end = read_rows(path)
    if not end:
        path.unlink(missing_ok=True)
        return
    content = path.read_bytes()
    lines = content[:end].splitlines(keepends=True)
    kept = [line for line, row in zip(lines[1:], rows, strict=True) if row[column] < limit]
    shorter = b"".join([lines[0], *kept])
    if shorter != content:
        replace_file(path, shorter)


def _is_end_of_line(file: BinaryIO, place: int) -> bool:
    """Whether one can read on from here; a table that was shortened has another line there."""
    if not 0 < place <= os.fstat(file.fileno()).st_size:
        return False
    file.seek(place - 1)
    return file.read(1) == b"\n"


def _parse(row: dict[str, str]) -> Row:
    values = {}
    for key, text in row.items():
        try:
            values[key] = float(text)
        except (TypeError, ValueError):
            continue
    return values
