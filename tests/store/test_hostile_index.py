"""Index files as strangers may make them, checksums and all: an error that says what is wrong, and no code is run."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from test_store import CLASSES, DIM, ITEMS, MANIFEST

from logo_retrieval.errors import IndexStoreError
from logo_retrieval.store.answers import CACHE_FILE as ANSWERS_FILE
from logo_retrieval.store.answers import AnswerCache
from logo_retrieval.store.changes import add_items, compact, remove_class, replace_index
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.schema import INDEX_FILE
from logo_retrieval.store.seal import seal
from logo_retrieval.store.vectors import vector_blob


@pytest.fixture
def index(tmp_path: Path) -> Path:
    replace_index(tmp_path, MANIFEST, CLASSES, ITEMS)
    return tmp_path


def changed(index: Path, script: str) -> None:
    """Runs SQL as another program would, and makes the checksums fit."""
    with closing(sqlite3.connect(index / INDEX_FILE)) as connection:
        connection.executescript(script)
        seal(connection)
        connection.commit()


SCHEMAS = {
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON items BEGIN DELETE FROM items; END",
    "a trigger on deletion": "CREATE TRIGGER t AFTER DELETE ON items BEGIN DELETE FROM audit; END",
    "a view for a table": "ALTER TABLE names RENAME TO others; CREATE VIEW names AS SELECT class_id, name, 1 AS rowid "
    "FROM others",
    "a view without end": "DROP TABLE names; CREATE VIEW names AS WITH RECURSIVE r (class_id, name) AS "
    "(SELECT 1, 'x' UNION ALL SELECT class_id, name FROM r) SELECT class_id, name, 1 AS rowid FROM r",
    "a further table": "CREATE TABLE more (x)",
    "a further index": "CREATE INDEX more ON items (source)",
    "an index on an expression": "CREATE INDEX more ON items (abs(perceptual_hash))",
    "statistics": "ANALYZE",
    "a missing index": "DROP INDEX items_by_class",
    "a column computed": "ALTER TABLE items ADD COLUMN x BLOB AS (zeroblob(1000000000))",
    "loose types": "DROP TABLE audit; CREATE TABLE audit (id INTEGER PRIMARY KEY, at, action, detail)",
}


@pytest.mark.parametrize("script", SCHEMAS.values(), ids=SCHEMAS.keys())
def test_other_tables_than_those_of_an_index(index: Path, script: str) -> None:
    with closing(sqlite3.connect(index / INDEX_FILE)) as connection:
        connection.executescript(script)
    attempts: list[Callable[[], object]] = [
        lambda: IndexStore(index),
        lambda: add_items(index, [], generation=1),
        lambda: remove_class(index, "beta"),
        lambda: compact(index),
        lambda: replace_index(index, MANIFEST, CLASSES, ITEMS),
    ]
    for attempt in attempts:
        with pytest.raises(IndexStoreError, match="the tables of .* are not those of an index"):
            attempt()


@pytest.mark.parametrize(
    "script",
    [
        "UPDATE items SET class_id = 99 WHERE id = 2",
        "DELETE FROM classes",
        "DELETE FROM vectors WHERE item_id = 1",
        "UPDATE vectors SET item_id = 77 WHERE item_id = 1",
        "DELETE FROM items WHERE id = 3",
        "UPDATE vectors SET vector = zeroblob(1000000) WHERE item_id = 1",
        "DELETE FROM meta WHERE key = 'generation'",
        "UPDATE meta SET value = 'many' WHERE key = 'generation'",
        f"UPDATE meta SET value = '{'9' * 5000}' WHERE key = 'generation'",
        "UPDATE meta SET value = '9223372036854775807' WHERE key = 'generation'",
        "UPDATE classes SET id = id - 1000; UPDATE items SET class_id = class_id - 1000;"
        "UPDATE items SET class_id = -1 WHERE id = 2",
        *(
            f"UPDATE items SET id = {number} WHERE id = 1; UPDATE thumbnails SET item_id = {number} WHERE item_id = 1;"
            f"UPDATE vectors SET item_id = {number} WHERE item_id = 1"
            for number in (0, -1, 2**60, 2**63 - 1)
        ),
    ],
)
def test_rows_that_do_not_fit(index: Path, script: str) -> None:
    changed(index, script)
    with IndexStore(index) as store:
        with pytest.raises(IndexStoreError):
            store.snapshot()
        assert store.faults()


@pytest.mark.parametrize("seal_text", ["", "{", "[]", "5", "[" * 100_000])
def test_an_index_without_checksums_is_built_anew(index: Path, seal_text: str) -> None:
    with closing(sqlite3.connect(index / INDEX_FILE)) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'seal'", (seal_text,))
        connection.commit()
    with IndexStore(index) as store:
        with pytest.raises(IndexStoreError, match="build the index again"):
            store.snapshot()
        replace_index(index, MANIFEST, CLASSES, ITEMS)
        assert store.faults() == [] and len(store.snapshot().item_ids) == len(ITEMS)


@pytest.mark.parametrize("value", [np.nan, np.inf, 0, 2])
def test_vectors_of_no_unit_length(index: Path, value: float) -> None:
    blob = vector_blob(np.full(DIM, value, np.float32))
    changed(index, f"UPDATE vectors SET vector = x'{blob.hex()}' WHERE item_id = 1")
    with IndexStore(index) as store:
        with pytest.raises(IndexStoreError, match="not of unit length"):
            store.snapshot()
        assert store.faults() == ["a vector of item 1 is not of unit length"]


GOOD = json.loads(MANIFEST.to_json())


WRONG: dict[str, list[object]] = {
    "model": [1],
    "dim": ["4", 0, -1, 4.0, True, 10**30],
    "precision": [None],
    "versions": [{"numpy": 2}],
    "created": [[]],
    "preparation": ["resvg"],
    "decision": [[], {"k": float("nan")}, {"k": 10**400}, {"k": "1"}],
    "model_digest": ["../../../../etc", "/tmp", "", "AB" * 32, 5],
    "extra": [1],
}


@pytest.mark.parametrize(
    "text",
    [
        *(json.dumps(GOOD | {key: each}) for key, values in WRONG.items() for each in values),
        "[" * 100_000,
        '{"model": ' * 100_000,
        "[" * 100_000 + "]" * 100_000,
        "",
        "[1]",
        "NaN",
        "null",
        "{}",
    ],
)
def test_manifests(index: Path, text: str) -> None:
    with closing(sqlite3.connect(index / INDEX_FILE)) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'manifest'", (text,))
        seal(connection)
        connection.commit()
    with pytest.raises(IndexStoreError, match=rf"{INDEX_FILE}.* the manifest"):
        IndexStore(index)


def test_answers_of_earlier_runs_that_are_damaged_are_no_index_to_build(tmp_path: Path) -> None:
    (tmp_path / ANSWERS_FILE).write_bytes(b"something else" * 1000)
    with pytest.raises(IndexStoreError, match="is damaged .* move it away: an index has to be built again then"):
        AnswerCache(tmp_path)
