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
from websockets.typing import Subprotocol

_TIMEOUT_S = 120
# The page shows the digit that was read in this element.
_DIGIT = re.compile(rb'data-testid="digit"[^>]*>([^<]*)<')
_PEN_WIDTH_PX = 18

# Objects of Fabric.js, as the canvas reports them.
Strokes = list[dict[str, Any]]


@dataclass(frozen=True)
class Widget:
    """A widget on the page.

    Attributes:
        fragment_id: of the fragment that its messages rerun; empty is the whole page.
        data: what the page gave to the component.
    """

    id: str
    fragment_id: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A digit that the page showed.

    Attributes:
        shown_s: when, by `perf_counter`.
        pen_id: the last message of the pen that it knows.
    """

    shown_s: float
    digit: str
    pen_id: int


class Session:
    """What the app sent, and the states of the components that were used.

    Attributes:
        n_finished: runs of the page or of a fragment that have ended.
        answers: all that were shown.
        script_ms: Streamlit's own measurement of each run, if the server gathers usage
            statistics.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.n_finished = 0
        self.answers: list[Answer] = []
        self.script_ms: list[float] = []
        self._socket = socket
        self._received = asyncio.Condition()
        self._elements: dict[tuple[int, ...], Delta] = {}
        self._states: dict[str, WidgetState] = {}
        self._timers: set[str] = set()
        self._page_hash = ""
        self._n_pen_messages = 0

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
        for fragment_id in sorted(self._timers):
            async with self._one_more_run():
                await self._rerun(fragment_id, by_timer=True)

    async def click(self, label: str) -> None:
        """Click the first button whose label begins so; wait until the page was rendered."""
        for delta in self._elements.values():
            button = delta.new_element.button
            if button.label.startswith(label):
                async with self._one_more_run():
                    trigger = WidgetState(id=button.id, trigger_value=True)
                    await self._rerun(delta.fragment_id, trigger)
                return
        raise LookupError(f"The page has no button {label}.")

    async def draw(self, strokes: Strokes) -> None:
        """Send the canvas's message: these strokes are on it."""
        canvas = self._find_component("drawable_canvas")
        raw = {"version": "7.4.0", **canvas.data["initialDrawing"], "objects": strokes}
        await self._set_state(canvas, {"drawing": {"raw": raw, "data": None}})

    async def draw_and_wait(self, strokes: Strokes) -> str:
        """Draw, wait until the page has been rendered; the digit that it shows."""
        async with self._one_more_run():
            await self.draw(strokes)
        return self.answers[-1].digit

    async def clear(self) -> None:
        """Click Clear and wait until the pen knows that its canvas is blank."""
        revision = self._find_component("digitlab_pen").data["revision"]
        await self.click("Clear")
        await self.wait_until(
            lambda: self._find_component("digitlab_pen").data["revision"] > revision
        )

    async def move_pen(self, points: list[float], *, is_down: bool) -> int:
        """Send the message of the live pen: it draws this stroke on a blank canvas.

        Args:
            points: alternating x and y.
        Returns:
            The message's number, as in `Answer.pen_id`.
        """
        pen = self._find_component("digitlab_pen")
        self._n_pen_messages += 1
        drawn = {
            "id": self._n_pen_messages,
            "revision": pen.data["revision"],
            "first": 0,
            "strokes": [{"points": points, "width": _PEN_WIDTH_PX}],
            "down": is_down,
        }
        await self._set_state(pen, {"drawn": drawn})
        return self._n_pen_messages

    def has_shown(self, digit: int) -> bool:
        """Whether this digit is the last answer."""
        return bool(self.answers) and self.answers[-1].digit == str(digit)

    def has_answered(self, pen_id: int) -> bool:
        """Whether the page has shown an answer that knows a message of the pen."""
        return bool(self.answers) and self.answers[-1].pen_id >= pen_id

    async def wait_until(self, is_true: Callable[[], bool]) -> None:
        """Wait until something is true; it is looked at after each message."""
        async with asyncio.timeout(_TIMEOUT_S), self._received:
            await self._received.wait_for(is_true)

    async def receive_all(self) -> None:
        """Receive messages until the connection is closed."""
        async for payload in self._socket:
            assert isinstance(payload, bytes)
            self._handle(ForwardMsg.FromString(payload), payload)
            async with self._received:
                self._received.notify_all()

    @contextlib.asynccontextmanager
    async def _one_more_run(self) -> AsyncIterator[None]:
        n_finished = self.n_finished
        yield
        await self.wait_until(lambda: self.n_finished > n_finished)

    async def _set_state(self, widget: Widget, state: dict[str, Any]) -> None:
        self._states[widget.id] = WidgetState(id=widget.id, json_value=json.dumps(state))
        await self._rerun(widget.fragment_id)

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
            if not message.metadata.run.fragment_ids:
                self._elements.clear()
                self._timers.clear()
        elif kind == "delta":
            path = tuple(message.metadata.delta_path)
            self._elements.pop(path, None)
            # The newest is the last, and the first that is found.
            self._elements[path] = message.delta
            if shown := _DIGIT.search(payload):
                self.answers.append(
                    Answer(time.perf_counter(), shown[1].decode(), self._get_known_pen_id())
                )
        elif kind == "script_finished":
            self.n_finished += message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        elif kind == "page_profile":
            self.script_ms.append(message.page_profile.exec_time / 1000)
        elif kind == "auto_rerun":
            self._timers.add(message.auto_rerun.fragment_id)
        elif kind == "stop_auto_rerun":
            self._timers -= set(message.stop_auto_rerun.fragment_ids)

    def _get_known_pen_id(self) -> int:
        """The page sends its pen which message it has read, before it sends the answer."""
        try:
            return int(self._find_component("digitlab_pen").data["answered"] or 0)
        except LookupError:
            return 0

    def _find_component(self, name: str) -> Widget:
        for delta in reversed(self._elements.values()):
            component = delta.new_element.bidi_component
            if name in component.component_name:
                return Widget(component.id, delta.fragment_id, json.loads(component.json))
        raise LookupError(f"The page has no component {name}.")


@contextlib.asynccontextmanager
async def open_session(url: str, page_name: str = "") -> AsyncIterator[Session]:
    """Open a page of the app in a new session.

    Args:
        url: the address of the app, `http://…`.
        page_name: as in the page's URL; empty is the first page.
    """
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None) as socket:
        session = Session(socket)
        receiver = asyncio.create_task(session.receive_all())
        try:
            await session.open(page_name)
            yield session
        finally:
            receiver.cancel()
