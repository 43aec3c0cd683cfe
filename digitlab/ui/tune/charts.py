"""The charts of a study."""

from collections.abc import Mapping, Sequence

import streamlit as st

from digitlab.errors import RunError
from digitlab.figures.study import (
    TRIALS_HEIGHT_PX,
    TrialCurve,
    build_history,
    build_trial_curves,
    find_worst_shown,
)
from digitlab.figures.study_settings import (
    SettingAxis,
    importance_figure,
    parallel_coordinates_figure,
)
from digitlab.figures.theme import PLOTLY_CONFIG
from digitlab.quantities import format_count
from digitlab.runs.run import Run, get_run
from digitlab.training.fields import format_value
from digitlab.tuning.search_space import SPECS
from digitlab.tuning.study import COMPLETE, TrialRecord
from digitlab.tuning.study_config import OBJECTIVES, StudyConfig

_MIN_FOR_COORDINATES = 3


def find_run(trial: TrialRecord) -> Run | None:
    """The run of a trial; None if it was not started, or was deleted: its result is kept."""
    try:
        return get_run(trial.run)
    except RunError:
        return None


def render_trials(
    config: StudyConfig, trials: Sequence[TrialRecord], best: TrialRecord | None
) -> None:
    """Render the trials by epoch and by number."""
    curves = [_read_curve(config, trial) for trial in trials]
    label = OBJECTIVES[config.objective].label
    is_dark = st.context.theme.type == "dark"
    worst_shown = find_worst_shown(curves, is_maximized=config.is_maximized)
    left, right = st.columns(2, gap="medium")
    with left:
        st.echarts_chart(
            build_trial_curves(
                curves,
                label,
                best=best.number if best else None,
                worst_shown=worst_shown,
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
                worst_shown=worst_shown,
                is_percent=config.is_maximized,
                is_dark=is_dark,
            ),
            key="tune_history",
            height=TRIALS_HEIGHT_PX,
            alt=f"Best {label.lower()} so far: "
            f"{format_objective(config, best.objective if best else None)}.",
        )
    clipped = (
        " Trials far worse than the others are outside the axis." if worst_shown is not None else ""
    )
    st.caption(
        f"Amber: the best trial, and the best so far. Faint: pruned, failed or running.{clipped}"
    )


def _read_curve(config: StudyConfig, trial: TrialRecord) -> TrialCurve:
    run = find_run(trial)
    history = run.read_history() if run else []
    values = tuple(row[config.objective] for row in history if config.objective in row)
    return TrialCurve(trial.number, values, trial.objective, trial.state == COMPLETE)


def render_importances(importances: Mapping[str, float]) -> None:
    """Render how much each setting matters; nothing while that is unknown."""
    if not importances:
        return
    labels = {SPECS[name].metadata["label"]: value for name, value in importances.items()}
    st.plotly_chart(
        importance_figure(labels),
        key="tune_importances",
        config=PLOTLY_CONFIG,
        alt="Importance: " + ", ".join(f"{k} {v:.0%}" for k, v in labels.items()),
    )


def render_coordinates(config: StudyConfig, trials: Sequence[TrialRecord]) -> None:
    """Render each complete trial as a line through its settings and its result."""
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


def format_objective(config: StudyConfig, value: float | None) -> str:
    """A value of the objective: an accuracy in percent, or a loss."""
    if value is None:
        return "–"
    return f"{value:.2%}" if config.is_maximized else f"{value:.4f}"


def format_setting(name: str, value: object) -> str:
    """A value of one setting, short."""
    if isinstance(value, float):
        return f"{value:.3g}"
    return format_value(SPECS[name], value)
