"""Funnels: how many users get from step to step, and how long it takes them."""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from objectiv_local.errors import InvalidValue, NotSupported
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Filter,
    NamedExprs,
    Node,
    Select,
    Values,
    aggregation,
    call,
    case,
    cast,
    frame_of,
    literal,
    over,
    state_of,
)
from objectiv_local.hub.analyses.analysis import Analysis, Definition, analysis
from objectiv_local.hub.analyses.attempts import ENTERED, Exclusion, Steps, attempts, flag, hit_of, moment_of
from objectiv_local.hub.analyses.breakdown import NONE, OTHER, breakdown_of, with_top
from objectiv_local.hub.analyses.calendar import PERIOD, checked_period, period_of, periods
from objectiv_local.hub.analyses.funnel_rules import Rules, attribution_of, exclusions_of, rules_of, steps_of
from objectiv_local.hub.analyses.joins import crossed, looked_up
from objectiv_local.hub.analyses.overlaps import overlaps
from objectiv_local.hub.analyses.scope import MOMENT, Scope, scope_of
from objectiv_local.hub.checks import column_names
from objectiv_local.hub.conditions import Condition, condition
from objectiv_local.hub.settings import Settings
from objectiv_local.types import BOOL, FLOAT64, INT64, STRING

STEP, NAME, REACHED, DROPPED, PENDING = "step", "name", "reached", "dropped", "pending"
_COLUMNS = (NAME, "users", "of_first", "of_previous", DROPPED, PENDING, "median_time", "mean_time", "p90_time", "ci_low", "ci_high")
_COUNTS = ("users", DROPPED, PENDING)
_CONFIDENCE = 0.95
