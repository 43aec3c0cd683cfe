"""The results of a run: metrics, settings, command, history; and the comparison of runs."""

from collections.abc import Sequence
from dataclasses import fields
from html import escape

import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.evaluation.comparison import (
    RunOutcome,
    find_config_differences,
    load_run_outcome,
    load_run_report,
    rank_runs,
)
from digitlab.figures.run_comparison import describe_run_comparison, run_comparison_figure
from digitlab.figures.theme import PLOTLY_CONFIG
from digitlab.quantities import format_duration
from digitlab.runs.run import Run
from digitlab.training.config import TrainConfig
from digitlab.ui.code import render_code
from digitlab.ui.selectors import render_segments
from digitlab.ui.text import escape_markdown, render_error
from digitlab.ui.train.form import format_value, get_setting_label
from digitlab.ui.train.run_choice import (
    format_run_options,
    get_run_name,
    get_unique_run_names,
    hide_other_trials,
    list_known_runs,
)

_SELECTED = "train_compared_kept"
_WIDGET = "train_compared"
_N_PRESELECTED = 2


def render_run_summary(run: Run) -> None:
    """Render settings, command and history in an expander."""
    with st.expander("Settings and command of this run", key="train_record"):
        st.markdown(_format_settings(run.read_config()))
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
    render_code(run.read_config, run.id, key="train_code")


def _format_settings(config: TrainConfig) -> str:
    """The basic settings, and the others that differ from their defaults, as Markdown."""
    shown = [
        spec.name
        for spec in fields(TrainConfig)
        if spec.metadata["is_basic"] or getattr(config, spec.name) != spec.default
    ]
    values = {name: escape_markdown(format_value(name, getattr(config, name))) for name in shown}
    return " · ".join(f"{get_setting_label(name)}: **{value}**" for name, value in values.items())


def render_comparison() -> None:
    """Render the choice of runs, their curves in one chart, and a table of differences."""
    runs = {run.id: run for run in list_known_runs()}
    kept = st.session_state.get(_SELECTED, ())
    listed = {run.id for run in hide_other_trials(list(runs.values()))} | set(kept)
    runs = {run_id: run for run_id, run in runs.items() if run_id in listed}
    if not runs:
        st.info("There is no run yet. Train a network first, then compare it with another.")
        return
    chosen = _render_choice(runs)
    if not chosen:
        st.caption("Choose two runs or more.")
        return
    names = get_unique_run_names(chosen)
    _render_chart(chosen, names)
    _render_table(chosen, names)


def _render_choice(runs: dict[str, Run]) -> list[Run]:
    state = st.session_state
    trained = [run_id for run_id, run in runs.items() if run.history_path.is_file()]
    # A selected run may have been deleted meanwhile, also in another session.
    selected = state.get(_WIDGET, state.get(_SELECTED, trained[:_N_PRESELECTED]))
    state[_WIDGET] = [run_id for run_id in selected if run_id in runs]
    state[_SELECTED] = st.multiselect(
        "Runs",
        list(runs),
        format_func=format_run_options(list(runs.values())).__getitem__,
        key=_WIDGET,
        placeholder="Choose two runs or more",
    )
    return [runs[run_id] for run_id in state[_SELECTED]]


def _render_chart(runs: Sequence[Run], names: dict[str, str]) -> None:
    quantity = render_segments(
        "What to compare",
        {"accuracy": "Accuracy", "loss": "Loss"},
        key="train_compared_quantity",
    )
    histories = {names[run.id]: run.read_history() for run in runs}
    # Plotly renders links and some other HTML in its texts.
    escaped = {escape(name): history for name, history in histories.items()}
    st.plotly_chart(
        run_comparison_figure(escaped, quantity, zoomable=False),
        key="train_comparison",
        config=PLOTLY_CONFIG,
        alt=describe_run_comparison(histories, quantity),
    )


def _render_table(runs: Sequence[Run], names: dict[str, str]) -> None:
    outcomes = [load_run_outcome(run) for run in runs]
    configs = _load_configs(runs)
    differences = find_config_differences(configs)
    rows: dict[str, list[str]] = {
        "Test accuracy": [_format_accuracy(outcome) for outcome in outcomes],
        "Training took": [
            format_duration(outcome.fit_s) if outcome else "–" for outcome in outcomes
        ],
        "Size": [f"{outcome.size_bytes / 1e6:.2f} MB" if outcome else "–" for outcome in outcomes],
    }
    for difference in differences:
        rows[get_setting_label(difference.field)] = [
            escape_markdown(format_value(difference.field, difference.values[run.id]))
            if run.id in difference.values
            else "–"
            for run in runs
        ]
    columns = {
        escape_markdown(names[run.id]): [values[k] for values in rows.values()]
        for k, run in enumerate(runs)
    }
    st.table({"": list(rows)} | columns, hide_index=True)
    reports = {names[run.id]: report for run in runs if (report := load_run_report(run))}
    if summary := rank_runs(reports):
        st.markdown(escape_markdown(summary))
    if len(configs) > 1 and not differences:
        st.caption("Their settings are the same.")


def _load_configs(runs: Sequence[Run]) -> dict[str, TrainConfig]:
    """The settings by run id; a run whose settings are damaged shows an error instead."""
    configs = {}
    for run in runs:
        try:
            configs[run.id] = run.read_config()
        except DigitlabError as error:
            render_error(f"{get_run_name(run)}: {error}")
    return configs


def _format_accuracy(outcome: RunOutcome | None) -> str:
    if outcome is None:
        return "–"
    low, high = outcome.interval
    sample = ", offline sample" if outcome.is_sample else ""
    return f"{outcome.accuracy:.2%} ({low:.2%} to {high:.2%}{sample})"
