"""The report as a file to take away."""

import json
import re

import streamlit as st

from digitlab.evaluation.document import render_html, to_json
from digitlab.evaluation.lab import load_robustness
from digitlab.ui.evaluate.glance import measure_time
from digitlab.ui.evaluate.tested import Tested


def render_downloads(tested: Tested, *, key: str) -> None:
    """Two buttons: one HTML page with its figures inside, and JSON with all numbers."""
    # A person's own set says nothing about the model's robustness, which was measured elsewhere.
    robustness = None if tested.names else load_robustness(tested.model)
    digit_ms = None if tested.names else measure_time(tested)
    subject = tested.build_subject(digit_ms)
    # A name for a file, on any system.
    stem = re.sub(r"[^a-z0-9]+", "-", f"{tested.model.id} {tested.data['label']}".lower()).strip(
        "-"
    )

    # Made when it is asked for: the page need not wait for it.
    def make_html() -> str:
        pictures = tested.pictures
        return render_html(
            subject,
            tested.report,
            images=pictures.images if pictures else None,
            is_known=pictures.is_known if pictures else None,
            robustness=robustness,
        )

    def make_json() -> str:
        return json.dumps(to_json(subject, tested.report, robustness), indent=2)

    with st.container(horizontal=True, key=key):
        for label, make, suffix, mime in (
            ("Report (HTML)", make_html, "html", "text/html"),
            ("Figures (JSON)", make_json, "json", "application/json"),
        ):
            st.download_button(
                label,
                make,
                file_name=f"{stem}.{suffix}",
                mime=mime,
                key=f"{key}_{suffix}",
                icon=":material/download:",
                on_click="ignore",
            )
