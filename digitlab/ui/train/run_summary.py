"""What a run leaves to take away: its settings, its command, its figures."""

from collections.abc import Sequence
from dataclasses import fields

import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.evaluation.comparison import (
    RunOutcome,
    find_config_differences,
    load_run_outcome,
    load_run_report,
    rank_runs,
)
from digitlab.figures.training_curves import describe_run_comparison, run_comparison_figure
from digitlab.runs.run import Run, list_runs
from digitlab.runs.status import format_duration
from digitlab.training.config import TrainConfig
from digitlab.ui.chart import render_steady_chart
from digitlab.ui.selectors import render_segments
from digitlab.ui.train.form import format_value, get_setting_label
from digitlab.ui.train.run_choice import format_run, get_unique_run_names

_KEPT = "train_compared_kept"
_WIDGET = "train_compared"
_AT_FIRST = 2


def render_run_summary(run: Run) -> None:
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
    outcome = load_run_outcome(run)
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
        f"{get_setting_label(spec.name)}: **{format_value(spec.name, getattr(config, spec.name))}**"
        for spec in fields(TrainConfig)
        if spec.metadata["is_basic"] or getattr(config, spec.name) != spec.default
    ]
    return " · ".join(told)


def render_comparison() -> None:
    """Choose runs, see them in one chart, and what differs."""
    runs = {run.id: run for run in list_runs()}
    if not runs:
        st.info("There is no run yet. Train a network first, then compare it with another.")
        return
    chosen = _choose(runs)
    if not chosen:
        st.caption("Choose two runs or more.")
        return
    names = get_unique_run_names(chosen)
    _render_chart(chosen, names)
    _render_table(chosen, names)


def _choose(runs: dict[str, Run]) -> list[Run]:
    state = st.session_state
    learned = [run_id for run_id, run in runs.items() if run.history_path.is_file()]
    kept = [run_id for run_id in state.get(_KEPT, learned[:_AT_FIRST]) if run_id in runs]
    if _WIDGET in state:
        # A run may have been deleted since, also by another visitor.
        state[_WIDGET] = [run_id for run_id in state[_WIDGET] if run_id in runs]
    else:
        state[_WIDGET] = kept
    state[_KEPT] = st.multiselect(
        "Runs",
        list(runs),
        format_func=lambda run_id: format_run(runs[run_id]),
        key=_WIDGET,
        placeholder="Choose two runs or more",
    )
    return [runs[run_id] for run_id in state[_KEPT]]


def _render_chart(runs: Sequence[Run], names: dict[str, str]) -> None:
    quantity = render_segments(
        "What to compare",
        {"accuracy": "Accuracy", "loss": "Loss"},
        key="train_compared_quantity",
    )
    histories = {names[run.id]: run.read_history() for run in runs}
    render_steady_chart(
        run_comparison_figure(histories, quantity, zoomable=False),
        key="train_comparison",
        alt=describe_run_comparison(histories, quantity),
    )


def _render_table(runs: Sequence[Run], names: dict[str, str]) -> None:
    outcomes = {run.id: load_run_outcome(run) for run in runs}
    rows: dict[str, list[str]] = {
        "Test accuracy": [_tell_accuracy(outcomes[run.id]) for run in runs],
        "Training took": [
            format_duration(one.fit_s) if (one := outcomes[run.id]) else "–" for run in runs
        ],
        "Size": [
            f"{one.size_bytes / 1e6:.2f} MB" if (one := outcomes[run.id]) else "–" for run in runs
        ],
    }
    try:
        configs = {run.id: run.read_config() for run in runs}
    except DigitlabError as error:
        st.warning(str(error))
        configs = {}
    for difference in find_config_differences(configs):
        rows[get_setting_label(difference.field)] = [
            format_value(difference.field, difference.values[run.id]) for run in runs
        ]
    head = [names[run.id] for run in runs]
    st.table(
        {"": list(rows)}
        | {name: [values[k] for values in rows.values()] for k, name in enumerate(head)},
        hide_index=True,
    )
    reports = {names[run.id]: report for run in runs if (report := load_run_report(run))}
    if sentence := rank_runs(reports):
        st.markdown(sentence)
    if len(runs) > 1 and configs and len(rows) == 3:
        st.caption("Their settings are the same.")


def _tell_accuracy(outcome: RunOutcome | None) -> str:
    if outcome is None:
        return "–"
    low, high = outcome.interval
    return f"{outcome.accuracy:.2%} ({low:.2%} to {high:.2%})"
