"""One study: live while it runs, then its result and what to do with it."""

from collections.abc import Sequence

import streamlit as st

from digitlab.errors import DigitlabError, RunError
from digitlab.figures.study import (
    TRIALS_HEIGHT_PX,
    SettingAxis,
    TrialCurve,
    build_history,
    build_trial_curves,
    importance_figure,
    parallel_coordinates_figure,
)
from digitlab.figures.theme import PLOTLY_CONFIG
from digitlab.model_store.store import save_model
from digitlab.quantities import format_count
from digitlab.runs.control import start_run
from digitlab.runs.run import create_run, get_run
from digitlab.step_jobs import StepStatus
from digitlab.training.fields import format_value
from digitlab.tuning.search_space import SPECS
from digitlab.tuning.study import (
    COMPLETE,
    FAILED,
    PRUNED,
    Study,
    TrialRecord,
    count_finished,
    find_best,
    resume_study,
    stop_study,
)
from digitlab.tuning.study_config import OBJECTIVES, StudyConfig
from digitlab.ui.actions import notify, render_notice, report_errors
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import escape_markdown, render_error
from digitlab.ui.train.run_choice import open_run_page

_CSS = """
<style>
.st-key-tune_metrics [data-testid="stMetricValue"] { font-size: 1.4rem; line-height: 1.3; }
@media (max-width: 640px) {
  .st-key-tune_metrics { display: grid; grid-template-columns: 1fr 1fr; }
}
</style>
"""
_INTERVAL_S = 1.5
_MIN_FOR_COORDINATES = 3
_STATES = {
    "starting": "Starting",
    "running": "Searching",
    "done": "Done",
    "stopped": "Stopped",
    "failed": "Failed",
}


def render_study(study: Study) -> None:
    """Render a study, and update it while it runs."""
    render_notice()
    st.html(_CSS)
    status = study.inspect()
    _render_actions(study, status)
    st.fragment(_render, run_every=None if status.is_final else _INTERVAL_S)(study, status)


def _render(study: Study, page_status: StepStatus) -> None:
    try:
        status, config, trials = study.inspect(), study.read_config(), study.read_trials()
        importances = study.read_importances()
    except DigitlabError as error:
        render_error(error)
        return
    if status.is_final != page_status.is_final:
        # The buttons are outside this fragment.
        st.rerun()
    if status.state == "failed":
        render_error(status.message)
    best = find_best(config, trials)
    _render_metrics(status, config, trials, best)
    if not trials:
        st.caption("The first trial begins when TensorFlow is loaded.")
        return
    _render_charts(study, config, trials, best)
    if importances:
        labels = {SPECS[name].metadata["label"]: value for name, value in importances.items()}
        st.plotly_chart(
            importance_figure(labels),
            key="tune_importances",
            config=PLOTLY_CONFIG,
            alt="Importance: " + ", ".join(f"{k} {v:.0%}" for k, v in labels.items()),
        )
    _render_coordinates(config, trials)
    _render_table(config, trials)


def _render_actions(study: Study, status: StepStatus) -> None:
    config, trials = study.read_config(), study.read_trials()
    best = find_best(config, trials)
    with st.container(horizontal=True, key="tune_actions"):
        if not status.is_final:
            is_requested = study.is_stop_requested()
            st.button(
                "Stopping …" if is_requested else "Stop",
                key="tune_stop",
                icon=":material/stop_circle:",
                disabled=is_requested,
                help="Stops the trial that runs, too. A resume goes on with it.",
                on_click=report_errors(lambda: stop_study(study)),
            )
            return
        if best is not None:
            st.button(
                "Train the best one fully",
                key="tune_train_best",
                type="primary",
                icon=":material/model_training:",
                help="A new run with its settings, on all images and for all epochs of the base.",
                on_click=report_errors(lambda: _train_fully(config, best)),
            )
            if get_run(best.run).has_model:
                st.button(
                    "Save the best as a model",
                    key="tune_save_best",
                    icon=":material/save:",
                    on_click=report_errors(lambda: _save(config, best)),
                )
        _render_resume(study, config, trials)


def _render_resume(study: Study, config: StudyConfig, trials: Sequence[TrialRecord]) -> None:
    n_missing = max(0, config.n_planned - count_finished(trials))
    with st.popover("Resume", icon=":material/resume:", key=f"tune_resume_{len(trials)}"):
        key = f"tune_more_{len(trials)}"
        st.text_input("More trials", str(n_missing or 10), key=key)
        st.button(
            "Resume",
            key="tune_resume_start",
            type="primary",
            on_click=report_errors(lambda: _resume(study, st.session_state[key])),
        )


def _resume(study: Study, text: str) -> None:
    if not text.strip().isdecimal() or not int(text):
        raise RunError(f"“{text}” is not a number of trials. Enter a whole number, 10 for example.")
    resume_study(study, trials=int(text))


def _train_fully(config: StudyConfig, best: TrialRecord) -> None:
    run = create_run(config.build_full_config(best.values), label="Best of the search")
    start_run(run)
    open_run_page(run)


def _save(config: StudyConfig, best: TrialRecord) -> None:
    model = save_model(get_run(best.run), label=f"Trial {best.number} of {config.label}"[:80])
    notify(f"{model.label} is saved: see Models.", icon=":material/save:")


def _render_metrics(
    status: StepStatus,
    config: StudyConfig,
    trials: Sequence[TrialRecord],
    best: TrialRecord | None,
) -> None:
    n_pruned = sum(trial.state == PRUNED for trial in trials)
    n_failed = sum(trial.state == FAILED for trial in trials)
    planned = f" of {config.n_planned}" if config.n_planned else ""
    with st.container(horizontal=True, key="tune_metrics"):
        st.metric("State", _STATES.get(status.state, status.state))
        st.metric("Trials", f"{count_finished(trials)}{planned}")
        st.metric("Pruned", n_pruned, help="Stopped early, because they were worse than others.")
        if n_failed:
            st.metric("Failed", n_failed, help="Their values were tried again where possible.")
        label = OBJECTIVES[config.objective].label
        st.metric(
            f"Best {label.lower()}", _format_objective(config, best.objective if best else None)
        )
        if best is not None:
            accuracy = get_run(best.run).read_status().metrics.get("test_accuracy")
            if accuracy is not None:
                st.metric(
                    "Test accuracy", f"{accuracy:.2%}", help="Of the best trial, looked at once."
                )
    if best is not None:
        st.caption(f"Best so far: trial {best.number} with {_describe_values(best)}.")


def _format_objective(config: StudyConfig, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2%}" if config.is_maximized else f"{value:.4f}"


def _describe_values(trial: TrialRecord) -> str:
    parts = [
        f"{SPECS[name].metadata['label'].lower()} {_format(name, value)}"
        for name, value in trial.values.items()
    ]
    return escape_markdown(", ".join(parts))


def _format(name: str, value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return format_value(SPECS[name], value)


def _render_charts(
    study: Study, config: StudyConfig, trials: Sequence[TrialRecord], best: TrialRecord | None
) -> None:
    curves = [_read_curve(config, trial) for trial in trials]
    label = OBJECTIVES[config.objective].label
    is_dark = st.context.theme.type == "dark"
    left, right = st.columns(2, gap="medium")
    with left:
        st.echarts_chart(
            build_trial_curves(
                curves,
                label,
                best=best.number if best else None,
                is_percent=config.is_maximized,
                is_dark=is_dark,
            ),
            key="tune_curves",
            height=TRIALS_HEIGHT_PX,
            alt=f"{label} of {format_count(len(curves), 'trial')} by epoch.",
        )
    with right:
        st.echarts_chart(
            build_history(
                curves,
                label,
                is_maximized=config.is_maximized,
                is_percent=config.is_maximized,
                is_dark=is_dark,
            ),
            key="tune_history",
            height=TRIALS_HEIGHT_PX,
            alt=f"Best {label.lower()} so far: "
            f"{_format_objective(config, best.objective if best else None)}.",
        )

    st.caption("Amber: the best trial, and the best so far. Faint: pruned, failed or running.")


def _read_curve(config: StudyConfig, trial: TrialRecord) -> TrialCurve:
    values: tuple[float, ...] = ()
    try:
        history = get_run(trial.run).read_history() if trial.run else []
        values = tuple(row[config.objective] for row in history if config.objective in row)
    except RunError:
        # The run was deleted; its result is kept.
        pass
    return TrialCurve(trial.number, values, trial.objective, trial.state == COMPLETE)


def _render_coordinates(config: StudyConfig, trials: Sequence[TrialRecord]) -> None:
    complete = [one for one in trials if one.state == COMPLETE and one.objective is not None]
    if len(complete) < _MIN_FOR_COORDINATES or len(config.space) < 2:
        return
    axes = [
        SettingAxis(
            one.spec.metadata["label"],
            tuple(trial.values[one.name] for trial in complete),
            one.is_log,
            one.choices,
            tuple(format_value(one.spec, value) for value in one.choices),
        )
        for one in config.space
    ]
    label = OBJECTIVES[config.objective].label
    st.plotly_chart(
        parallel_coordinates_figure(
            axes,
            [trial.objective or 0.0 for trial in complete],
            label,
            is_percent=config.is_maximized,
            is_maximized=config.is_maximized,
            is_dark=st.context.theme.type == "dark",
        ),
        key="tune_coordinates",
        config=PLOTLY_CONFIG,
        alt=f"Settings and {label.lower()} of {format_count(len(complete), 'complete trial')}.",
    )


def _render_table(config: StudyConfig, trials: Sequence[TrialRecord]) -> None:
    label = OBJECTIVES[config.objective].label
    st.caption("Select a trial to open its run.")
    shown = sorted(
        trials,
        key=lambda one: (one.objective is None, one.objective or 0.0),
        reverse=config.is_maximized,
    )
    # Those without a result come last in either order.
    shown = sorted(shown, key=lambda one: one.objective is None)
    rows = {
        "Trial": [one.number for one in shown],
        "State": [one.state for one in shown],
        label: [_format_objective(config, one.objective) for one in shown],
    }
    for one in config.space:
        rows[one.spec.metadata["label"]] = [
            _format(one.name, trial.values[one.name]) if one.name in trial.values else ""
            for trial in shown
        ]
    key = "tune_table"

    def open_run() -> None:
        selected = st.session_state[key].selection.rows
        if selected and shown[selected[0]].run:
            open_run_page(get_run(shown[selected[0]].run))

    st.dataframe(
        rows, key=key, on_select=callback(open_run), selection_mode="single-row", hide_index=True
    )
    failed = [trial for trial in trials if trial.state == FAILED and trial.message]
    for trial in failed[-3:]:
        st.caption(f"Trial {trial.number}: {escape_markdown(trial.message)}")
