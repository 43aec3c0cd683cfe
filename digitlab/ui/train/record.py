"""What a run leaves to take away: its settings, its command, its figures."""

from dataclasses import fields

import streamlit as st

from digitlab.runs import Run
from digitlab.training.compare import read_outcome
from digitlab.training.config import TrainConfig
from digitlab.training.status_words import format_duration
from digitlab.ui.train.form import name_setting, tell_value


def render_record(run: Run) -> None:
    """The result in one row; below, on demand, settings, command and history."""
    _render_outcome(run)
    with st.expander("Settings, command and figures of this run", key="train_record"):
        st.markdown(_tell_settings(run.read_config()))
        st.caption("The same run from the command line")
        st.code(run.format_command(), language="bash", wrap_lines=True)
        if run.history_path.is_file():
            st.download_button(
                "History (CSV)",
                run.history_path.read_bytes(),
                file_name=f"{run.id}.csv",
                mime="text/csv",
                key="train_csv",
                icon=":material/download:",
                on_click="ignore",
            )


def _render_outcome(run: Run) -> None:
    outcome = read_outcome(run)
    if outcome is None:
        return
    low, high = outcome.interval
    accuracy, duration, size = st.columns(3)
    accuracy.metric(
        "Accuracy on test images",
        f"{outcome.accuracy:.2%}",
        help=f"{outcome.n_test:,} images it never saw; 95 % interval {low:.2%} to {high:.2%}.",
    )
    duration.metric("Training took", format_duration(outcome.fit_s))
    size.metric("Size", f"{outcome.size_bytes / 1e6:.2f} MB", help="As TFLite.")


def _tell_settings(config: TrainConfig) -> str:
    """The six main settings, and of the others those that are not as usual."""
    told = [
        f"{name_setting(spec.name)}: **{tell_value(spec.name, getattr(config, spec.name))}**"
        for spec in fields(TrainConfig)
        if spec.metadata["is_basic"] or getattr(config, spec.name) != spec.default
    ]
    return " · ".join(told)
