"""What a forked process inherits and can neither use nor take down."""

from __future__ import annotations

import ctypes
import os
import weakref

_inherited: weakref.WeakSet[object] = weakref.WeakSet()


def never_ends_when_forked(owner: object) -> None:
    """In processes forked from now on, keeps something from being taken down, even when the interpreter ends.

    Args:
        owner: of threads, for which it would wait for ever there: they are not forked along.
    """
    _inherited.add(owner)


def _keep() -> None:
    for owner in _inherited:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(owner))


os.register_at_fork(after_in_child=_keep)
