"""One study: live while it runs, then its result and what to do with it."""

from collections.abc import Sequence

import streamlit as st

from digitlab.errors import DigitlabError, RunError
from digitlab.model_store.store import save_model
from digitlab.runs.control import start_new_run
from digitlab.runs.run import get_run
from digitlab.step_jobs import StepStatus
from digitlab.tuning.search_space import SPECS
from digitlab.tuning.study import (
    FAILED,
    PRUNED,
    Study,
    TrialRecord,
    count_finished,
    delete_study,
    find_best,
    resume_study,
    stop_study,
)
from digitlab.tuning.study_config import OBJECTIVES, StudyConfig
from digitlab.ui.actions import notify, render_notice, report_errors
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import escape_markdown, render_error
from digitlab.ui.train.run_choice import open_run_page
from digitlab.ui.tune.charts import (
    find_run,
    format_objective,
    format_setting,
    render_coordinates,
    render_importances,
    render_trials,
)
from digitlab.ui.tune.study_choice import show_form
from digitlab.ui.visitor import get_owner, is_mine

_CSS = """
<style>
.st-key-tune_metrics [data-testid="stMetricValue"] { font-size: 1.4rem; line-height: 1.3; }
@media (max-width: 640px) {
  .st-key-tune_metrics { display: grid; grid-template-columns: 1fr 1fr; }
}
</style>
"""
_INTERVAL_S = 1.5
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
    render_trials(config, trials, best)
    render_importances(importances)
    render_coordinates(config, trials)
    _render_table(config, trials)


def _render_actions(study: Study, status: StepStatus) -> None:
    config, trials = study.read_config(), study.read_trials()
    best = find_best(config, trials)
    if not is_mine(study.owner):
        st.caption("Another user's search: you can watch it.")
        return
    with st.container(horizontal=True, key="tune_actions"):
        if not status.is_final:
            is_requested = study.is_stop_requested()
            st.button(
                "Stopping …" if is_requested else "Stop",
                key="tune_stop",
                icon=":material/stop_circle:",
                disabled=is_requested,
                help="Stops the trial that runs, too. A resume goes on with it.",
                on_click=report_errors(lambda: stop_study(study, owner=get_owner())),
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
            run = find_run(best)
            if run is not None and run.has_model:
                st.button(
                    "Save the best as a model",
                    key="tune_save_best",
                    icon=":material/save:",
                    on_click=report_errors(lambda: _save(config, best)),
                )
        _render_resume(study, config, trials)
        render_delete(study)


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
    resume_study(study, trials=int(text), owner=get_owner())


def render_delete(study: Study) -> None:
    """Ask before the study is deleted."""
    with st.popover("Delete", icon=":material/delete:", key=f"tune_delete_{study.id}"):
        st.markdown("Delete the search and the runs of its trials for good? Saved models are kept.")
        st.button(
            "Delete",
            key="tune_delete_confirmed",
            type="primary",
            on_click=report_errors(lambda: _delete(study)),
        )


def _delete(study: Study) -> None:
    delete_study(study, owner=get_owner())
    show_form()


def _train_fully(config: StudyConfig, best: TrialRecord) -> None:
    run = start_new_run(
        config.build_full_config(best.values), label="Best of the search", owner=get_owner()
    )
    open_run_page(run)


def _save(config: StudyConfig, best: TrialRecord) -> None:
    model = save_model(
        get_run(best.run), label=f"Trial {best.number} of {config.label}"[:80], owner=get_owner()
    )
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
            f"Best {label.lower()}", format_objective(config, best.objective if best else None)
        )
        run = find_run(best) if best else None
        accuracy = run.read_status().metrics.get("test_accuracy") if run else None
        if accuracy is not None:
            st.metric("Test accuracy", f"{accuracy:.2%}", help="Of the best trial, looked at once.")
    if best is not None:
        st.caption(f"Best so far: trial {best.number} with {_describe_values(best)}.")


def _describe_values(trial: TrialRecord) -> str:
    parts = [
        f"{SPECS[name].metadata['label'].lower()} {format_setting(name, value)}"
        for name, value in trial.values.items()
    ]
    return escape_markdown(", ".join(parts))


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
        label: [format_objective(config, one.objective) for one in shown],
    }
    for one in config.space:
        rows[one.spec.metadata["label"]] = [
            format_setting(one.name, trial.values[one.name]) if one.name in trial.values else ""
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
