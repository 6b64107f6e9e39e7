"""The project registry of Codebase Gardener, for Python applications that run on asyncio.

The names are those of the synchronous client, awaited::

    from codebase_gardener_registry.aio import AsyncProjectRegistry

    async with AsyncProjectRegistry() as registry:
        for project in await registry.list_projects(status="failed"):
            print(project.name, project.source_path)
        async with registry.training("payments") as lease:
            await train(lease.project.source_path, lease.output.directory)
            await lease.report(progress=0.5, phase="training")

All calls of a registry share one connection, and each lease and each watch has one of its own. A registry belongs to the
event loop in which it is used first. Cancelling a call drops its answer only: a change that was sent may still be made. A
process may fork while it has a registry, and the child leaves its parent's connections alone; it makes a registry of its
own, in a loop of its own. Standard library only, Python 3.9 or later.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import os
import socket
import threading
import warnings
import weakref
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Coroutine,
    Deque,
    Dict,
    Generator,
    Generic,
    List,
    Mapping,
    Optional,
    Sequence,
    Set,
    Tuple,
    Type,
    TypeVar,
    Union,
    cast,
)

from . import (
    _ENDS,
    _FIRST_PAUSE,
    _FOUND_OUT,
    _LONGEST_PAUSE,
    _SIGN_EVERY,
    CALL_TIMEOUT,
    HELLO_TIMEOUT,
    START_TIMEOUT,
    CursorExpiredError,
    InvalidParamsError,
    Json,
    LeaseLostError,
    Output,
    PathLike,
    ProjectMetadata,
    ProjectNotFoundError,
    ProjectRegistry,
    ProjectRegistryError,
    RegistryConnectionError,
    RegistryEvent,
    Source,
    StorageFailedError,
    TrainingLease,
    TrainingStatus,
    _Attempts,
    _Connection,
    _Deadline,
    _Feed,
    _fit,
    _given,
    _held_anyway,
    _is_last,
    _is_passing,
    _Lease,
    _line,
    _lost,
    _may_repeat,
    _message,
    _repository_at,
    _result,
    _sendable,
    _source_at,
    _sync_output,
    _taken,
    _taking,
    _unanswered,
)

if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    _P = ParamSpec("_P")

__all__ = [
    "AsyncProjectRegistry",
    "AsyncTrainingLease",
    "AsyncWatch",
    "TrainingCancelledError",
    "get_async_project_registry",
]

_T = TypeVar("_T")

#: So many notifications wait for whoever watches; then the daemon is not read, and puts what follows together.
_MAX_NOTIFICATIONS = 64


class TrainingCancelledError(ProjectRegistryError):
    """Somebody has asked to stop the training, and its project was given back as it was; ``reason`` is what they said."""

    kind: Optional[str] = "cancelled"

    def __init__(self, project: str, reason: Optional[str]) -> None:
        why = "" if reason is None else f": {reason}"
        super().__init__(f"cannot complete the training of {project}: somebody has asked to stop it{why}")
        self.reason = reason


# Threads.


class _Job(Generic[_T]):
    """What blocks, in a thread of its own: neither does it keep the application's executor busy, nor the interpreter from
    ending. Whoever does not wait any more leaves it behind, and it undoes what it has made."""

    def __init__(self, work: Callable[[], _T], undo: Callable[[_T], object]) -> None:
        self._work = work
        self._undo = undo
        self._loop = asyncio.get_running_loop()
        self._over: "asyncio.Future[None]" = self._loop.create_future()
        self._lock = threading.Lock()
        self._is_left = False
        self._made: List[_T] = []
        self._error: Optional[BaseException] = None

    async def result(self) -> _T:
        threading.Thread(target=self._run, name="codebase-gardener", daemon=True).start()
        try:
            await self._over
        except BaseException:
            self._leave()
            raise
        if self._error is not None:
            raise self._error
        return self._made.pop()

    def give_up(self, error: BaseException) -> None:
        """Whoever waits gets the error."""
        self._leave()
        self._error = error
        self._wake()

    def _run(self) -> None:
        try:
            made = [self._work()]
            error = None
        except BaseException as raised:
            made, error = [], raised
        with self._lock:
            if not self._is_left:
                self._made, self._error = made, error
                try:
                    self._loop.call_soon_threadsafe(self._wake)
                    return
                except RuntimeError:
                    pass  # The loop was closed, and nobody waits.
        for one in made:
            self._undo(one)

    def _leave(self) -> None:
        with self._lock:
            self._is_left = True
            made, self._made = self._made, []
        for one in made:
            self._undo(one)

    def _wake(self) -> None:
        if not self._over.done():
            self._over.set_result(None)


async def _in_thread(work: Callable[[], _T]) -> _T:
    return await _Job(work, lambda made: None).result()


# The connection.


class _Link(asyncio.Protocol):
    """A connection on which the daemon has said hello, for all tasks that share it."""

    def __init__(self, connection: _Connection, max_notifications: Optional[int]) -> None:
        self._is_last = False
        # In a child of a fork it closes the socket, which would keep the daemon from noticing that the parent has ended.
        self._connection = connection
        self._path = connection._path
        self._max_notifications = max_notifications
        self._loop = asyncio.get_running_loop()
        self._closed: "asyncio.Future[None]" = self._loop.create_future()
        self._bytes = bytearray(connection._bytes)
        self._last_id = connection._last_id
        self._answers: Dict[int, "asyncio.Future[Union[Json, str]]"] = {}
        self._notifications: Deque[Json] = deque(connection.notifications)
        self._arrival: Optional["asyncio.Future[str]"] = None
        # While more waits to be sent than is good.
        self._room: Optional["asyncio.Future[None]"] = None
        self._is_paused = False
        self._transport: asyncio.Transport

    @classmethod
    async def over(cls, connection: _Connection, max_notifications: Optional[int]) -> "_Link":
        loop = asyncio.get_running_loop()
        try:
            _, link = await loop.create_unix_connection(
                lambda: cls(connection, max_notifications), sock=connection._socket
            )
        except BaseException:
            connection.close()
            raise
        return link

    @property
    def usable(self) -> bool:
        """Whether another request may be sent."""
        return not (self._is_last or self._transport.is_closing())

    async def request(
        self, method: str, params: Mapping[str, Any], deadline: _Deadline, *, keep: bool = False
    ) -> Any:
        """Sends a request and waits for its answer, whatever else is on the way. Unless ``keep``, no other request follows
        one whose answer did not come in time: the daemon may hang."""
        if not self.usable:
            raise _lost(method, self._path, False)
        self._last_id += 1
        number = self._last_id
        line = _line(number, method, params)
        try:
            left = deadline.left()
        except socket.timeout:
            raise _unanswered(method, False) from None
        answer: "asyncio.Future[Union[Json, str]]" = self._loop.create_future()
        timer = None if left is None else self._loop.call_later(left, _settle, answer, "late")
        self._answers[number] = answer
        sent = False
        try:
            while self._room is not None and not answer.done():
                either: "Set[asyncio.Future[Any]]" = {self._room, answer}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not (answer.done() or self._transport.is_closing()):
                self._transport.write(line)
                sent = True
            message = await answer
            if message == "late":
                self._is_last = self._is_last or not keep
                raise _unanswered(method, sent)
            if isinstance(message, str):
                raise _lost(method, self._path, sent)
            return _result(message)
        finally:
            if timer is not None:
                timer.cancel()
            del self._answers[number]
            self._close_unless_needed()

    async def notification(self, deadline: _Deadline) -> Json:
        """The next notification. Raises socket.timeout and EOFError."""
        while not self._notifications:
            if self._closed.done():
                raise EOFError("the connection has ended")
            left = deadline.left()
            arrival = self._arrival = self._loop.create_future()
            timer = None if left is None else self._loop.call_later(left, _settle, arrival, "late")
            try:
                if await arrival == "late":
                    raise socket.timeout("the time is up")
            finally:
                if timer is not None:
                    timer.cancel()
        message = self._notifications.popleft()
        if self._is_paused and not self._notifications:
            self._is_paused = False
            self._transport.resume_reading()
        return message

    def close(self) -> None:
        self._transport.abort()

    def close_from_anywhere(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self.close)
        except RuntimeError:
            pass  # The loop was closed.

    async def closed(self) -> None:
        await asyncio.wait({self._closed})

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        start = len(self._bytes)
        self._bytes += data
        done = 0
        while True:
            end = self._bytes.find(b"\n", start)
            if end < 0:
                break
            line = bytes(self._bytes[done:end])
            start = done = end + 1
            try:
                self._receive(_message(line, self._path))
            except (ValueError, EOFError):
                return self.close()
        del self._bytes[:done]

    def connection_lost(self, exc: Optional[Exception]) -> None:
        self._end_all("lost")
        _settle(self._closed, None)

    def pause_writing(self) -> None:
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        room, self._room = self._room, None
        _settle(room, None)

    # What has come.

    def _receive(self, message: Json) -> None:
        if "method" in message:
            self._notifications.append(message)
            _settle(self._arrival, "here")
            if self._max_notifications is not None and len(self._notifications) >= self._max_notifications:
                if not self._is_paused:
                    self._is_paused = True
                    self._transport.pause_reading()
            return
        # The daemon answers what it has begun; then the connection is of no use any more.
        self._is_last = self._is_last or _is_last(message)
        number = message.get("id")
        if number is None:
            self._end_all(message)
            self.close()
        else:
            # Of whoever does not wait any more there is none.
            _settle(self._answers.get(number), message)

    def _end_all(self, message: Union[Json, str]) -> None:
        for answer in self._answers.values():
            _settle(answer, message)
        _settle(self._arrival, "lost")
        self.resume_writing()

    def _close_unless_needed(self) -> None:
        if self._is_last and not self._answers:
            self.close()


def _settle(future: Optional["asyncio.Future[Any]"], result: object) -> None:
    if future is not None and not future.done():
        future.set_result(result)


# The registry.


def _awaited(
    method: Callable[Concatenate[Any, _P], _T]
) -> Callable[[object], Callable[Concatenate[Any, _P], Coroutine[Any, Any, _T]]]:
    """Puts a method of the synchronous client in the place of one without a body. It ends in a call of its class and does
    nothing else that waits: where that call is one of asyncio's, so is the method."""

    @functools.wraps(method)
    async def call(self: Any, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return await cast("Coroutine[Any, Any, _T]", method(self, *args, **kwargs))

    return lambda place: call


class AsyncProjectRegistry:
    """The registry, through its daemon, for one event loop. Connects with the first call.

    The parameters are those of :class:`ProjectRegistry`. A call that is cancelled gives up its answer and nothing else:
    whether a change was made is for the caller to see. Raises RuntimeError in another event loop than the one in which it
    was used first.
    """

    #: The data directory.
    data_dir: Path
    #: The file in it.
    registry_file: Path

    def __init__(
        self,
        registry_path: Optional[PathLike] = None,
        *,
        data_dir: Optional[PathLike] = None,
        socket: Optional[PathLike] = None,
        auto_start: bool = True,
        gardener: Union[PathLike, Sequence[str], None] = None,
        client: str = "python",
        timeout: Optional[float] = CALL_TIMEOUT,
        start_timeout: float = START_TIMEOUT,
    ) -> None:
        # What blocks is its, and is done in threads.
        self._blocking = ProjectRegistry(
            registry_path,
            data_dir=data_dir,
            socket=socket,
            auto_start=auto_start,
            gardener=gardener,
            client=client,
            timeout=timeout,
            start_timeout=start_timeout,
        )
        self.data_dir = self._blocking.data_dir
        self.registry_file = self._blocking.registry_file
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._links: Set[_Link] = set()
        self._shared: Optional[_Link] = None
        self._dialling: Optional["asyncio.Task[_Link]"] = None
        self._waiting = 0
        self._jobs: Set[_Job[Any]] = set()
        self._open: "weakref.WeakSet[Union[AsyncWatch, AsyncTrainingLease]]" = weakref.WeakSet()

    async def __aenter__(self) -> "AsyncProjectRegistry":
        self._require_loop()
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if _may_await(error, trace):
            return await self.close()
        self._blocking.close()
        for link in list(self._links):
            link.close_from_anywhere()

    async def close(self) -> None:
        """Ends every connection for good; watches end, and leases that are still held are orphaned."""
        self._require_loop()
        self._blocking.close()
        for job in list(self._jobs):
            job.give_up(_was_closed())
        for one in list(self._open):
            one._close()
        if self._dialling is not None:
            await asyncio.wait({self._dialling})
        links = list(self._links)
        for link in links:
            link.close()
        for link in links:
            await link.closed()

    @_awaited(ProjectRegistry.register_project)
    def register_project(self) -> None: ...

    @_awaited(ProjectRegistry.add_project)
    def add_project(self) -> None: ...

    @_awaited(ProjectRegistry.list_projects)
    def list_projects(self) -> None: ...

    @_awaited(ProjectRegistry.get_projects_by_status)
    def get_projects_by_status(self) -> None: ...

    @_awaited(ProjectRegistry.get_project_count)
    def get_project_count(self) -> None: ...

    @_awaited(ProjectRegistry.update_project_status)
    def update_project_status(self) -> None: ...

    @_awaited(ProjectRegistry.update_project_metadata)
    def update_project_metadata(self) -> None: ...

    @_awaited(ProjectRegistry.remove_project)
    def remove_project(self) -> None: ...

    @_awaited(ProjectRegistry.get_active_project)
    def get_active_project(self) -> None: ...

    @_awaited(ProjectRegistry.set_active_project)
    def set_active_project(self) -> None: ...

    @_awaited(ProjectRegistry.validate_registry)
    def validate_registry(self) -> None: ...

    @_awaited(ProjectRegistry.repair_registry)
    def repair_registry(self) -> None: ...

    @_awaited(ProjectRegistry.move_projects)
    def move_projects(self) -> None: ...

    @_awaited(ProjectRegistry.import_projects)
    def import_projects(self) -> None: ...

    @_awaited(ProjectRegistry.undo)
    def undo(self) -> None: ...

    @_awaited(ProjectRegistry.get_active_project_metadata)
    def get_active_project_metadata(self) -> None: ...

    @_awaited(ProjectRegistry.resolve_project)
    def resolve_project(self) -> None: ...

    @_awaited(ProjectRegistry.touch_project)
    def touch_project(self) -> None: ...

    @_awaited(ProjectRegistry.retrain_project)
    def retrain_project(self) -> None: ...

    @_awaited(ProjectRegistry.get_registry_info)
    def get_registry_info(self) -> None: ...

    @_awaited(ProjectRegistry.get_training_history)
    def get_training_history(self) -> None: ...

    @_awaited(ProjectRegistry.promote_training)
    def promote_training(self) -> None: ...

    @_awaited(ProjectRegistry.prune_trainings)
    def prune_trainings(self) -> None: ...

    async def call(self, method: str, *, timeout: Optional[float] = None, **params: Any) -> Any:
        """Calls any method of the protocol; parameters that are None are left out.

        Reads are repeated once after a lost connection, changes only where they were certainly not made. A value that
        JSON cannot carry, such as NaN, is an InvalidParamsError with its path, and nothing is sent. ``timeout`` is in
        seconds; default that of the registry.
        """
        return await self._call(method, _given(**params), timeout)

    async def get_project(self, project_id: str) -> Optional[ProjectMetadata]:
        """The project; None where there is none."""
        try:
            return await self._project("projects.get", project=project_id)
        except ProjectNotFoundError:
            return None

    def watch(
        self, project: Optional[str] = None, *, cursor: Optional[str] = None, progress: bool = False
    ) -> "AsyncWatch":
        """Iterates over the changes of the registry, through restarts of the daemon; see :class:`AsyncWatch`.

        By default of all projects; with a ``cursor``, that of an event, what came after that; with ``progress`` also what
        trainers report.
        """
        return AsyncWatch(self, project, cursor, progress)

    def training(
        self,
        project: str,
        *,
        holder: Optional[str] = None,
        stall: Optional[float] = None,
        source: Optional[Source] = _FOUND_OUT,
        slot: Union[str, Sequence[str], None] = None,
        wait: float = 0,
        force: bool = False,
    ) -> "_Taking":
        """Takes the lease on a project, so that nobody else trains it. Use it with ``async with``; see
        :class:`AsyncTrainingLease`. Without a report for ``stall`` seconds the lease is lost; by default it may be silent.

        ``holder`` is what others are told of who trains. ``source`` tells what is trained from; by default git is asked,
        unless the daemon is on another machine; None for nothing. Of the names in ``slot``, such as those of GPUs, the lease
        takes the first that no other has, waits up to ``wait`` seconds (60 at most) for one, and raises SlotTakenError then.
        Raises LeaseHeldError while somebody else trains it; with ``force`` that lease is lost instead.
        """
        method = cast("Callable[..., _Taking]", ProjectRegistry.training)
        return method(
            self, project, holder=holder, stall=stall, source=source, slot=slot, wait=wait, force=force
        )

    async def claim_training(
        self,
        *,
        languages: Optional[Sequence[str]] = None,
        tags: Optional[Sequence[str]] = None,
        holder: Optional[str] = None,
        stall: Optional[float] = None,
        source: Optional[Source] = _FOUND_OUT,
        slot: Union[str, Sequence[str], None] = None,
        wait: float = 0,
    ) -> Optional["AsyncTrainingLease"]:
        """Takes the lease on the project that has waited longest; waits up to ``wait`` seconds (60 at most) for one,
        None when there is none. With ``languages`` only one of these, with ``tags`` only one that has one of these. The rest
        is as of :meth:`training`."""
        method = cast("Callable[..., Coroutine[Any, Any, Optional[AsyncTrainingLease]]]", ProjectRegistry.claim_training)
        return await method(
            self, languages=languages, tags=tags, holder=holder, stall=stall, source=source, slot=slot, wait=wait
        )

    # What the methods of the synchronous client end in.

    async def _project(self, method: str, **params: Any) -> ProjectMetadata:
        return await self._ask(method, _given(**params), ProjectMetadata.from_dict)

    async def _ask(self, method: str, params: Json, answer: Callable[[Any], _T]) -> _T:
        if params.get("repository") is _FOUND_OUT:
            params = _given(**{**params, "repository": await self._repository_of(params["source_path"])})
        return answer(await self._call(method, params))

    async def _add(self, path: str, flags: Sequence[str], timeout: Optional[float]) -> ProjectMetadata:
        deadline = _Deadline(timeout)
        # As of the synchronous client.
        await self._link(self._deadline(timeout, {}))
        dialer = self._blocking._dialer
        return ProjectMetadata.from_dict(await _in_thread(lambda: dialer.command("add", path, flags, deadline)))

    async def _call(self, method: str, params: Mapping[str, Any], timeout: Optional[float] = None) -> Any:
        params = _sendable(params)
        deadline = self._deadline(timeout, params)
        repeated = False
        while True:
            link = await self._link(deadline)
            try:
                return await link.request(method, params, deadline)
            except RegistryConnectionError as error:
                if repeated or not _may_repeat(error, method):
                    raise
                repeated = True

    def _begin(self, params: Json) -> "_Taking":
        async def take() -> AsyncTrainingLease:
            lease = await self._lease("training.begin", params)
            assert lease is not None  # there is a project, or an error
            return lease

        return _Taking(take)

    async def _claim(self, params: Json, stall: Optional[float]) -> Optional["AsyncTrainingLease"]:
        lease = await self._lease("training.claim", params)
        if lease is not None and params.get("source") is _FOUND_OUT and lease._output is not None and self._is_here():
            directory = str(lease.project.source_path)
            try:
                lease._source = await _in_thread(lambda: _source_at(directory, stall))
            except BaseException:
                await lease._give_back()
                raise
        return lease

    # Connections.

    async def _repository_of(self, path: str) -> Optional[Json]:
        # Whether the daemon is of this machine is known when it has said hello.
        await self._link(self._deadline(None, {}))
        return await _in_thread(lambda: _repository_at(path, self._blocking._timeout)) if self._is_here() else None

    async def _source_of(self, project: str, link: _Link, deadline: _Deadline) -> Optional[Json]:
        try:
            found = await link.request("projects.get", {"project": project, "to_change": True}, deadline)
        except RegistryConnectionError:
            raise
        except ProjectRegistryError:
            return None  # Taking the lease says why.
        # A daemon that keeps no sources refuses one.
        if "trained_from" not in found or not self._is_here():
            return None
        return await _in_thread(lambda: _source_at(found["source_path"], self._blocking._timeout))

    async def _lease(self, method: str, params: Json) -> Optional["AsyncTrainingLease"]:
        given, finds_source = _taking(params)
        deadline = self._deadline(None, given)
        link = await self._dial(deadline)
        try:
            if finds_source:
                given.update(_given(source=await self._source_of(given["project"], link, deadline)))
            taken = await self._take(link, method, given, deadline)
            if taken is not None:
                return AsyncTrainingLease(self, link, *_taken(taken))
        except BaseException:
            link.close()
            raise
        link.close()
        return None

    async def _take(self, link: _Link, method: str, given: Json, deadline: _Deadline) -> Any:
        asking = asyncio.ensure_future(link.request(method, given, deadline))
        try:
            return await asyncio.shield(asking)
        except StorageFailedError as error:
            return await link.request("training.resume", _held_anyway(error), deadline)
        except asyncio.CancelledError:
            # It may be taken already, and would be lost ten seconds later; who waits for one has none.
            if not given.get("wait_ms"):
                await asyncio.wait({asking}, timeout=HELLO_TIMEOUT)
            if asking.done() and not asking.cancelled() and asking.exception() is None and asking.result() is not None:
                token, project, _ = _taken(asking.result())
                held = {"project": project.project_id, "token": token}
                with contextlib.suppress(ProjectRegistryError):
                    await link.request("training.release", held, _Deadline(HELLO_TIMEOUT))
            raise
        finally:
            asking.cancel()

    def _is_here(self) -> bool:
        return self._blocking._dialer.is_here()

    def _deadline(self, timeout: Optional[float], params: Mapping[str, Any]) -> _Deadline:
        return self._blocking._deadline(timeout, params)

    def _require_loop(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        if self._loop is not loop:
            raise RuntimeError(
                "cannot use this registry: it belongs to another event loop, in which its connections are; make one in "
                "each loop"
            )
        return loop

    async def _link(self, deadline: _Deadline) -> _Link:
        """The connection that all calls share; while there is none, one is made for all who wait."""
        loop = self._require_loop()
        if self._shared is not None and self._shared.usable:
            return self._shared
        if self._dialling is None:
            self._dialling = loop.create_task(self._dial_shared())
            self._dialling.add_done_callback(_seen)
        task = self._dialling
        self._waiting += 1
        try:
            await asyncio.wait({task}, timeout=deadline.left())
        except socket.timeout:
            pass
        finally:
            self._waiting -= 1
            if self._waiting == 0 and not task.done():
                # Nobody wants it any more.
                task.cancel()
                self._dialling = None
        if not task.done():
            raise RegistryConnectionError(
                "timeout",
                f"cannot reach the registry: nobody answered on {self._blocking._dialer.path} in time",
            )
        return task.result()

    async def _dial_shared(self) -> _Link:
        mine = asyncio.current_task()
        try:
            self._shared = await self._dial(self._deadline(None, {}))
            return self._shared
        finally:
            if self._dialling is mine:
                self._dialling = None

    async def _dial(self, deadline: _Deadline, max_notifications: Optional[int] = None) -> _Link:
        self._require_loop()
        job = _Job(lambda: self._blocking._dial(deadline), _Connection.close)
        self._jobs.add(job)
        try:
            connection = await job.result()
        finally:
            self._jobs.discard(job)
        link = await _Link.over(connection, max_notifications)
        self._links.add(link)
        link._closed.add_done_callback(lambda _: self._links.discard(link))
        if self._blocking._closed:
            link.close()
            raise _was_closed()
        return link


def _was_closed() -> RegistryConnectionError:
    return RegistryConnectionError("closed", "cannot call the registry: it was closed")


def _seen(task: "asyncio.Task[Any]") -> None:
    # Whoever has waited for it may have gone; then its error is nobody's.
    if not task.cancelled():
        task.exception()


class AsyncWatch(_Feed):
    """The changes of the registry, one after the other, through lost connections and restarts of the daemon.

    Without a cursor the first event is a ``resync`` with every project. Where the series cannot go on where it was, or was
    not read for long, another ``resync`` takes the place of what was missed. Iterating waits for ever; :meth:`poll` waits
    for a while. :meth:`close`, from any task, ends the iteration::

        async with registry.watch() as changes:
            async for event in changes:
                print(event.type, event.project and event.project.name)

    One task at a time may wait for it. Nothing is lost where that is cancelled.
    """

    cursor: Optional[str]

    def __init__(
        self, registry: AsyncProjectRegistry, project: Optional[str], cursor: Optional[str], progress: bool
    ) -> None:
        super().__init__(project, cursor, progress)
        self._registry = registry
        self._link: Optional[_Link] = None
        self._is_polled = False
        self._ended = False
        self._resting: Optional["asyncio.Future[None]"] = None
        registry._open.add(self)

    def __del__(self) -> None:
        # As by a break out of the loop over it.
        link = getattr(self, "_link", None)
        if link is not None:
            link.close_from_anywhere()

    async def __aenter__(self) -> "AsyncWatch":
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if _may_await(error, trace):
            return await self.close()
        self._ended = True
        if self._link is not None:
            self._link.close_from_anywhere()

    def __aiter__(self) -> "AsyncWatch":
        return self

    async def __anext__(self) -> RegistryEvent:
        event = await self.poll(None)
        if event is None:
            raise StopAsyncIteration
        return event

    async def close(self) -> None:
        """Ends the iteration; what has been received and not given is dropped."""
        link = self._link
        self._close()
        if link is not None:
            await link.closed()

    def _close(self) -> None:
        self._ended = True
        _settle(self._resting, None)
        self._lose()

    async def poll(self, timeout: Optional[float]) -> Optional[RegistryEvent]:
        """The next event; None when none has come within so many seconds, or when the watch was closed. With None for the
        seconds it waits for ever."""
        self._registry._require_loop()
        if self._is_polled:
            raise RuntimeError("cannot wait for the next event: another task does; make a watch for each")
        self._is_polled = True
        try:
            return await self._next(_Deadline(timeout))
        finally:
            self._is_polled = False

    async def _next(self, deadline: _Deadline) -> Optional[RegistryEvent]:
        pause = 0.1
        while not self._ended:
            if self._waiting:
                return self._waiting.popleft()
            try:
                if self._link is None:
                    await self._subscribe(deadline)
                else:
                    self._receive(await self._link.notification(deadline))
                pause = 0.1
            except socket.timeout:
                return None
            except (OSError, EOFError):
                self._lose()
            except RegistryConnectionError as error:
                self._lose()
                if self._ended:
                    return None
                if error.reason not in ("lost", "not_running", "timeout"):
                    raise
                if await self._rest(deadline, pause):
                    return None
                pause = min(pause * 2, 2.0)
        return None

    async def _subscribe(self, deadline: _Deadline) -> None:
        link = await self._registry._dial(deadline.sooner(CALL_TIMEOUT), _MAX_NOTIFICATIONS)
        self._link = link
        if self._ended:
            return self._lose()
        try:
            self._subscribed(await link.request("registry.watch", self._wanted(), _Deadline(CALL_TIMEOUT)))
        except CursorExpiredError:
            self._lose()
            self.cursor = None
        except BaseException:
            self._lose()
            raise

    def _lose(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close()

    async def _rest(self, deadline: _Deadline, seconds: float) -> bool:
        """Waits a little before the next attempt; true when there is no time for one."""
        try:
            left = deadline.left()
        except socket.timeout:
            return True
        self._resting = asyncio.get_running_loop().create_future()
        await asyncio.wait({self._resting}, timeout=seconds if left is None else min(seconds, left))
        return self._ended


class _Taking:
    """A lease that is to be taken: by ``async with``, which ends it, too, or by ``await``."""

    def __init__(self, take: Callable[[], Coroutine[Any, Any, "AsyncTrainingLease"]]) -> None:
        self._take = take
        self._lease: Optional[AsyncTrainingLease] = None

    def __await__(self) -> Generator[Any, None, "AsyncTrainingLease"]:
        return self._take().__await__()

    async def __aenter__(self) -> "AsyncTrainingLease":
        self._lease = await self._take()
        return self._lease

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._lease is not None:
            await self._lease.__aexit__(kind, error, trace)


class AsyncTrainingLease(_Lease):
    """The right to train a project, for as long as this process lives.

    Leaving the ``async with`` block completes the training; an exception fails it with its text; a task that is cancelled,
    and anything else that ends the program, gives the project back as it was. A connection that is lost is made again in the
    background, also while the block computes or waits for something else: all that the loop has to do is to run, as the
    daemon waits for ten seconds. A trouble that may pass does not cost the training, as of :class:`TrainingLease`::

        async with registry.training("payments", holder="lora-trainer") as lease:
            for epoch in range(3):
                if await lease.cancel_requested():
                    await lease.release()
                    break
                await asyncio.to_thread(train, lease.project.source_path)
                await lease.report(progress=(epoch + 1) / 3, phase="training")
            else:
                await asyncio.to_thread(model.save_pretrained, lease.output.directory)

    Somebody may ask to stop: :meth:`cancelled` returns then. After that the training never completes: the end of the block, and
    :meth:`complete`, give the project back and raise TrainingCancelledError; whoever has called :meth:`release` hears no
    more of it. Somebody may take the lease by force, or remove the project: ``lost`` is true then, :meth:`cancelled` and every
    other call raise, and so does the end of the block. The task in the block is not interrupted by either.
    """

    project: ProjectMetadata
    ended: bool

    def __init__(
        self,
        registry: AsyncProjectRegistry,
        link: _Link,
        token: int,
        project: ProjectMetadata,
        output: Optional[Output] = None,
    ) -> None:
        super().__init__(token, project, output)
        self._registry = registry
        self._link = link
        self._holder = os.getpid()
        self._resuming = asyncio.Lock()
        self._is_ending = False
        # Set when the block should know of one of them, or when there is no more to come.
        self._news = asyncio.Event()
        self._cancel: Optional[TrainingCancelledError] = None
        self._loss: Optional[ProjectRegistryError] = None
        self._keeper = asyncio.get_running_loop().create_task(_keep(weakref.ref(self)))
        registry._open.add(self)

    def __del__(self) -> None:
        # Nobody can end it any more: it is lost, as one of the synchronous client is.
        if getattr(self, "_keeper", None) is None or os.getpid() != self._holder:
            return
        if not (self.ended or self._is_closed or self.lost):
            warnings.warn(f"the training of {self.project.name} was never ended", ResourceWarning, source=self)
        # Which its keeper notices.
        self._link.close_from_anywhere()

    @property
    def lost(self) -> bool:
        """Whether the lease is known to be somebody else's, or nobody's."""
        return self._loss is not None

    async def __aenter__(self) -> "AsyncTrainingLease":
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if os.getpid() != self._holder:
            return  # A child of a fork does not have it.
        if not _may_await(error, trace):
            return self._drop()
        try:
            if self.ended or isinstance(error, LeaseLostError):
                return
            if error is None:
                await self._complete_or_give_back()
            elif isinstance(error, Exception):
                await self.fail(error)
            else:
                await self._give_back()
        except ProjectRegistryError:
            # What the block has raised says more.
            if error is None:
                raise
        finally:
            await self.close()

    @_awaited(TrainingLease.report)
    def report(self) -> None: ...

    @_awaited(TrainingLease.complete)
    def complete(self) -> None: ...

    @_awaited(TrainingLease.fail)
    def fail(self) -> None: ...

    @_awaited(TrainingLease.release)
    def release(self) -> None: ...

    async def cancel_requested(self) -> bool:
        """Whether somebody has asked to stop; whoever holds the lease then releases it or fails. False where the registry
        cannot be asked now, which the log is told. Raises LeaseLostError when the lease is gone."""
        try:
            project = ProjectMetadata.from_dict(await self._call("projects.get", {}))
            if self._is_asked_to_stop(project):
                self._stop(project)
        except ProjectRegistryError as error:
            self._unknown(error)
        return self._cancel is not None

    async def cancelled(self) -> Optional[str]:
        """Waits until somebody asks to stop, and gives their reason. Raises LeaseLostError when the lease is lost or has
        ended, and ProjectNotFoundError when the project was removed."""
        await self._news.wait()
        if self._loss is not None:
            raise self._loss
        if self._cancel is None:
            raise LeaseLostError("nobody can ask this training to stop: its lease was ended", 1007)
        return self._cancel.reason

    async def close(self) -> None:
        """Ends the connection; a lease that is still held is orphaned, and lost ten seconds later. After that every other
        call raises RegistryConnectionError, and so does the end of the block, which completes nothing."""
        self._close()
        await asyncio.wait({self._keeper})
        await self._link.closed()

    def _close(self) -> None:
        self._is_closed = True
        self._keeper.cancel()
        self._link.close()
        self._news.set()

    def _drop(self) -> None:
        """Where nobody can wait, and perhaps in another thread: without its connection it is lost ten seconds later."""
        with contextlib.suppress(RuntimeError):  # The loop was closed, and its connections with it.
            self._link._loop.call_soon_threadsafe(self._close)

    # What the methods of the synchronous client end in.

    async def _say(self, given: Json) -> None:
        try:
            await self._report("training.progress", given)
        except ProjectRegistryError as error:
            self._unreported(error)

    async def _complete(self, given: Json) -> ProjectMetadata:
        self._require_mine("training.complete")
        if self._output is not None and self._cancel is None and self._registry._is_here():
            await self._secure(str(self._output.directory))
            given = await _in_thread(lambda: self._with_base_model(given))
        if self._cancel is None:
            await self.cancel_requested()
        if self._cancel is not None:
            await self._end("training.release", {})
            raise self._cancel
        try:
            return await self._end("training.complete", given)
        except InvalidParamsError as error:
            for name, why in error.issues:
                if name == "output":
                    await self._give_up(why)
            raise

    async def _end(self, method: str, params: Json, patience: Optional[float] = None) -> ProjectMetadata:
        attempts = _Attempts(patience)
        self._is_ending = True
        try:
            while True:
                try:
                    self.project = await self._end_once(method, params, attempts.perhaps_done)
                    break
                except ProjectRegistryError as error:
                    if isinstance(error, StorageFailedError) and error.applied:
                        # It has ended all the same; whether that survives a power cut is for the caller to see.
                        self.ended = True
                        self._close()
                        raise
                    pause = attempts.pause_after(error, self._tell)
                await asyncio.sleep(pause)
        finally:
            self._is_ending = False
        self.ended = True
        self._close()
        return self.project

    async def _end_once(self, method: str, params: Json, perhaps_done: bool) -> ProjectMetadata:
        try:
            done = await self._report(method, params)
        except LeaseLostError:
            if not perhaps_done:
                raise
            # By an earlier attempt whose answer was lost, or by somebody else.
            project = await self._registry._project("projects.get", project=self.project.project_id)
            if self._has_ended(method, project):
                return project
            raise
        return self._ended_as(done)

    async def _report(self, method: str, given: Json) -> Any:
        """A call that reports what it can, and is made once more without what the registry refuses of it."""
        params: Json = {**_fit(given, self._tell), "token": self.token}
        while True:
            try:
                return await self._call(method, params)
            except InvalidParamsError as error:
                params = self._without_refused(params, error)

    async def _call(self, method: str, params: Json) -> Any:
        """A call under the lease, made again after a lost connection: the lease is taken over first, which works only while
        the call has not ended it, so that making it again ends nothing twice."""
        self._require_mine(method)
        given = {**params, "project": self.project.project_id}
        try:
            try:
                return await self._link.request(method, given, self._deadline(), keep=True)
            except RegistryConnectionError as error:
                if error.reason != "lost":
                    raise
                lost = error
            try:
                await self._resume()
            except LeaseLostError:
                if lost.sent and method in _ENDS:
                    # Ended by the call whose answer was lost, or by somebody else: whoever ends it looks.
                    raise lost from None
                raise
            return await self._link.request(method, given, self._deadline(), keep=True)
        except LeaseLostError as error:
            self._lose(error)
            raise

    def _require_mine(self, method: str) -> None:
        self._registry._require_loop()
        self._require_held(method)
        if self._loss is not None:
            raise self._loss

    def _deadline(self) -> _Deadline:
        return self._registry._deadline(None, {})

    # What the end of the block does.

    async def _complete_or_give_back(self) -> None:
        try:
            await self.complete()
        except asyncio.CancelledError:
            # Where it was completed all the same, there is nothing to be given back.
            await self._give_back()
            raise

    async def _give_back(self) -> None:
        """The program is to end, and not in two minutes, nor when a daemon that hangs answers."""
        if self.ended:
            return self._close()
        giving = asyncio.ensure_future(self._end("training.release", {}, patience=0))
        giving.add_done_callback(_seen)
        try:
            if not (await asyncio.wait({giving}, timeout=HELLO_TIMEOUT))[0]:
                return self._tell(f"it could not be given back: nobody answered within {HELLO_TIMEOUT:g} s")
            giving.result()
        except ProjectRegistryError as error:
            if not isinstance(error, LeaseLostError):
                self._tell(f"it could not be given back: {error}")
        finally:
            giving.cancel()
            self._close()

    async def _secure(self, directory: str) -> None:
        """Syncs the output to the disk, which keeps the lease as long as the disk gets on."""
        moved, unwanted = threading.Event(), threading.Event()

        def synced() -> None:
            if unwanted.is_set():
                raise InterruptedError("nobody waits for it any more")
            moved.set()

        def refused(path: str, error: OSError) -> None:
            self._tell(f"cannot make sure that {path} survives a power cut: {error.strerror}")

        work = asyncio.ensure_future(_in_thread(lambda: _sync_output(directory, synced, refused)))
        try:
            while not (await asyncio.wait({work}, timeout=_SIGN_EVERY))[0]:
                if moved.is_set():
                    moved.clear()
                    await self.report()
            work.result()
        except OSError as error:
            await self._give_up(f"what was trained cannot be kept: {error}")
            raise
        finally:
            unwanted.set()
            work.cancel()

    async def _give_up(self, why: str) -> None:
        """Nothing comes into service."""
        try:
            await self.fail(why)
        except ProjectRegistryError as error:
            # What is raised says more.
            self._tell(f"that it has failed could not be said: {error}")

    # What happens in the background.

    async def _attend(self) -> "Tuple[_Link, _Feed]":
        """A connection that holds the lease, and on which others are heard of."""
        await self._resume()
        link = self._link
        feed = _Feed(self.project.project_id, None, False)
        feed._subscribed(await link.request("registry.watch", feed._wanted(), self._deadline(), keep=True))
        return link, feed

    async def _hear(self, link: _Link, feed: _Feed) -> None:
        while feed._waiting:
            await self._look(feed._waiting.popleft(), link)

    def _bears(self, error: ProjectRegistryError) -> bool:
        """Whether the lease can be held all the same."""
        if isinstance(error, (LeaseLostError, ProjectNotFoundError)):
            self._lose(error)
        elif not _is_passing(error):
            self._tell(f"nobody listens for a request to stop: {error}")
        else:
            return True
        return False

    async def _resume(self) -> None:
        """Takes the lease over to a new connection, unless there is one; of all who want that one does it."""
        async with self._resuming:
            if self._link.usable:
                return
            link = await self._registry._dial(self._deadline())
            try:
                resumed = await self._prove(link)
            except BaseException:
                link.close()
                raise
            self._link = link
            # Of a daemon that has taken the place of an older one.
            self._output = self._output or Output.from_dict(resumed.get("output"))

    async def _prove(self, link: _Link) -> Json:
        held = {"project": self.project.project_id, "token": self.token}
        lease: Json = await link.request("training.resume", held, self._deadline(), keep=True)
        return lease

    async def _look(self, event: RegistryEvent, link: _Link) -> None:
        project = event.projects[0] if event.projects else event.project
        training = project.training if project is not None else None
        is_mine = training is not None and training.token == self.token
        if project is not None and is_mine and project.training_status is TrainingStatus.TRAINING:
            if self._is_asked_to_stop(project):
                self._stop(project)
        elif event.type not in ("shutdown", "problem", "recovered") and not self._is_ending:
            # It looks lost; only the daemon knows.
            await self._prove(link)

    def _stop(self, project: ProjectMetadata) -> None:
        if self._cancel is None:
            reason = project.training.cancel_reason if project.training is not None else None
            self._cancel = TrainingCancelledError(self.project.name, reason)
            self._news.set()

    def _lose(self, error: ProjectRegistryError) -> None:
        # The call that ends it meets the same, and says so.
        if self._loss is None and not self._is_ending:
            self._loss = error
            self._news.set()


async def _keep(held: "weakref.ref[AsyncTrainingLease]") -> None:
    """Holds a lease through lost connections, and hears of what others do to it. Only while there is something to be done
    it has the lease itself: one that nobody else has any more is not kept."""
    pause = _FIRST_PAUSE
    attended: "Optional[Tuple[_Link, _Feed]]" = None
    lease: Optional[AsyncTrainingLease] = None
    while True:
        try:
            lease = held()
            if lease is None or lease._is_closed:
                return
            if attended is None:
                attended = await lease._attend()
                pause = _FIRST_PAUSE
            link, feed = attended
            await lease._hear(link, feed)
            lease = None
            feed._receive(await link.notification(_Deadline(None)))
            continue
        except EOFError:
            pass  # The connection was lost.
        except ProjectRegistryError as error:
            if lease is None or not lease._bears(error):
                return
        attended = lease = None
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _may_await(error: Optional[BaseException], trace: Optional[TracebackType]) -> bool:
    """Whether the end of a block may wait. Of those that are closed an asynchronous generator may at its ``yield``, as closing
    it is awaited, also by the loop; a coroutine, which may be closed where it is forgotten, may not."""
    if not isinstance(error, GeneratorExit):
        return True
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and bool(trace.tb_frame.f_code.co_flags & inspect.CO_ASYNC_GENERATOR)


_registries: Dict[asyncio.AbstractEventLoop, AsyncProjectRegistry] = {}


def get_async_project_registry() -> AsyncProjectRegistry:
    """The registry of the event loop that runs, made with the first call. It is for whoever ends the loop to ``close``."""
    loop = asyncio.get_running_loop()
    for other in [each for each in _registries if each.is_closed()]:
        del _registries[other]
    registry = _registries.get(loop)
    if registry is None or registry._blocking._closed:
        registry = _registries[loop] = AsyncProjectRegistry()
    return registry
