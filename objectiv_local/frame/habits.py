"""Names in pandas that frames and series lack, with what to use instead; and names similar to an unknown one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import ClassVar

from objectiv_local.errors import AttributeNotFound, near

#: The similarity from which a name counts as a misspelling of another.
_NEAR = 0.6


def _table(*entries: tuple[str, str]) -> dict[str, str]:
    return {name: text for names, text in entries for name in names.split()}


_OPERATORS = """
    add radd sub subtract rsub mul multiply rmul div divide rdiv truediv rtruediv floordiv rfloordiv mod rmod pow rpow divmod
    rdivmod dot eq ne lt le gt ge
"""
_FETCHED = """
    align asfreq asof at_time attrs autocorr between_time boxplot combine compare droplevel equals ewm factorize
    first_valid_index flags infer_objects interpolate kurt kurtosis last_valid_index mad memory_usage nbytes ohlc reindex
    reindex_like reorder_levels searchsorted set_flags sparse squeeze style swaplevel to_clipboard to_dict to_excel to_feather
    to_hdf to_html to_iceberg to_latex to_markdown to_orc to_period to_pickle to_records to_stata to_string to_timestamp
    to_xarray to_xml truncate update xs
"""

#: What to use in place of names of a pandas frame, grouped or not.
FRAME = _table(
    (_FETCHED, "fetch the rows and use pandas: df.to_pandas().{name}"),
    (
        "iterrows itertuples items iteritems",
        "fetch the rows: for row in df.to_pandas().itertuples(); for many rows, stream them with df.to_batches()",
    ),
    (
        "apply applymap map pipe",
        (
            "compute with columns, as in df['c'] = df.a + df.b, or aggregate with agg; "
            "Python functions run on fetched rows: df.to_pandas().apply(...)"
        ),
    ),
    ("T transpose", "fetch the rows: df.to_pandas().T; stack() and unstack() turn columns into rows and back"),
    (
        "iloc iat take",
        (
            "rows have positions only in a sorted frame: df.sort_values('x')[:3] returns the first, df.tail(3) the last, "
            "df.sort_values('x', ascending=False)[:1] the last one as a frame"
        ),
    ),
    ("at", "use df.loc[label, 'column'], or df.column[label].value"),
    ("values to_list tolist", "use df.to_numpy(), which fetches the values"),
    ("axes keys", "use df.columns and df.index_columns"),
    ("empty", "use len(df) == 0, which counts the rows"),
    ("ndim", "a frame has two dimensions; df.shape is the number of rows and columns"),
    (_OPERATORS, "compute column by column: df['a'] = df.a + 1; or df.assign(**{{name: df[name] + 1 for name in df.columns}})"),
    ("abs clip isin mask where replace", "it is a method of series, so set each column: df['a'] = df.a.{name}(...)"),
    ("combine_first", "fill one column with another: df['a'] = df.a.fillna(df.b)"),
    ("cov corrwith", "for correlations, use df.corr() or df.a.corr(df.b)"),
    ("prod product cumprod", "for positive numbers, use the exponential of the sum of logarithms: df.a.log().sum().exp()"),
    ("idxmax idxmin argmax argmin", "df.nlargest(1, 'a') and df.nsmallest(1, 'a') return the rows themselves"),
    ("duplicated", "df.drop_duplicates() removes duplicates; df.groupby([...]).size() counts them"),
    ("insert isetitem", "df['a'] = ... adds a column at the end; df[['b', 'a']] selects columns in that order"),
    ("pop", "select the column and delete it: a = df.a; del df['a']"),
    ("get", "use df['a'] if 'a' in df.columns else ..."),
    ("join", "use df.merge(other, left_index=True, right_index=True), or on='key'"),
    ("melt", "df.set_index('key')[['a', 'b']].stack() stacks columns into rows"),
    ("pivot", "use df.pivot_table(index=, columns=, values=, aggfunc='max')"),
    ("filter", "select columns by name, as in df[[name for name in df if 'x' in name]], and rows by a condition: df[df.a > 1]"),
    ("select_dtypes", "select by dtype: df[[name for name, dtype in df.dtypes.items() if dtype == 'int64']]"),
    ("select", "select columns: df[['a', 'b']], or rows: df[df.a > 1]"),
    ("add_prefix add_suffix set_axis", "use df.rename(columns=lambda name: 'a_' + name), or df.columns = [...]"),
    ("rename_axis", "use df.rename(index={{'old': 'new'}}), which renames index levels"),
    ("eval", "write df['c'] = df.a + df.b, or df.query('a > 1') for rows"),
    ("resample", "group by the period: df.groupby(df.moment.dt.strftime('%Y-%m-%d')).sum()"),
    ("hist", "use df.plot.hist()"),
    ("convert_dtypes", "dtypes are fixed; df.astype({{'a': 'int64'}}) changes them"),
    ("to_sql", "use df.database_create_table('name'), or savepoints"),
    ("tz_convert tz_localize", "timestamps are in UTC; use .dt.tz_localize or .dt.tz_convert of a timestamp series"),
    ("from_dict from_records", "use DataFrame.from_pandas(engine, pandas.DataFrame(...))"),
    ("nth", "number the rows within each group: df[df.groupby('g').cumcount() == 0]"),
    ("get_group groups indices", "filter: df[df.g == 'a']"),
    ("dtype level", "the dtypes are in df.dtypes and df.index_dtypes; the index levels are in df.index"),
    ("is_monotonic_increasing is_monotonic_decreasing", "compare with the previous value: (df.a.diff() >= 0).all()"),
    ("ngroup ngroups", "df.g.nunique() counts the groups; df.g.rank('dense') numbers them"),
)
#: What to use in place of names of a pandas series, and of accessors of other types.
SERIES = _table(
    (_FETCHED, "fetch the values and use pandas: series.to_pandas().{name}"),
    (
        "apply pipe",
        (
            "compute with operators and methods of the series, or map a dict; Python functions run on fetched "
            "values: series.to_pandas().apply(...)"
        ),
    ),
    ("T transpose", "a series has one dimension"),
    ("iloc iat take", "values have positions only in a sorted series: series.sort_values()[:3], or series.tail(3)"),
    ("loc at", "use series[label], series[condition], or df.loc[rows, 'column']"),
    ("values", "use series.to_numpy(), which fetches the values; .value is the value of a one-value series"),
    ("to_list tolist", "use series.to_numpy().tolist(), which fetches the values"),
    ("items keys", "fetch the values: series.to_pandas().items(); series.index has the index levels"),
    ("axes", "series.index has the index levels"),
    ("empty", "use len(series) == 0, which counts the rows"),
    ("shape ndim", "use len(series), which counts the rows"),
    ("dtypes", "use series.dtype"),
    (_OPERATORS, "use the operator, as in series + 1 or series == 1; for fill_value, call fillna first"),
    ("combine_first", "use series.fillna(other)"),
    ("cov", "for the correlation, use series.corr(other)"),
    ("prod product cumprod", "for positive numbers, use the exponential of the sum of logarithms: series.log().sum().exp()"),
    (
        "idxmax idxmin argmax argmin argsort",
        "series.nlargest(1) and series.nsmallest(1) return the label and value; rank() ranks values",
    ),
    ("duplicated is_unique", "compare series.nunique() with series.count(), or use series.drop_duplicates()"),
    ("is_monotonic_increasing is_monotonic_decreasing", "compare with the previous value: (series.diff() >= 0).all()"),
    ("hasnans", "use series.isnull().to_frame().any()"),
    ("drop filter", "filter: series[condition]"),
    ("get", "use series[label]"),
    ("pop", "filter, or del df['name']"),
    (
        "groupby",
        "group the frame: df.groupby('key').column, or pass the groups to the aggregate: series.sum(df.groupby('key'))",
    ),
    ("resample", "group the frame by the period: df.groupby(df.moment.dt.strftime('%Y-%m-%d')).column.sum()"),
    ("hist", "use series.plot.hist()"),
    ("from_arrow", "use DataFrame.from_arrow(engine, table)['name']"),
    ("info", "use df.info(), or repr(series)"),
    ("sample", "use series.to_frame().sample(...)"),
    ("repeat", "for strings, use series.str.repeat(n)"),
    ("case_when", "use series.where(condition, other), once for each case"),
    ("add_prefix add_suffix rename_axis set_axis", "rename index levels with df.rename(index={{'old': 'new'}})"),
    ("convert_dtypes", "dtypes are fixed; series.astype('int64') changes them"),
    ("to_csv to_json to_parquet", "use series.to_frame().{name}(...)"),
    ("to_sql", "use series.to_frame().database_create_table('name')"),
    ("tz_convert tz_localize", "timestamps are in UTC; use .dt.tz_localize or .dt.tz_convert"),
    ("dt", ".dt exists for dates, timestamps and durations: ol.to_datetime(series), or series.astype('timestamp')"),
    ("str", ".str exists for strings: series.astype('string').str"),
    ("cat", "strings need no categories; df.get_dummies(columns=[...]) creates indicator columns"),
    ("json elements", "only JSON and list series have it"),
    ("explode", "only list and JSON series have it; split strings first: series.str.split(',').explode()"),
    ("plot scale minmax_scale cut qcut exp log log10 sqrt floor ceil", "only numeric series have it: series.astype('float64')"),
)
#: What to use in place of names of pandas' accessors ``str`` and ``dt``.
ACCESSORS = _table(
    ("floor round ceil", "use series.dt.date_trunc('hour') to truncate timestamps to a unit, or .dt.date for the day"),
    ("to_period", "use series.dt.strftime('%Y-%m') for a month, or series.dt.date_trunc('month')"),
    ("isocalendar", "use series.dt.strftime('%G-W%V'), or .dt.week"),
    ("tz tz_convert tz_localize timetz", "timestamps are in UTC, without a time zone"),
    ("to_pydatetime to_pytimedelta", "fetch the values: series.to_arrow().to_pylist()"),
    ("nanosecond nanoseconds unit as_unit freq", "timestamps and durations have microsecond precision"),
    ("findall extractall", "use series.str.extract(pattern), or str.count(pattern, regex=True)"),
    ("get_dummies", "use df.get_dummies(columns=['name'])"),
    ("rsplit partition rpartition", "use series.str.split(sep), with .elements[-1] for the last part"),
    ("title swapcase casefold", "use series.str.upper() or lower(), or fetch the values"),
    ("index rfind rindex", "use series.str.find(text)"),
    ("join", "use series.str.cat(...), or '+' for two series"),
    (
        "isspace isalpha isalnum isdecimal isnumeric isascii islower isupper istitle",
        "use series.str.fullmatch(pattern) or series.str.contains(pattern, regex=True)",
    ),
)


#: What to use in place of the pandas charts that the database does not compute.
CHARTS = _table(("pie box boxplot kde density hexbin", "fetch the rows: df.to_pandas().plot.{name}(...)"))

#: What to use in place of unsupported options of pandas' charts.
OPTIONS = _table(
    ("figsize", "pass width= and height= in pixels"),
    ("ax subplots layout sharex sharey", "objectiv_local.charts.side_by_side(one, other) puts charts beside each other"),
    (
        "xlim ylim xticks yticks grid legend rot fontsize colormap style alpha linewidth secondary_y",
        "modify the returned Altair chart, or plot fetched rows: df.to_pandas().plot",
    ),
    ("loglog", "pass logx=True and logy=True"),
    ("c cmap", "pass color="),
    ("label", "rename the column"),
)


def hint(name: str, known: Mapping[str, str], members: Iterable[str], columns: Iterable[str] = ()) -> str | None:
    """Return what to use in place of an unknown name: the replacement of a pandas name, otherwise similar members.

    Columns are listed only if one of them is more similar than every member, or if no member is similar.
    """
    if name.startswith("_"):
        return None
    if name in known:
        return known[name].format(name=name)
    columns = list(columns)
    methods = [each for each in members if not each.startswith("_") and each not in columns]
    member, column = _nearest(name, methods), _nearest(name, columns)
    if member >= _NEAR and member > column:
        return near(name, methods)
    if columns:
        return near(name, columns)
    return "dir() lists the available names; to_pandas() returns the values in pandas"


def _nearest(name: str, names: Iterable[str]) -> float:
    folded = name.casefold()
    return max((1.0 if each.casefold() == folded else SequenceMatcher(None, each, name).ratio() for each in names), default=0.0)


class Accessor:
    """The methods of values of one type, as in ``series.str`` and ``series.dt``."""

    __slots__ = ()
    _known: ClassVar[Mapping[str, str]] = ACCESSORS

    def __getattr__(self, name: str) -> object:
        raise AttributeNotFound(
            f"{type(self).__name__} has no attribute {name!r}", hint=hint(name, self._known, dir(type(self)))
        )
