"""The index while it is served: opened in the background, asked, changed, and opened anew where that is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from logo_retrieval.classifier import LogoClassifier
from logo_retrieval.errors import IndexRebuilt, IndexStoreError, LogoRetrievalError
from logo_retrieval.gallery.reader import Progress
from logo_retrieval.gallery.records import printable
from logo_retrieval.models.resolve import STARTER, changed_starter, starter_index
from logo_retrieval.serving.line import Line
from logo_retrieval.serving.logs import LOGGER, log
from logo_retrieval.serving.metrics import Metrics
from logo_retrieval.serving.problems import come_again
from logo_retrieval.serving.schema import MARK
from logo_retrieval.serving.settings import Settings
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.transactions import changes_by

Result = TypeVar("Result")


class Service:
    """One index, its classifier and the line of those who ask.

    Attributes:
        settings: how it is run.
        metrics: what it counts.
        line: where pictures wait for their answers.
    """

    def __init__(self, settings: Settings) -> None:
        """Opens nothing yet."""
        self.settings = settings
        self.metrics = Metrics()
        self.line = Line(self.metrics)
        self.metrics.watch("logo_waiting_pictures", "Pictures that have no answer yet.", lambda: self.line.waiting)
        self._index = settings.index
        self._classifier: LogoClassifier | None = None
        self._fault = ""
        self._closing = False
        self._renewing: Future[None] | None = None
        self._changes = ThreadPoolExecutor(1, thread_name_prefix="logo-changes")
        self._reads = ThreadPoolExecutor(4, thread_name_prefix="logo-reads")
        self._questions = ThreadPoolExecutor(4, thread_name_prefix="logo-questions")
        self._comparisons = ThreadPoolExecutor(4, thread_name_prefix="logo-comparisons")

    @property
    def classifier(self) -> LogoClassifier:
        """The open classifier.

        Raises:
            Problem: 503 while it is not open.
        """
        if self._classifier is None or self._closing:
            raise come_again(503, self.obstacle(), 2)
        return self._classifier

    @property
    def index_name(self) -> str:
        """As rows have it."""
        return STARTER if self._index == starter_index() else printable(str(self._index))

    def obstacle(self) -> str:
        """What keeps the service from answering; nothing when it is ready."""
        if self._closing:
            return "the service is shutting down"
        if self._classifier is None and not self._fault:
            return "the model and the index are being loaded"
        return self._fault

    async def open(self) -> None:
        """Opens the index, or keeps what is wrong with it for those who ask, and tries again every few seconds."""
        while not self._closing:
            try:
                await asyncio.to_thread(self._open, self._index)
                log("ready", index=self.index_name)
                return
            except Exception as error:
                self._keep(error)
            await asyncio.sleep(5)

    def _open(self, index: Path) -> None:
        classifier = LogoClassifier.open(index, decode_limit_s=self.settings.limits.decode_s)
        classifier.classify([MARK.encode()])  # the first request finds decoders and networks at work
        self._index = index
        self._classifier = classifier  # one that was there is closed when its last answer is given
        self._fault = ""

    def _keep(self, error: Exception) -> None:
        """Keeps why the index cannot be opened; the log has it once, until there is another reason."""
        before, self._fault = self._fault, f"the index cannot be opened: {error}"
        if self._fault != before:
            LOGGER.error(self._fault, exc_info=not isinstance(error, LogoRetrievalError))

    def renew(self) -> None:
        """Opens the index anew in the background, if it was built anew, or keeps what is wrong with it."""
        if self._renewing is None or self._renewing.done():
            self._renewing = self._changes.submit(self._renew)

    def _renew(self) -> None:
        if self._classifier is None or self._closing:
            return
        try:
            self._classifier.engine.current()
            self._fault = ""
        except IndexRebuilt:
            try:
                self._open(self._index)
            except Exception as error:
                self._keep(error)

    async def read(self, act: Callable[[IndexStore], Result]) -> Result:
        """Reads something from the index's file, beside those who are answered."""

        def reading() -> Result:
            with IndexStore(self._index) as store:
                return act(store)

        _ = self.classifier
        return await _awaited(self._reads, reading)

    async def ask(self, act: Callable[[LogoClassifier], Result]) -> Result:
        """Has the classifier answer about one picture, which may be slow to decode and holds up no reading."""
        return await _awaited(self._questions, partial(act, self.classifier))

    async def compare(self, act: Callable[[LogoClassifier, Progress], Result]) -> Result:
        """The same for something that takes as long as it has files, and holds up nothing else.

        Args:
            act: is given what it has to call at each file, and is ended there when nobody waits for it any more.
        """
        classifier, is_awaited = self.classifier, True

        def go_on(done: int, total: int) -> None:
            if not is_awaited:
                raise CancelledError

        try:
            return await _awaited(self._comparisons, partial(act, classifier, go_on))
        finally:
            is_awaited = False

    async def change(self, action: str, actor: str, act: Callable[[LogoClassifier], Result]) -> Result:
        """Changes the index, one change after another; once begun it is ended, whoever goes away meanwhile."""

        def changing() -> Result:
            with changes_by(actor):
                result = self._changed(act)
            self.metrics.change(action)
            return result

        _ = self.classifier
        running = self._changes.submit(changing)
        try:
            return await asyncio.shield(asyncio.wrap_future(running))
        finally:
            running.cancel()  # unless it has begun

    def _changed(self, act: Callable[[LogoClassifier], Result]) -> Result:
        """Of the index that ships with the package a copy is changed, which is served from then on.

        The first change makes it, unless another service has.
        """
        new = self.settings.new_index
        if new is None or new == self._index:
            return act(self.classifier)
        if not new.exists():
            try:
                with changed_starter(new) as copy, LogoClassifier.open(copy) as classifier:
                    result = act(classifier)
            except IndexStoreError:
                if not new.exists():
                    raise  # else another process has made it meanwhile
            else:
                self._open(new)
                log("the index that ships with the package was copied, and the copy is served", index=str(new))
                return result
        self._open(new)
        return act(self.classifier)

    async def close(self) -> None:
        """Ends what is under way, and lets go of the index."""
        self._closing = True
        for threads in (self._changes, self._reads, self._questions, self._comparisons):
            await asyncio.to_thread(threads.shutdown, wait=True)
        await asyncio.to_thread(self.line.close)
        if self._classifier is not None:
            await asyncio.to_thread(self._classifier.close)


async def _awaited(threads: ThreadPoolExecutor, act: Callable[[], Result]) -> Result:
    """Has a thread do something; what nobody waits for any more takes no memory until its turn."""
    due = [act]
    try:
        return await asyncio.get_running_loop().run_in_executor(threads, lambda: due.pop()())
    finally:
        due.clear()
