"""The workloads as an experienced user of pandas would write them, over the typed file.

Columns are read by name through Arrow, ids become numbers in the order of the ids, lists are flattened, and stacks get numbers
by a hash of their steps.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.worker import Session

STEPS = [f"location_stack_step_{number}" for number in (1, 2, 3)]
GAP = np.timedelta64(30, "m")
ID, TYPE = "location_stack.list.element.id", "location_stack.list.element._type"


def typed(data: dict[str, Any]) -> Session:
    """Return what answers over the typed file."""
    pa.set_cpu_count(data["threads"])

    def read(*columns: str) -> pa.Table:
        # A table of `read_table` cannot have some fields of structs in lists only.
        return pq.ParquetFile(data["typed"]).read(list(columns), use_threads=True)

    programs: dict[str, Callable[[Callable[..., pa.Table]], pd.DataFrame]] = {
        "W0": _numbered,
        "W1": _users_and_sessions,
        "W2": _session_duration,
        "W3": _new_and_converted_users,
        "W4": _features,
        "W5": lambda read: _retention(read, data["months"]),
        "W6": _paths,
        "W7": lambda read: _user_by_root(read, data["roots"]),
        "W8": _eight_columns,
    }

    def action(program: Callable[[Callable[..., pa.Table]], pd.DataFrame]) -> Callable[[], Any]:
        return lambda: program(read)

    return Session({name: action(program) for name, program in programs.items()})


def _flat(column: Any) -> Any:
    column = column.combine_chunks()
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def _codes(column: Any) -> tuple[np.ndarray, Any]:
    """Return a number for each value, -1 if it is missing, and the values."""
    encoded = _flat(column).dictionary_encode()
    return pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False), encoded.dictionary


def _sessions(read: Callable[..., pa.Table], *more: str) -> tuple[pd.DataFrame, pa.Table]:
    """Return hits by user and time, with the start of sessions and their numbers in this order. Only ties need event ids."""
    table = read("event_id", "user_id", "moment", *more)
    user, _ = _codes(table["user_id"])
    hits = pd.DataFrame({"u": user, "m": table["moment"].to_numpy(), "row": np.arange(len(user))})
    tied = hits.duplicated(["u", "m"], keep=False).to_numpy()
    hits["e"] = 0
    if tied.any():
        ids = _flat(table["event_id"].filter(pa.array(tied))).to_pylist()
        hits.loc[tied, "e"] = pd.Series(ids).rank(method="first").to_numpy().astype("int64")
    order = np.lexsort((hits.e.to_numpy(), hits.m.to_numpy(), hits.u.to_numpy()))
    hits = hits.iloc[order].reset_index(drop=True)
    u, m = hits.u.to_numpy(), hits.m.to_numpy()
    starts = np.ones(len(hits), bool)
    starts[1:] = (u[1:] != u[:-1]) | (m[1:] - m[:-1] > GAP)
    hits["starts"], hits["n"] = starts, np.cumsum(starts)
    return hits, table


def _day(hits: pd.DataFrame) -> pd.DataFrame:
    return hits.assign(d=hits.m.to_numpy().astype("datetime64[D]").astype("int64"))


def _text(result: pd.DataFrame) -> pd.DataFrame:
    days = result.index.to_numpy().astype("datetime64[D]").astype(str)
    return result.set_axis(pd.Index(days, name="time_aggregation"))


def _numbered(read: Callable[..., pa.Table]) -> pd.DataFrame:
    hits, table = _sessions(read)
    first = np.flatnonzero(hits.starts)
    ids = table["event_id"].take(pa.array(hits.row.to_numpy()))
    starting = pd.DataFrame({"m": hits.m.to_numpy()[first], "e": _flat(ids.take(pa.array(first))).to_pylist()})
    by_time = np.empty(len(first), "int64")
    by_time[starting.sort_values(["m", "e"]).index] = np.arange(1, len(first) + 1)
    session = hits.n.to_numpy() - 1
    return pd.DataFrame(
        {
            "event_id": pd.array(_flat(ids), dtype=pd.ArrowDtype(_flat(ids).type)),
            "session_id": by_time[session],
            "session_hit_number": np.arange(len(hits)) - first[session] + 1,
        }
    )


def _users_and_sessions(read: Callable[..., pa.Table]) -> pd.DataFrame:
    hits = _day(_sessions(read)[0])
    pairs = hits[["u", "d", "n"]].drop_duplicates()
    by_user = pairs.groupby(["u", "d"], sort=False).n.size().reset_index()
    return _text(by_user.groupby("d").agg(unique_users=("n", "size"), unique_sessions=("n", "sum")))


def _session_duration(read: Callable[..., pa.Table]) -> pd.DataFrame:
    hits = _day(_sessions(read)[0])
    by_session = hits.groupby(["u", "d", "n"], sort=False).m.agg(["min", "max"]).reset_index()
    by_session["length"] = by_session["max"] - by_session["min"]
    first, first_of_day = by_session.groupby("u").n.transform("min"), by_session.groupby(["u", "d"]).n.transform("min")
    kept = by_session[(first == first_of_day) & (by_session.length > pd.Timedelta(0))]
    return _text(kept.groupby("d").length.mean().to_frame("session_duration"))


def _new_and_converted_users(read: Callable[..., pa.Table]) -> pd.DataFrame:
    hits, table = _sessions(read, "event_type", ID, TYPE)
    stacks = _flat(table["location_stack"])
    steps = stacks.flatten()
    link = pc.and_(pc.equal(steps.field("id"), "Quickstart Guide"), pc.equal(steps.field("_type"), "LinkContext"))
    has_link = np.zeros(len(table), bool)
    has_link[pc.list_parent_indices(stacks).filter(link).to_numpy()] = True
    is_press = pc.equal(table["event_type"], "PressEvent").to_numpy()
    hits["c"] = (has_link & is_press)[hits.row.to_numpy()]
    so_far = hits.c.cumsum()
    before = (so_far - hits.c).where(hits.starts).ffill()
    is_last = (hits.n != hits.n.shift(-1)) | (hits.m != hits.m.shift(-1))
    hits["two"] = so_far.where(is_last).bfill() - before == 2
    by_day = _day(hits).groupby(["u", "d"], sort=False).agg(n=("n", "min"), c=("c", "any"), two=("two", "any")).reset_index()
    month = by_day.d.to_numpy().astype("datetime64[D]").astype("datetime64[M]").astype("int64")
    first = by_day.groupby("u").n.transform("min")
    first_of_month = by_day.groupby([by_day.u, month]).n.transform("min")
    by_day["is_new"], by_day["two"] = by_day.n == first, (first_of_month == first) & by_day.two
    result = by_day.groupby("d").agg(
        unique_users=("n", "size"), share_new=("is_new", "sum"), converted=("c", "sum"), new_with_two=("two", "sum")
    )
    counts = result.replace({"share_new": 0, "converted": 0, "new_with_two": 0}, np.nan)
    return _text(counts.assign(share_new=counts.share_new / counts.unique_users))


def _words(kind: str) -> str:
    return re.sub(" ?Context$", "", re.sub("([a-z])([A-Z])", r"\1 \2", kind))


def _stacks(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return a number for each row's stack, and the name of each number."""
    stacks = _flat(column)
    steps = stacks.flatten()
    labels = pc.binary_join_element_wise(steps.field("_type"), steps.field("id"), ": ").dictionary_encode()
    offsets = stacks.offsets.to_numpy().astype("int64")
    offsets -= offsets[0]
    lengths = np.diff(offsets)
    place = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    rng = np.random.default_rng(0)
    weights = rng.integers(1, 2**63, (int(place.max(initial=0)) + 1, len(labels.dictionary) + 1), dtype="uint64")
    sums = np.concatenate([np.zeros(1, "uint64"), np.cumsum(weights[place, labels.indices.to_numpy()], dtype="uint64")])
    hashes = sums[offsets[1:]] - sums[offsets[:-1]]
    _, rows, codes = np.unique(hashes, return_index=True, return_inverse=True)
    names = []
    for stack in stacks.take(pa.array(rows)).to_pylist():
        parts = [f"{_words(step['_type'])}: {step['id']}" for step in stack]
        where = f" located at {' => '.join(parts[:-1])}" if len(parts) > 1 else ""
        names.append(parts[-1] + where if parts else None)
    return codes, np.array(names, dtype=object)


def _features(read: Callable[..., pa.Table]) -> pd.DataFrame:
    table = read("user_id", "event_type", "event_types", ID, TYPE, "application.id")
    kinds = _flat(table["event_types"])
    interactive = np.zeros(len(table), bool)
    interactive[pc.list_parent_indices(kinds).filter(pc.equal(kinds.flatten(), "InteractiveEvent")).to_numpy()] = True
    table = table.filter(pa.array(interactive))
    codes, names = _stacks(table["location_stack"])
    application = pc.struct_field(_flat(table["application"]), "id")
    (user, _), (kind, kinds), (application, applications) = (
        _codes(table["user_id"]),
        _codes(table["event_type"]),
        _codes(pa.chunked_array([application])),
    )
    used = pd.DataFrame({"application": application, "name": codes, "kind": kind, "u": user}).drop_duplicates()
    # Different stacks may have one name.
    known, numbers = np.unique(names.astype(str), return_inverse=True)
    used["name"] = numbers[used.name]
    used = used[(used.application >= 0) & (used.kind >= 0)]
    counted = used.drop_duplicates().groupby(["application", "name", "kind"]).size().reset_index(name="user_id_nunique")
    result = pd.DataFrame(
        {
            "application": applications.to_numpy(zero_copy_only=False)[counted.application],
            "feature_nice_name": known[counted.name],
            "event_type": kinds.to_numpy(zero_copy_only=False)[counted.kind],
            "user_id_nunique": counted.user_id_nunique,
        }
    )
    keys = ["user_id_nunique", "application", "feature_nice_name", "event_type"]
    return result[result.feature_nice_name != "None"].sort_values(keys, ascending=[False, True, True, True])


def _retention(read: Callable[..., pa.Table], months: int) -> pd.DataFrame:
    table = read("user_id", "moment")
    month = table["moment"].to_numpy().astype("datetime64[M]").astype("int64")
    active = pd.DataFrame({"u": _codes(table["user_id"])[0], "month": month}).drop_duplicates()
    active["first"] = active.groupby("u").month.transform("min")
    result = pd.crosstab(active["first"], active.month - active["first"]).reindex(columns=range(months), fill_value=0)
    result = result.astype("float64").replace(0, np.nan).set_axis([f"_{number}" for number in range(months)], axis=1)
    return result.set_axis(pd.Index(result.index.to_numpy().astype("datetime64[M]").astype(str), name="first_cohort"))


def _paths(read: Callable[..., pa.Table]) -> pd.DataFrame:
    table = read("event_id", "user_id", "moment", ID, TYPE)
    codes, names = _stacks(table["location_stack"])
    known = np.array(sorted({name for name in names if name is not None}), dtype=object)
    place = np.array([len(known) if name is None else np.searchsorted(known, name) for name in names])[codes]
    user, _ = _codes(table["user_id"])
    # Hits of one user at one moment with one name are alike, so that their order does not matter.
    order = np.lexsort((place, table["moment"].to_numpy(), user))
    u, a = user[order], place[order]
    none = len(known)

    def later(count: int) -> np.ndarray:
        found = np.full(len(a), none)
        found[:-count] = np.where(u[count:] == u[:-count], a[count:], none)
        return found

    b, c = later(1), later(2)
    is_first = np.ones(len(a), bool)
    is_first[1:] = u[1:] != u[:-1]
    steps = pd.DataFrame(dict(zip(STEPS, (a, b, c), strict=True)))[(b != none) | is_first]
    counted = steps.groupby(STEPS).size().reset_index(name="value_counts")
    most = counted.sort_values(["value_counts", *STEPS], ascending=[False, True, True, True]).head(20)
    texts = np.append(known, None)
    return most.assign(**{name: texts[most[name]] for name in STEPS})


def _user_by_root(read: Callable[..., pa.Table], roots: list[str]) -> pd.DataFrame:
    table = read("user_id", ID)
    stacks = _flat(table["location_stack"])
    offsets = stacks.offsets.to_numpy()
    offsets, ends = offsets[:-1], offsets[1:]
    steps = stacks.flatten().field("id")
    has_root = offsets < ends
    root, known = _codes(pa.chunked_array([steps.take(pa.array(offsets[has_root] - stacks.offsets[0].as_py()))]))
    user, users = _codes(table["user_id"].filter(pa.array(has_root)))
    counts = np.bincount(user.astype("int64") * len(known) + root, minlength=len(users) * len(known)).reshape(-1, len(known))
    matrix = pd.DataFrame(counts, columns=known.to_pylist()).astype("float64").replace(0, np.nan)[roots]
    matrix.insert(0, "user_id", pd.array(users, dtype=pd.ArrowDtype(users.type)))
    return matrix


def _eight_columns(read: Callable[..., pa.Table]) -> pd.DataFrame:
    table = read("event_id", "user_id", "day", "moment", "event_type", "application.id", "path.id", ID)
    for name in ("application", "path"):
        place = table.column_names.index(name)
        table = table.set_column(place, f"{name}_id", pc.struct_field(_flat(table[name]), "id"))
    stacks = _flat(table["location_stack"])
    offsets = stacks.offsets.to_numpy()
    starts = pa.array(offsets[:-1] - offsets[0], mask=offsets[:-1] == offsets[1:])
    root = stacks.flatten().field("id").take(starts)
    return table.drop_columns(["location_stack"]).append_column("root_id", root).to_pandas()
