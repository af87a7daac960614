"""What an attribution file of the benchmark data says."""

from __future__ import annotations

import re

_PACK = re.compile(r"^\| (\S+) \| (\S+) \(\w+\) \| (\S+) \| (\S+) \| .+ \| ([\d,]+) \|$", re.MULTILINE)


def attributed(text: str) -> dict[tuple[str, str, str], int]:
    """How many drawings it names of each collection, with package and version, and licence."""
    packs = _PACK.findall(text)
    return {(name, f"{pack}@{version}", licence): int(n.replace(",", "")) for name, pack, version, licence, n in packs}
