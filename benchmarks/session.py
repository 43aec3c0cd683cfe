"""A session of the app over its websocket, as a browser has it, without the browser."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

from digitlab.ink.samples import build_sample_drawing

_TIMEOUT_S = 120
# The page shows the digit that was read in this element.
_DIGIT = re.compile(rb'data-testid=\\?"digit\\?"[^>]*>([^<]*)<')
_PAPER = "#ffffff"


@dataclass(frozen=True)
class Widget:
    """A widget on the page; `fragment_id` is empty if its message reruns the whole page."""

    id: str
    fragment_id: str


class Session:
    """What the app sent, and the states of the widgets that were used.

    Attributes:
        n_finished: runs of the page or of a fragment that have ended.
        digits: the time, by `perf_counter`, and the text of each digit that was shown.
        script_ms: Streamlit's own measurement of each run, if the server gathers usage
            statistics.
        timers: fragments that rerun by themselves, by id, and their intervals in seconds.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.n_finished = 0
        self.digits: list[tuple[float, str]] = []
        self.script_ms: list[float] = []
        self.timers: dict[str, float] = {}
        self._socket = socket
        self._received = asyncio.Condition()
        self._elements: dict[tuple[int, ...], Delta] = {}
        self._states: dict[str, WidgetState] = {}
        self._page_hash = ""

    def find_canvas(self) -> Widget:
        """The drawing canvas."""
        return self._find_component("drawable_canvas")

    def find_button(self, label: str) -> Widget:
        """The first button whose label begins with `label`."""
        for delta in self._elements.values():
            if delta.new_element.button.label.startswith(label):
                return Widget(delta.new_element.button.id, delta.fragment_id)
        raise LookupError(f"The page has no button {label}.")

    async def open(self, page_name: str) -> None:
        """Open a page by its name in the URL and wait until it has been rendered."""
        message = BackMsg()
        message.rerun_script.page_name = page_name
        async with self._one_more_run():
            await self._send(message)

    async def rerun_page(self) -> None:
        """Rerun the whole page and wait until it has been rendered."""
        async with self._one_more_run():
            await self._rerun("")

    async def run_timers(self) -> None:
        """Rerun, one after another, the fragments that rerun by themselves."""
        for fragment_id in list(self.timers):
            async with self._one_more_run():
                await self._rerun(fragment_id, by_timer=True)

    async def click(self, button: Widget) -> None:
        """Click a button and wait until the page has been rendered."""
        async with self._one_more_run():
            trigger = WidgetState(id=button.id, trigger_value=True)
            await self._rerun(button.fragment_id, trigger)

    async def set_state(self, widget: Widget, state: dict[str, Any]) -> None:
        """Send a component's state."""
        self._states[widget.id] = WidgetState(id=widget.id, json_value=json.dumps(state))
        await self._rerun(widget.fragment_id)

    async def draw(self, digit: int) -> None:
        """Send the message of the canvas after a stroke has completed a sample digit."""
        raw = {"version": "7", **build_sample_drawing(digit), "background": _PAPER}
        state = {"drawing": {"raw": raw, "data": None}, "backgroundFit": None}
        await self.set_state(self.find_canvas(), state)

    async def draw_and_wait(self, digit: int) -> None:
        """Draw a digit, wait until the page has been rendered; it must show that digit."""
        async with self._one_more_run():
            await self.draw(digit)
        assert self.digits and self.digits[-1][1] == str(digit), self.digits[-1:]

    async def wait_until(self, is_true: Callable[[], bool]) -> None:
        """Wait until something is true; it is looked at after each message."""
        async with asyncio.timeout(_TIMEOUT_S), self._received:
            await self._received.wait_for(is_true)

    async def receive_all(self) -> None:
        """Receive messages until the connection is closed."""
        async for payload in self._socket:
            assert isinstance(payload, bytes)
            message = ForwardMsg.FromString(payload)
            self._handle(message, payload)
            async with self._received:
                self._received.notify_all()

    @contextlib.asynccontextmanager
    async def _one_more_run(self) -> AsyncIterator[None]:
        n_finished = self.n_finished
        yield
        await self.wait_until(lambda: self.n_finished > n_finished)

    async def _rerun(
        self, fragment_id: str, *triggers: WidgetState, by_timer: bool = False
    ) -> None:
        """Ask for a rerun of a fragment, or of the page, with the states of all widgets."""
        message = BackMsg()
        message.rerun_script.page_script_hash = self._page_hash
        message.rerun_script.fragment_id = fragment_id
        message.rerun_script.is_auto_rerun = by_timer
        message.rerun_script.widget_states.widgets.extend([*self._states.values(), *triggers])
        await self._send(message)

    async def _send(self, message: BackMsg) -> None:
        await self._socket.send(message.SerializeToString())

    def _handle(self, message: ForwardMsg, payload: bytes) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._page_hash = message.new_session.page_script_hash
            self._forget_elements(set(message.metadata.run.fragment_ids))
        elif kind == "delta":
            self._elements[tuple(message.metadata.delta_path)] = message.delta
            if shown := _DIGIT.search(payload):
                self.digits.append((time.perf_counter(), shown[1].decode()))
        elif kind == "script_finished":
            self.n_finished += message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        elif kind == "page_profile":
            self.script_ms.append(message.page_profile.exec_time / 1000)
        elif kind == "auto_rerun":
            self.timers[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        elif kind == "stop_auto_rerun":
            for fragment_id in message.stop_auto_rerun.fragment_ids:
                self.timers.pop(fragment_id, None)

    def _forget_elements(self, fragment_ids: set[str]) -> None:
        """Forget what the run that begins will send again."""
        if not fragment_ids:
            self.timers.clear()
        self._elements = {
            path: delta
            for path, delta in self._elements.items()
            if fragment_ids and delta.fragment_id not in fragment_ids
        }

    def _find_component(self, name: str) -> Widget:
        for delta in self._elements.values():
            component = delta.new_element.bidi_component
            if name in component.component_name:
                return Widget(component.id, delta.fragment_id)
        raise LookupError(f"The page has no component {name}.")


@contextlib.asynccontextmanager
async def open_session(url: str, page_name: str = "") -> AsyncIterator[Session]:
    """Open a page of the app in a new session.

    Args:
        url: the address of the app, `http://…`.
        page_name: as in the page's URL; empty is the first page.
    """
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(address, subprotocols=["streamlit"], max_size=None) as socket:  # type: ignore[list-item]
        session = Session(socket)
        receiver = asyncio.create_task(session.receive_all())
        try:
            await session.open(page_name)
            yield session
        finally:
            receiver.cancel()
