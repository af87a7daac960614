"""What is closed at the end of a `with`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NoReturn, Self


class Closable(ABC):
    """Closes itself behind a `with`, whatever happened in it."""

    @abstractmethod
    def close(self) -> None:
        """Gives back what it holds; closing twice does no harm."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        """Refuses a copy and a pickle: files, processes and threads do not go along.

        Raises:
            TypeError: always.
        """
        raise TypeError(
            f"a {type(self).__name__} holds open files and processes and cannot be copied or sent to another process: "
            "open another one there"
        )
