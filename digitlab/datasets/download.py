"""Download files with pooch, verified by their published hashes."""

from collections.abc import Callable, Mapping
from pathlib import Path

import requests
import urllib3

from digitlab.datasets.spec import DatasetSpec
from digitlab.errors import DatasetUnavailableError, describe_error
from digitlab.jobs import ProgressCallback

RETRIES = 2
_TIMEOUT_S = (5.0, 30.0)
_NO_CONNECTION = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
)


def format_download_progress(done_bytes: int, total_bytes: int) -> str:
    """Format the progress of a download: 3 of 11 MB."""
    return f"{done_bytes / 1e6:.0f} of {total_bytes / 1e6:.0f} MB"


def fetch_files(
    spec: DatasetSpec, folder: Path, progress: ProgressCallback | None = None
) -> list[Path]:
    """Download the files of a data set that are missing or damaged in `folder`.

    Args:
        progress: called with the bytes done and in all, for each file.
    Returns:
        The files' paths, in the order of `spec.files`.
    Raises:
        DatasetUnavailableError: a file could not be downloaded, or arrived damaged.
    """
    files = {file.name: (file.url, f"sha256:{file.sha256}") for file in spec.files}
    return download(spec.label, files, folder, progress)


def download(
    label: str,
    files: Mapping[str, tuple[str, str | None]],
    folder: Path,
    progress: ProgressCallback | None = None,
) -> list[Path]:
    """Download files that are missing or damaged in `folder`.

    Args:
        label: what they are, for the error message.
        files: by name, the address and the hash, such as `md5:…`; None if it is not published.
        progress: called with the bytes done and in all, for each file.
    Raises:
        DatasetUnavailableError: a file could not be downloaded, or arrived damaged.
    """
    # Not at the top: the app loads data sets too, and starts before pooch is installed.
    import pooch

    cache = pooch.create(
        path=folder,
        base_url="",
        registry={name: known_hash for name, (_, known_hash) in files.items()},
        urls={name: url for name, (url, _) in files.items()},
        retry_if_failed=RETRIES,
    )
    pooch.get_logger().setLevel("WARNING")
    downloader = _build_downloader(progress)
    try:
        return [Path(cache.fetch(name, downloader=downloader)) for name in files]
    except (_UnreachableError, requests.RequestException, OSError, ValueError) as error:
        # pooch reports a wrong hash as ValueError, after its retries.
        raise DatasetUnavailableError(
            f"{label} could not be downloaded ({_describe(error)})."
        ) from error


def _describe(error: Exception) -> str:
    if isinstance(error, _UnreachableError | requests.ConnectionError):
        return "no connection to the publisher's server"
    return describe_error(error)


class _UnreachableError(Exception):
    """There is no connection at all, so that pooch must not retry."""


def _build_downloader(progress: ProgressCallback | None) -> Callable[..., object]:
    """A downloader that pooch retries after a broken transfer, but not without a connection.

    Otherwise every run on the offline sample would start seconds later.
    """
    import pooch

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
    """Passes the calls that pooch makes to a tqdm bar to a progress callback."""

    def __init__(self, progress: ProgressCallback) -> None:
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
