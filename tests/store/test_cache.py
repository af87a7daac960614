"""What was prepared from an index: read back as it was written, or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from logo_retrieval.store.cache import CACHE_FILE, SUMMED, Prepared, read_cache, reseal, write_cache


def test_cache_is_read_back_and_refused_when_damaged(tmp_path: Path) -> None:
    arrays: dict[str, np.ndarray] = {
        "numbers": np.arange(9),
        "rows": np.ones((3, 5), np.float32),
        "none": np.zeros((0, 5), "<f2"),
    }
    write_cache(tmp_path, Prepared({"said": ["ü", 1.5]}, arrays))
    held = read_cache(tmp_path)
    assert held is not None and held.facts == {"said": ["ü", 1.5]} and held.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(held.arrays[name], array)
        assert held.arrays[name].dtype == array.dtype
    whole = (tmp_path / CACHE_FILE).read_bytes()
    changed = (whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :] for place in range(len(whole)))
    read = 0
    for damaged in (*changed, whole[:-64], b"", b"[]\n", b"{}\nx"):
        (tmp_path / CACHE_FILE).write_bytes(damaged)
        found = read_cache(tmp_path)  # what lies between arrays says nothing
        read += found is not None
        assert found is None or all(np.array_equal(found.arrays[name], arrays[name]) for name in arrays)
    assert read < 64
    assert [path.name for path in tmp_path.iterdir()] == [CACHE_FILE]


@pytest.mark.parametrize("name", SUMMED)
def test_an_array_with_sums_of_its_own_is_only_as_long_as_written(tmp_path: Path, name: str) -> None:
    write_cache(tmp_path, Prepared({}, {"sums": np.arange(8), name: np.ones(32, "<f2")}))
    whole = (tmp_path / CACHE_FILE).read_bytes()
    (tmp_path / CACHE_FILE).write_bytes(whole[:-1] + b"x")
    held = read_cache(tmp_path)
    assert held is not None and held.arrays[name][-1] != 1
    (tmp_path / CACHE_FILE).write_bytes(whole[:-1])
    assert read_cache(tmp_path) is None


def test_a_cache_changed_in_place_is_sealed_anew(tmp_path: Path) -> None:
    write_cache(tmp_path, Prepared({"names": ["a long one"]}, {"numbers": np.arange(8)}))
    held = read_cache(tmp_path, write=True)
    assert held is not None
    held.arrays["numbers"][3] = 0
    assert read_cache(tmp_path) is None
    reseal(tmp_path, held, {"names": [""]})
    after = read_cache(tmp_path)
    assert after is not None and after.facts == {"names": [""]} and after.arrays["numbers"].tolist()[2:5] == [2, 0, 4]
    assert b"a long one" not in (tmp_path / CACHE_FILE).read_bytes()
    with pytest.raises(ValueError, match="there is room for"):
        reseal(tmp_path, held, {"names": ["x" * 100]})


@pytest.mark.parametrize(
    "header",
    [
        b"[" * 100_000,
        b'{"facts": {}, "arrays": {"halves": ["<f4", [1e999], 0, ""]}}',
        b'{"facts": {}, "arrays": {"halves": ["<f4", [-1], 0, ""]}}',
        b'{"facts": {}, "arrays": {"halves": ["<f4", [9], -99, ""]}}',
        b'{"facts": {}, "arrays": {"halves": ["|O", [1], 0, ""]}}',
        b'{"facts": {}, "arrays": {"halves": ["<f4", [99999999999999999999, 9], 0, ""]}}',
        b'{"facts": {}, "arrays": {"halves": 5}}',
        b'{"facts": {}, "arrays": []}',
        b"[]",
        b"5",
        b"\xff",
        b"",
    ],
)
def test_headers_as_strangers_may_make_them(tmp_path: Path, header: bytes) -> None:
    line = header + b"\n"
    (tmp_path / CACHE_FILE).write_bytes(hashlib.sha256(line).hexdigest().encode() + b"\n" + line + b"payload")
    assert read_cache(tmp_path) is None
