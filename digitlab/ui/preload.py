"""The modules of all pages, imported before somebody opens the pages."""

import functools
import gc
import importlib
import threading

from digitlab.paths import PROJECT_DIR


@functools.cache
def preload_pages() -> None:
    """Import the modules of all pages in the background, once in a process.

    Call it when the first page is complete. Otherwise the first visit of each page would wait for
    its imports, with nothing below the navigation meanwhile. No daemon: a process that ends in the
    middle of importing an extension module would crash.
    """
    threading.Thread(target=_import_pages, name="preload", daemon=False).start()


def _import_pages() -> None:
    for path in (PROJECT_DIR / "pages").glob("*.py"):
        importlib.import_module(f"digitlab.ui.{path.stem}.page")
    # The modules live as long as the process: a garbage collection takes 80 ms less without them.
    gc.collect()
    gc.freeze()
