"""Download a data set's files with pooch: resumable by retry, verified by sha256."""

from collections.abc import Callable
from pathlib import Path

import pooch
import requests
import urllib3

from digitlab.datasets.registry import DatasetSpec
from digitlab.errors import DatasetUnavailableError

Progress = Callable[[int, int], None]
RETRIES = 2
_TIMEOUT_S = (5.0, 30.0)
_NO_CONNECTION = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
)


def describe_download(done_bytes: int, total_bytes: int) -> str:
    """How far a download is, in words."""
    return f"downloading: {done_bytes / 1e6:.0f} of {total_bytes / 1e6:.0f} MB"


def fetch_files(spec: DatasetSpec, folder: Path, progress: Progress | None = None) -> list[Path]:
    """Download the files of a data set that `folder` lacks or holds damaged.

    Args:
        progress: called with bytes done and bytes in all, for each file.
    Returns:
        The files' paths, in the order of `spec.files`.
    Raises:
        DatasetUnavailableError: a file could not be downloaded, or arrived damaged.
    """
    keeper = pooch.create(
        path=folder,
        base_url="",
        registry={file.name: f"sha256:{file.sha256}" for file in spec.files},
        urls={file.name: file.url for file in spec.files},
        retry_if_failed=RETRIES,
    )
    pooch.get_logger().setLevel("WARNING")
    downloader = _build_downloader(progress)
    try:
        return [Path(keeper.fetch(file.name, downloader=downloader)) for file in spec.files]
    except (_UnreachableError, requests.RequestException, OSError, ValueError) as error:
        # pooch reports a wrong hash as ValueError, after its retries.
        raise DatasetUnavailableError(
            f"{spec.label} could not be downloaded ({_shorten(error)})."
        ) from error


def _shorten(error: Exception) -> str:
    if isinstance(error, _UnreachableError | requests.ConnectionError):
        return "no connection to the publisher's server"
    return str(error).splitlines()[0][:200]


class _UnreachableError(Exception):
    """Nobody answers: what pooch does not try again."""


def _build_downloader(progress: Progress | None) -> Callable[..., object]:
    """What tries again after a broken transfer, but not where there is no connection at all.

    Without that every training on the offline sample would begin seconds later.
    """
    download = pooch.HTTPDownloader(
        progressbar=_ProgressAdapter(progress) if progress else False, timeout=_TIMEOUT_S
    )

    def download_if_reachable(*arguments: object, **options: object) -> object:
        try:
            return download(*arguments, **options)
        except requests.ConnectionError as error:
            cause = error.args[0] if error.args else None
            if isinstance(getattr(cause, "reason", cause), _NO_CONNECTION):
                raise _UnreachableError from error
            raise

    return download_if_reachable


class _ProgressAdapter:
    """Turns pooch's tqdm-like calls into one callable."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done = 0
        self.total = 0

    def update(self, n_bytes: int) -> None:
        self._done = min(self._done + n_bytes, self.total) if self.total else self._done + n_bytes
        self._progress(self._done, self.total)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        self._done = 0
