"""SQL as a string that notebooks show in color."""

from __future__ import annotations

import copy
import json
import pickle
import sys
from typing import TYPE_CHECKING

import duckdb
import yaml
from frame.html_page import Page

from objectiv_local import DataFrame
from objectiv_local.frame.sql_text import SQL

if TYPE_CHECKING:
    import pytest


def test_sql_is_a_plain_string_that_notebooks_show_in_color(orders: DataFrame) -> None:
    for sql in (orders.view_sql(), orders.city.view_sql(), orders.view_sql(dialect="postgres")):
        assert isinstance(sql, str)
        assert json.loads(json.dumps(sql)) == sql
        assert pickle.loads(pickle.dumps(sql)) == sql
        assert type(sql + ";") is str
        assert "".join(Page(sql._repr_html_()).texts["pre"]) == sql  # type: ignore[attr-defined]
    assert duckdb.sql(SQL("SELECT 1 AS n")).fetchall() == [(1,)]


def test_tokens_have_the_colors_of_the_theme() -> None:
    html = SQL("SELECT 'a', 1.5, x::date FROM t -- why")._repr_html_()
    assert '<i class="keyword">SELECT</i>' in html
    assert '<i class="string">&#x27;a&#x27;</i>' in html
    assert '<i class="number">1.5</i>' in html
    assert '<i class="comment">-- why</i>' in html
    assert "prefers-color-scheme: dark" in html
    assert "--jp-mirror-editor-keyword-color" in html


def test_sql_is_shown_without_pygments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygments.lexers", None)
    html = SQL("SELECT 1 < 2")._repr_html_()
    assert html.endswith('<pre class="objectiv-sql">SELECT 1 &lt; 2</pre>')


def test_sql_is_written_copied_and_read_back_as_the_string_that_it_is() -> None:
    sql = DataFrame.from_schema({"a": "int64"}).view_sql()
    assert yaml.safe_load(yaml.safe_dump({"sql": sql})) == {"sql": str(sql)}
    assert yaml.safe_load(yaml.dump({"sql": sql}, Dumper=yaml.Dumper)) == {"sql": str(sql)}
    assert json.loads(json.dumps([sql])) == [str(sql)]
    for twin in (pickle.loads(pickle.dumps(sql)), copy.copy(sql), copy.deepcopy(sql)):
        assert (twin, type(twin)) == (sql, type(sql))
