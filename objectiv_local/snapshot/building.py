"""Builds a new version of a snapshot: unchanged months are linked, the others are sorted and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from objectiv_local.engines.base import FileEngine
from objectiv_local.errors import DataInvalid
from objectiv_local.plan.expr import Expr, Ordering, aggregation, literal
from objectiv_local.plan.nodes import Aggregate, Filter, Join, JoinSide, Node, Select, Source, Union, Values
from objectiv_local.snapshot import columns, staging
from objectiv_local.snapshot.columns import Layout
from objectiv_local.snapshot.directory import Directory, finished, link
from objectiv_local.snapshot.manifest import Dictionary, File, Manifest, Part, Stored
from objectiv_local.snapshot.months import Counted, counted, within
from objectiv_local.snapshot.opening import logical_rows, physical, physical_types
from objectiv_local.snapshot.request import Request
from objectiv_local.snapshot.staging import Staged
from objectiv_local.snapshot.tables import escaped, fetched, files, kept, statement

#: The part of a snapshot without rows, because a file is needed to know the columns.
EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Built:
    """The content of a version."""

    columns: tuple[Stored, ...]
    layout: Layout
    dictionaries: tuple[Dictionary, ...]
    files: tuple[File, ...]
    parts: tuple[Part, ...]


class Builder:
    """A version that consists of the kept months of the previous one and the months in staged files."""

    def __init__(
        self,
        directory: Directory,
        request: Request,
        engine: FileEngine,
        made: Path,
        staged: Sequence[Staged],
        keep: Sequence[str],
    ) -> None:
        self.directory = directory
        self.request = request
        self.engine = engine
        self.made = made
        self.old: Manifest | None = directory.manifest if keep else None
        self.keep = list(keep)
        self.exported = request.exported
        self.staged = staging.rows_of(staged, self.exported, engine) if staged else None

    def build(self, source: Mapping[str, Counted]) -> Built:
        """Write the files of the version. ``source`` has the months with the digests computed by the source."""
        self._check_key()
        new = self._months_of_staged()
        made = self._layout()
        dictionaries = self._dictionaries(made)
        computed = self._computed()
        digests = (
            counted(computed, self.request.time, [list(self.request.computed)], self.engine, json=True) if computed else {}
        )
        kept_parts = {part.month: part for part in ([] if self.old is None else self.old.parts) if part.month in self.keep}
        parts = []
        for month in sorted({*new, *kept_parts}):
            digest = digests[month].digests[0] if month in digests else ""
            if month not in new:
                before = kept_parts[month]
                if digest == before.computed:
                    link(self._before / before.file.path, self.made / before.file.path)
                    parts.append(before)
                    continue
                plan, stored = self._rows_before(before, made)
                count, keys = before.rows, before.keys
            else:
                count, keys = new[month].rows, new[month].digests[0]
                plan, stored = self._rows_staged(month, made, dictionaries)
            file = self._write(plan, stored, made, computed, month, count)
            values = source[month].digests[1] if month in source else ""
            parts.append(Part(month, count, keys, values, digest, file))
        if not parts:
            parts.append(Part(EMPTY, 0, "", "", "", self._write_nothing(made)))
        return self._finished(made, dictionaries, tuple(parts))

    @property
    def _before(self) -> Path:
        assert self.directory.current is not None
        return self.directory.current

    def _path(self, month: str) -> Path:
        return self.made / "rows" / f"month={month}" / "rows.parquet"

    def _months_of_staged(self) -> dict[str, Counted]:
        if self.staged is None:
            return {}
        names = list(dict.fromkeys([*self.request.telling, *filter(None, [self.request.time])]))
        rows = columns.logical(self.staged, self.exported, names)
        return counted(rows, self.request.time, [self.request.telling], self.engine)

    def _layout(self) -> Layout:
        json = [
            name for name, type_ in self.request.types.items() if type_.name == "json" and name not in self.request.computed
        ]
        types, computed = self.request.types, list(self.request.computed)
        if self.old is not None:
            # The kept files have these names.
            return Layout(
                types,
                frozenset(computed),
                {each.name: each.file_column for each in self.old.columns},
                self.old.dictionaries,
                self.old.members,
            )
        if self.staged is None:
            return columns.layout(types, computed, [], [])
        repeating = columns.repeating(self.staged, self.exported, json, self.engine)
        others = [name for name in json if name not in repeating]
        members = columns.members_of(self.staged, self.exported, others, self.engine)
        return columns.layout(types, computed, repeating, members)

    def _dictionaries(self, made: Layout) -> dict[str, Source]:
        found = {}
        for each in made.dictionaries:
            old = None
            if self.old is not None:
                stored = self.engine.parquet([escaped(self._before / each.file)], {})
                old = columns.texts_of_file(stored, self.engine, each)
            if self.staged is not None:
                found[each.column] = columns.dictionary(self.staged, self.exported, each.column, old, self.engine)
            else:
                assert old is not None
                found[each.column] = old
        return found

    def _computed(self) -> Source | None:
        """Return the computed columns of all rows, with the columns that identify rows, in a temporary table."""
        request = self.request
        if not request.steps or (self.staged is None and self.old is None):
            return None
        needed = [
            name
            for name in self.exported
            if name in {*request.key, *filter(None, [request.time])}
            or any(name in expr.columns for step in request.steps for expr in step.exprs())
        ]
        rows = self._all_rows(needed)
        plan = request.over(rows)
        names = dict.fromkeys([*request.key, *filter(None, [request.time]), *request.computed])
        return kept(Select(plan, tuple((name, plan.column(name)) for name in names), "computed"), self.engine, "computed")

    def _all_rows(self, names: Sequence[str]) -> Node:
        """Return columns of the kept rows and of the new rows."""
        parts: list[Node] = []
        if self.staged is not None:
            parts.append(columns.logical(self.staged, self.exported, names))
        if self.old is not None:
            paths = [escaped(self._before / part.file.path) for part in self.old.parts if part.month in self.keep]
            parts.append(logical_rows(self.old, escaped(self._before), self.engine, paths, names))
        return parts[0] if len(parts) == 1 else Union(tuple(parts), tuple(names), "rows")

    def _check_key(self) -> None:
        """Raise DataInvalid if rows repeat a key that is assumed to be unique, because joins would multiply them."""
        names = self.request.key
        if not names or (self.staged is None and self.old is None) or any(self.exported[name].name == "json" for name in names):
            return
        rows = self._all_rows(names)
        keys = tuple((name, rows.column(name)) for name in names)
        each = Aggregate(rows, keys, (("rows", aggregation("size")),), "keys")
        totals = (("keys", aggregation("size")), ("rows", aggregation("sum", each.column("rows"))))
        found = fetched(Aggregate(each, (), totals, "repeats"), self.engine)[0]
        if found["keys"] != (found["rows"] or 0):
            raise DataInvalid(
                f"{found['rows'] - found['keys']:,} rows repeat the {', '.join(self.request.key)} of another row",
                hint="create the frame without duplicates, as with hub.events(..., dedup=True)",
            )

    def _rows_staged(self, month: str, made: Layout, dictionaries: Mapping[str, Source]) -> tuple[Node, dict[str, Expr]]:
        assert self.staged is not None
        keep = list(dict.fromkeys([*self.request.order, *self.request.key]))
        plan, stored = columns.as_stored(self.staged, self.exported, made, dictionaries, self.request.time, keep)
        return within(plan, self.request.time, month, month), stored

    def _rows_before(self, part: Part, made: Layout) -> tuple[Node, dict[str, Expr]]:
        """Return the rows of a month of the previous version as stored in its file, except for computed columns."""
        assert self.old is not None
        physical = {
            name: type_
            for name, type_ in physical_types(self.old).items()
            if name not in {made.physical[each] for each in made.computed}
        }
        rows = files(self.engine, [self._before / part.file.path], physical)
        stored: dict[str, Expr] = {name: rows.column(name) for name in physical}
        names = {made.physical[name]: name for name in (*self.request.key, *self.request.order) if name in made.physical}
        plan = Select(rows, tuple((names.get(name, name), rows.column(name)) for name in physical), "rows")
        return plan, {name: plan.column(names.get(name, name)) for name in stored}

    def _write(
        self, plan: Node, stored: Mapping[str, Expr], made: Layout, computed: Source | None, month: str, rows: int
    ) -> File:
        """Write the rows of a month, and return the file. Raises DataInvalid if the number of written rows differs."""
        import pyarrow.parquet as pq

        columns_ = dict(stored)
        key = self.request.key
        if computed is not None:
            names = [(name, f"{name}.computed") for name in self.request.computed]
            left: list[tuple[str, JoinSide, tuple[str, str]]] = [(each, "left", (each, each)) for each in plan.types]
            right: list[tuple[str, JoinSide, tuple[str, str]]] = [(new, "right", (name, name)) for name, new in names]
            own = within(computed, self.request.time, month, month)
            plan = Join(plan, own, "left", tuple((name, name) for name in key), (*left, *right), True, "with_computed")
            for name, new in names:
                columns_[made.physical[name]] = plan.column(new)
        hidden = {f"{name}.order": plan.column(name) for name in self.request.order if name in plan.types}
        path = self._path(month)
        path.parent.mkdir(parents=True, exist_ok=True)
        listed = self._listed(made)
        plan = Select(plan, tuple((name, columns_[name]) for name in listed) + tuple(hidden.items()), "rows")
        unique = tuple(f"{name}.order" for name in key)
        if unique and hidden.keys() >= set(unique):
            plan = Filter(plan, literal(True), "rows", left_key=unique)  # so that ties end with the key
        with statement(plan, self.engine, [Ordering(plan.column(name)) for name in hidden], listed) as sql:
            self.engine.write_parquet(path, sql, listed)
        written = pq.read_metadata(path).num_rows
        if written != rows:
            raise DataInvalid(
                f"the month {month} has {rows:,} rows, but {written:,} were written",
                hint="this is a bug in objectiv_local; please report it",
            )
        return finished(path, self.made)

    def _listed(self, made: Layout) -> list[str]:
        """Return the columns of the files, in order."""
        return [*(made.physical[name] for name in made.types), *(each.name for each in made.members)]

    def _write_nothing(self, made: Layout) -> File:
        """Write a file without rows, so that the columns are known."""
        types = physical(made)
        plan = Values(tuple(types.items()), (tuple(literal(None, type_) for type_ in types.values()),), None, "nothing")
        path = self._path(EMPTY)
        path.parent.mkdir(parents=True)
        with statement(Filter(plan, literal(False), "nothing"), self.engine) as sql:
            self.engine.write_parquet(path, sql, list(types))
        return finished(path, self.made)

    def _finished(self, made: Layout, dictionaries: Mapping[str, Source], parts: tuple[Part, ...]) -> Built:
        """Write the dictionaries, and return the content of the version."""
        written, found = [], []
        for each in made.dictionaries:
            entries = dictionaries[each.column]
            path = self.made / each.file
            plan = columns.of_file(entries, each)
            with statement(plan, self.engine, [Ordering(plan.column(each.id))]) as sql:
                self.engine.write_parquet(path, sql, list(plan.types))
            written.append(finished(path, self.made))
            count = fetched(Aggregate(entries, (), (("values", aggregation("size")),), "values"), self.engine)[0]["values"]
            found.append(replace(each, values=count))
        stored = dict(self.engine.parquet([escaped(self.made / part.file.path) for part in parts], {}).columns)
        listed = tuple(
            Stored(name, type_.dtype, made.physical[name], stored[made.physical[name]], name in made.computed)
            for name, type_ in made.types.items()
        )
        return Built(listed, made, tuple(found), tuple(written), parts)
