"""DuckDB's catalog: the columns of tables, and which table a name refers to."""

from __future__ import annotations

CATALOGUE = """\
SELECT c.database_name, c.schema_name, c.table_name,
       list(c.column_name ORDER BY c.column_index), list(c.data_type ORDER BY c.column_index),
       (SELECT any_value(k.constraint_column_names)
        FROM duckdb_constraints() AS k
        WHERE k.constraint_type = 'PRIMARY KEY' AND k.database_name = c.database_name
          AND k.schema_name = c.schema_name AND k.table_name = c.table_name),
       current_database(), current_schemas(true),
       -- Tables in other formats that are attached number their rows in other ways, or not at all.
       EXISTS (FROM duckdb_tables() AS t JOIN duckdb_databases() AS d USING (database_name)
               WHERE d.type = 'duckdb' AND t.database_name = c.database_name
                 AND t.schema_name = c.schema_name AND t.table_name = c.table_name)
FROM duckdb_columns() AS c
WHERE lower(c.table_name) = lower({name})
GROUP BY c.database_name, c.schema_name, c.table_name
"""


def rank(parts: tuple[str, ...], row: tuple[object, ...]) -> int | None:
    """Return the priority of the table in a catalog row for a name, or None if the name does not refer to it."""
    database, schema = str(row[0]), str(row[1])
    current, path = row[6], row[7]
    given = [part.casefold() for part in parts[:-1]]
    found = [database.casefold(), schema.casefold()]
    if not given:
        assert isinstance(path, list)
        if database == "temp":
            return 0
        return 1 + path.index(schema) if database == current and schema in path else None
    if len(given) == 1:
        if database in (current, "temp") and given[0] == found[1]:
            return 0 if database == current else 1
        return 2 if given[0] == found[0] and schema == "main" else None
    return 0 if given == found else None
