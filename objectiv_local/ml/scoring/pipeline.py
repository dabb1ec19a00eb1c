"""Pipelines in SQL: transformers over the frame, then the expressions of the model at the end."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from sklearn.base import MetaEstimatorMixin
from sklearn.pipeline import Pipeline

from objectiv_local.errors import NotSupported
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Extend, Node, State, frame_of, new_name, state_of
from objectiv_local.ml.estimator import OverFrames
from objectiv_local.ml.preprocessing.compose import over_frames
from objectiv_local.ml.scoring.family import OUT
from objectiv_local.ml.scoring.task import Task


def transformed(task: Task) -> tuple[DataFrame, list[str], Any]:
    """Return the frame with the features for the last step of a pipeline, their names, and the last step.

    The data columns of the task's frame are kept with their values. Without a pipeline, the frame is that of the task.
    """
    steps, model = _steps(task.model)
    frame, state = task.frame, state_of(task.frame)
    if not steps:
        return frame, task.features, model
    made = _through(steps, frame, task.features)
    replaced = _replaced(state.plan, state_of(made).plan, frame.data_columns)
    if replaced:
        # Columns that a transformer replaces are kept under another name, and restored afterwards.
        taken = {*state.plan.types}
        aside = {name: new_name(f"{name}_before", taken) for name in replaced}
        state = state.extended([(other, state.column(name)) for name, other in aside.items()], "given")
        made = _through(steps, frame_of(state, frame.data_columns), task.features)
        inputs, restored = _restored(made, aside)
        return frame_of(restored, frame.data_columns), inputs, model
    return frame_of(state_of(made), frame.data_columns), made.data_columns, model


def last_step(model: Any) -> Any:
    """Return the model at the end of a pipeline, or the model itself."""
    return _steps(model)[1]


def _steps(model: Any) -> tuple[list[Any], Any]:
    """Return the transformers of a pipeline, with nested pipelines flattened, and its last step."""
    # A parameter search: scikit-learn's search classes match this, and have no public base class.
    if isinstance(model, MetaEstimatorMixin) and hasattr(model, "best_estimator_"):
        return _steps(model.best_estimator_)
    if not isinstance(model, Pipeline):
        return [], model
    steps: list[Any] = []
    for _, each in model.steps[:-1]:
        inner, last = _steps(each)
        steps += [*inner, last]
    inner, last = _steps(model.steps[-1][1])
    return [each for each in (*steps, *inner) if each is not None and each != "passthrough"], last


def _through(steps: Sequence[Any], frame: DataFrame, features: list[str]) -> DataFrame:
    """Return the features after the transformers."""
    made: DataFrame = frame[features]
    for step in steps:
        known = step if isinstance(step, OverFrames) else over_frames(step)
        if not hasattr(known, "transform"):
            raise NotSupported(f"{type(step).__name__} has no SQL as a step of a pipeline", hint=OUT)
        with warnings.catch_warnings():
            # Steps after the first were fitted to arrays without names: their columns are those of the previous step.
            warnings.filterwarnings("ignore", "X has feature names")
            made = known._scored(made) if hasattr(known, "_scored") else known.transform(made)
        if state_of(made).index != state_of(frame).index:
            raise NotSupported(f"{type(step).__name__} changes the rows, so it has no SQL in a pipeline", hint=OUT)
    return made


def _replaced(before: Node, after: Node, names: Sequence[str]) -> list[str]:
    """Return the columns of ``before`` whose values differ in ``after``; all of them if unknown."""
    changed: set[str] = set()
    while after is not before:
        if not isinstance(after, Extend):
            return list(names)
        changed |= {name for name, _ in after.columns}
        after = after.child
    return [name for name in names if name in changed]


def _restored(made: DataFrame, aside: dict[str, str]) -> tuple[list[str], State]:
    """Return the names of the transformed columns, and a state with the original columns restored."""
    state = state_of(made)
    lost = [other for other in aside.values() if other not in state.plan.types]
    if lost:
        raise NotSupported("a step of the pipeline changes the rows, so it has no SQL in a pipeline", hint=OUT)
    taken = {*state.plan.types}
    moved = {name: new_name(f"{name}_made", taken) for name in made.data_columns if name in aside}
    state = state.extended([(other, state.column(name)) for name, other in moved.items()])
    state = state.extended([(name, state.column(other)) for name, other in aside.items()])
    return [moved.get(name, name) for name in made.data_columns], state
