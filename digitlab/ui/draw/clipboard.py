"""Ctrl+V pastes a picture."""

import base64
import binascii
from collections.abc import Callable

import streamlit as st

from digitlab.ui.streamlit_internals import callback

_KEY = "draw_paste"
# Larger pictures are scaled down by the browser; decoding would do the same.
_MAX_SIDE_PX = 2000

_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  const listeners = new AbortController();
  parentElement.listeners?.abort();
  parentElement.listeners = listeners;
  window.addEventListener("paste", async (event) => {
    const items = [...(event.clipboardData?.items ?? [])];
    const file = items.find(({ type }) => type.startsWith("image/"))?.getAsFile();
    if (!file) return;
    event.preventDefault();
    setTriggerValue("pasted", await encode(file, data.side));
  }, { signal: listeners.signal });
  return () => listeners.abort();
}

// As base64: the file's bytes, or those of a smaller picture.
async function encode(file, side) {
  const image = await createImageBitmap(file).catch(() => null);
  const scale = image ? side / Math.max(image.width, image.height) : 1;
  if (scale < 1) {
    const canvas = new OffscreenCanvas(image.width * scale, image.height * scale);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    file = await canvas.convertToBlob({ type: "image/png" });
  }
  const reader = new FileReader();
  await new Promise((resolve) => {
    reader.onloadend = resolve;
    reader.readAsDataURL(file);
  });
  return reader.result.split(",", 2)[1];
}
"""


def render_paste_listener(on_paste: Callable[[bytes], None]) -> None:
    """Render an invisible component that receives pictures from the clipboard.

    Args:
        on_paste: called with the content of the picture's file, before the page reruns.
    """
    # Registered in each run: Streamlit compares, and keeps an unchanged component.
    listener = st.components.v2.component("digitlab_paste", js=_JS)

    def handle_paste() -> None:
        pasted = st.session_state[_KEY].pasted
        if isinstance(pasted, str):
            try:
                on_paste(base64.b64decode(pasted, validate=True))
            except binascii.Error:
                on_paste(b"")

    listener(key=_KEY, data={"side": _MAX_SIDE_PX}, on_pasted_change=callback(handle_paste))
