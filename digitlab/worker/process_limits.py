"""Limits of a process that opens files from elsewhere: memory, time, network, other programs."""

import signal
import sys
from typing import Any

_FORBIDDEN = {
    "socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn",
    "os.fork",
}  # fmt: skip


def limit_process(*, memory_bytes: int, minutes: int) -> None:
    """Limit this process from now on. Where the limits do not exist, as on Windows, it has none.

    Python code that would use the network or other programs gets a `PermissionError`.

    Args:
        memory_bytes: of private memory. The address space is not limited: TensorFlow reserves far
            more than it uses.
        minutes: after which the system ends the process, also in the middle of native code.
    """
    sys.addaudithook(_refuse)
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
        # The default action, not a Python handler, which native code would delay.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(60 * minutes)


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN:
        raise PermissionError(f"{event} is not allowed while a model is imported")
