"""The project registry of Codebase Gardener, for Python applications.

One daemon per user owns ``~/.codebase-gardener/registry.json``; this module is a client of it, with the names of
the Python module that used to keep the file itself::

    from codebase_gardener_registry import TrainingStatus, get_project_registry

    registry = get_project_registry()                 # starts the daemon when it is needed
    project_id = registry.register_project("payments", "/home/ada/src/payments", language="typescript")
    registry.set_active_project(project_id)
    for project in registry.get_projects_by_status(TrainingStatus.FAILED):
        print(project.name, project.source_path)

What differs from the module that kept the file: nothing is cached, so every process sees every change at once;
timestamps are aware, in UTC, instead of naive local time; a ``ProjectMetadata`` is a frozen snapshot; and
``update_project_metadata`` refuses fields that it does not know instead of dropping them. A project may be named by
its id, its name or an absolute path in it wherever a ``project_id`` is asked for.

A registry may be used by several threads at once, and after a fork: the child makes connections of its own, and its
parent's leases are none of its business. Standard library only, Python 3.9 or later.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import importlib
import json
import logging
import math
import operator
import os
import pwd
import re
import shlex
import signal
import socket
import stat
import subprocess
import threading
import time
import weakref
from collections import deque
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Deque,
    Dict,
    Iterator,
    List,
    Literal,
    Mapping,
    Optional,
    Sequence,
    Set,
    Tuple,
    Type,
    TypeVar,
    TypedDict,
    Union,
    cast,
    get_args,
)

# Copied alone, this file has none of that beside it, and its types are wanted all the same.
# mypy: disable-error-code="import"
# pyright: reportMissingImports=false
if TYPE_CHECKING:
    from .aio import AsyncProjectRegistry as AsyncProjectRegistry
    from .aio import AsyncTrainingLease as AsyncTrainingLease
    from .aio import AsyncWatch as AsyncWatch
    from .aio import TrainingCancelledError as TrainingCancelledError
    from .aio import get_async_project_registry as get_async_project_registry

__version__ = "0.1.0"

__all__ = [
    "ActiveChange",
    "AmbiguousProjectError",
    "BackupNotFoundError",
    "CommandLineError",
    "ConnectionFailure",
    "CursorExpiredError",
    "DifferingProject",
    "Effect",
    "EndedTraining",
    "EtagMismatchError",
    "EventType",
    "Holder",
    "ImportResult",
    "IncompatibleProtocolError",
    "InvalidNameError",
    "InvalidParamsError",
    "IssueCode",
    "LeaseHeldError",
    "LeaseLostError",
    "LeftBehind",
    "Outcome",
    "Output",
    "Phase",
    "Problem",
    "ProjectExistsError",
    "ProjectMetadata",
    "ProjectName",
    "ProjectNotFoundError",
    "ProjectRegistry",
    "ProjectRegistryError",
    "ProtocolRange",
    "PruneResult",
    "PrunedProject",
    "RegistryConnectionError",
    "RegistryEvent",
    "RegistryInfo",
    "RegistryIssue",
    "RegistryReadOnlyError",
    "Repository",
    "RetrainRequest",
    "ShuttingDownError",
    "SlotTakenError",
    "SlotUse",
    "Sort",
    "Source",
    "SourcePathMissingError",
    "Status",
    "StorageFailedError",
    "TakenProject",
    "TooManyConnectionsError",
    "Training",
    "TrainingLease",
    "TrainingStatus",
    "Undone",
    "Watch",
    "get_project_registry",
]

PathLike = Union[str, "os.PathLike[str]"]
Json = Dict[str, Any]
_T = TypeVar("_T")

#: How a training has ended.
Outcome = Literal["completed", "failed", "released", "cancelled", "stalled", "lost"]
#: What a :class:`RegistryEvent` tells.
EventType = Literal[
    "registered",
    "updated",
    "removed",
    "activated",
    "training",
    "progress",
    "problem",
    "recovered",
    "shutdown",
    "resync",
]
#: What can be wrong between the registry and the disk.
IssueCode = Literal[
    "source_missing",
    "source_unreachable",
    "project_dir_missing",
    "orphan_dir",
    "left_behind",
    "adapter_missing",
    "adapter_unreachable",
    "active_missing",
    "training_stale",
]
#: A field that :meth:`ProjectRegistry.list_projects` sorts by.
Sort = Literal["name", "created_at", "last_updated", "last_used", "status"]
#: Why the daemon could not be asked.
ConnectionFailure = Literal["not_running", "not_allowed", "hung", "start_failed", "timeout", "lost", "closed"]

PROTOCOL_VERSION = 1

# Seconds. Until the socket takes the connection, until the daemon has said hello, until one that had to be started
# has, and until a call is answered.
CONNECT_TIMEOUT = 1.0
HELLO_TIMEOUT = 2.0
START_TIMEOUT = 10.0
CALL_TIMEOUT = 30.0
# How long somebody may close every connection who may be a tunnel. Seconds.
_TUNNEL_TIMEOUT = 2.0
# For how long the end of a training is tried that the registry cannot write down. Seconds.
END_TIMEOUT = 120.0
# Pauses between two attempts: the first, and the longest.
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
# What poll(2) can wait: about 25 days. Whoever waits for longer waits without end. Seconds.
_LONGEST_WAIT = (2**31 - 1) / 1000

# A longer line would be refused and cost everybody on the connection their answers.
_MAX_REQUEST_BYTES = 4 * 1024 * 1024
# macOS has room for 104 bytes with the terminating NUL.
_MAX_SOCKET_PATH_BYTES = 103
# Connections kept for the next call; as many threads as there are may have one in use.
_MAX_IDLE = 4

# What the registry takes of a report: texts in UTF-16 units, objects in bytes of UTF-8 as compact JSON, and how deep
# parameters may be nested, which is what a line may be without the request around them.
_MAX_PHASE = 100
_MAX_MESSAGE = 1_000
_MAX_ERROR = 4_096
_MAX_HOLDER = 100
_MAX_BASE_MODEL = 1_024
_MAX_DETAILS_BYTES = 4 * 1024
_MAX_METADATA_BYTES = 16 * 1024
_MAX_PATH_BYTES = 4_096
_MAX_WHOLE = 2**53 - 1
_MAX_DEPTH = 63
# Faults of one call that are told.
_MAX_ISSUES = 32

# Walking back to the first of a million commits takes seconds; whoever registers a codebase waits for it. Seconds.
_GIT_TIMEOUT = 3.0
# What the registry takes. Characters.
_MAX_REMOTE = 1_024
# Of what is written beside an adapter, a few kilobytes.
_MAX_ADAPTER_CONFIG = 64 * 1024


class _FoundOut(Dict[str, Any]):
    """What is not given, and found out; another object would be what it says."""

    def __repr__(self) -> str:
        return "<asked of git>"


_FOUND_OUT: Any = _FoundOut()

_log = logging.getLogger(__name__)

# What may be called once more after a connection was lost: none of it changes anything.
_REPEATABLE = frozenset(
    (
        "registry.info",
        "registry.validate",
        "registry.backups",
        "projects.get",
        "projects.list",
        "projects.count",
        "projects.active",
        "projects.resolve",
        "training.wait",
        "training.history",
    )
)


# Errors.


class ProjectRegistryError(Exception):
    """The registry says no, or cannot be asked."""

    #: The name that the protocol gives the error, such as ``project_exists``; ``connection`` for one of the connection.
    kind: Optional[str] = None
    #: The number that the protocol gives the error; None for one that it has none for.
    code: Optional[int]
    #: What came with it, as it came.
    data: Json
    #: What the caller may have meant or can do.
    suggestions: List[str]

    def __init__(self, message: str, code: Optional[int] = None, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data if isinstance(data, dict) else {}
        self.kind = self.data.get("kind", self.kind)
        self.suggestions = list(self.data.get("suggestions", ()))

    def __reduce__(self) -> Tuple[Any, ...]:
        # As it is, and not made anew by its message alone: some classes take more than that.
        return _again, (type(self), self.args), self.__dict__


def _again(kind: Type[ProjectRegistryError], args: Tuple[Any, ...]) -> ProjectRegistryError:
    """An error that comes out of a pickle, before what it knows is put back."""
    return kind.__new__(kind, *args)


class ProjectNotFoundError(ProjectRegistryError):
    """No project matches; ``suggestions`` holds near names."""

    @property
    def project(self) -> Optional[str]:
        """The reference, as it was given; None where none was."""
        return self.data.get("project")

    @property
    def from_(self) -> Optional[Path]:
        """The directory that was to be moved, of ``move_projects``."""
        return _path(self.data.get("from"))


class ProjectExistsError(ProjectRegistryError):
    """The name is taken, without regard to case."""

    @property
    def project(self) -> "ProjectMetadata":
        """The one that has the name."""
        return ProjectMetadata.from_dict(self.data["project"])


class InvalidNameError(ProjectRegistryError):
    """The name is empty, too long or has forbidden characters."""

    @property
    def name(self) -> str:
        """The name that was refused, trimmed and in NFC."""
        return str(self.data["name"])


class SourcePathMissingError(ProjectRegistryError):
    """The source path does not exist or is no directory."""

    @property
    def source_path(self) -> Path:
        """The path that was given, normalised."""
        return Path(self.data["source_path"])


class EtagMismatchError(ProjectRegistryError):
    """The project has changed since it was read."""

    @property
    def project(self) -> "ProjectMetadata":
        """As it is now, with the etag that it has now."""
        return ProjectMetadata.from_dict(self.data["project"])


class LeaseHeldError(ProjectRegistryError):
    """Somebody else is training the project."""

    @property
    def holder(self) -> Optional["Holder"]:
        """Who trains; None where somebody is just taking the lease, and has not said who."""
        return Holder.from_dict(self.data.get("holder"))

    @property
    def project(self) -> "ProjectMetadata":
        """The project that is trained."""
        return ProjectMetadata.from_dict(self.data["project"])


class LeaseLostError(ProjectRegistryError):
    """The token is not the current one: the lease has ended, or somebody else has it."""

    @property
    def project(self) -> Optional["ProjectMetadata"]:
        """As it is now; None where the daemon was not asked, as the lease was ended here."""
        project = self.data.get("project")
        return None if project is None else ProjectMetadata.from_dict(project)

    @property
    def holder(self) -> Optional["Holder"]:
        """Who has the lease now; None where nobody has."""
        return Holder.from_dict(self.data.get("holder"))


class AmbiguousProjectError(ProjectRegistryError):
    """A path belongs to several projects; ``suggestions`` holds their names."""

    @property
    def projects(self) -> "List[ProjectMetadata]":
        """Those that are meant, two at least."""
        return [ProjectMetadata.from_dict(project) for project in self.data["projects"]]


class RegistryReadOnlyError(ProjectRegistryError):
    """The file is of a newer version, or was made invalid from outside."""

    @property
    def problem(self) -> "Problem":
        """What is wrong with the file."""
        problem: Problem = self.data["problem"]
        return problem

    @property
    def file(self) -> Path:
        """The registry file."""
        return Path(self.data["file"])


class StorageFailedError(ProjectRegistryError):
    """The write failed. Nothing has changed, unless ``applied``: then only its being on the disk is not certain."""

    @property
    def applied(self) -> bool:
        """Whether the change was made all the same."""
        return bool(self.data.get("applied", False))

    @property
    def token(self) -> Optional[int]:
        """Of the lease that stands, where one was being taken and ``applied`` is true."""
        return self.data.get("token")

    @property
    def project(self) -> Optional["ProjectMetadata"]:
        """The project of that lease."""
        project = self.data.get("project")
        return None if project is None else ProjectMetadata.from_dict(project)

    @property
    def problem(self) -> Optional["Problem"]:
        """What is wrong with the registry file, where that cannot be looked at."""
        return self.data.get("problem")

    @property
    def file(self) -> Optional[Path]:
        """The registry file, with ``problem``."""
        return _path(self.data.get("file"))


class IncompatibleProtocolError(ProjectRegistryError):
    """This module and the daemon have no version of the protocol in common."""

    @property
    def protocol(self) -> "ProtocolRange":
        """The versions of the protocol that the daemon speaks."""
        protocol: ProtocolRange = self.data["protocol"]
        return protocol

    @property
    def version(self) -> str:
        """Version of the daemon."""
        return str(self.data["version"])


class CursorExpiredError(ProjectRegistryError):
    """The cursor is older than the history, or from an earlier daemon."""

    @property
    def cursor(self) -> str:
        """Where the history stands now."""
        return str(self.data["cursor"])


class BackupNotFoundError(ProjectRegistryError):
    """No backup has this name."""

    @property
    def name(self) -> str:
        """The name that was given."""
        return str(self.data["name"])


class TooManyConnectionsError(ProjectRegistryError):
    """The daemon has as many connections as it takes."""


class SlotTakenError(ProjectRegistryError):
    """All the slots that would do are taken."""

    @property
    def holders(self) -> "List[SlotUse]":
        """Who has them, in the order in which they were given."""
        return [SlotUse.from_dict(use) for use in self.data["holders"]]


class InvalidParamsError(ProjectRegistryError):
    """Parameters that no rule can accept."""

    kind: Optional[str] = "invalid_params"

    @property
    def issues(self) -> List[Tuple[str, str]]:
        """Where each is in the parameters, as a dotted path, and why it was refused."""
        return [(issue["path"], issue["message"]) for issue in self.data.get("issues", ())]


class RegistryConnectionError(ProjectRegistryError):
    """The daemon could not be reached, or not be heard to the end."""

    kind: Optional[str] = "connection"
    reason: ConnectionFailure
    #: Whether the call may have reached the daemon: where it is false nothing has changed.
    sent: bool

    def __init__(self, reason: ConnectionFailure, message: str, sent: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.sent = sent


class ShuttingDownError(RegistryConnectionError):
    """The daemon is ending and has not done what was asked; again in a moment. Calls do that once by themselves."""

    kind: Optional[str] = "shutting_down"

    def __init__(self, message: str, code: Optional[int] = 1011, data: Any = None) -> None:
        super().__init__("lost", message)
        self.code = code
        self.data: Json = data if isinstance(data, dict) else {}


class CommandLineError(ProjectRegistryError):
    """The command line, which :meth:`ProjectRegistry.add_project` runs, is not there, or has failed at something that is no
    matter of the registry; ``kind`` is then ``usage``, ``local`` or ``internal``."""

    kind: Optional[str] = "command_line"


_ERRORS: Dict[int, Type[ProjectRegistryError]] = {
    -32602: InvalidParamsError,
    1001: ProjectNotFoundError,
    1002: ProjectExistsError,
    1003: InvalidNameError,
    1004: SourcePathMissingError,
    1005: EtagMismatchError,
    1006: LeaseHeldError,
    1007: LeaseLostError,
    1008: AmbiguousProjectError,
    1009: RegistryReadOnlyError,
    1010: StorageFailedError,
    1011: ShuttingDownError,
    1012: IncompatibleProtocolError,
    1013: CursorExpiredError,
    1014: BackupNotFoundError,
    1015: TooManyConnectionsError,
    1016: SlotTakenError,
}


_FAILURES: Tuple[ConnectionFailure, ...] = get_args(ConnectionFailure)


def _is_passing(error: ProjectRegistryError) -> bool:
    """Whether it may be different in a moment, or when somebody has made room or mended the file."""
    if isinstance(error, RegistryConnectionError):
        return error.reason not in ("closed", "not_allowed")
    return isinstance(error, (StorageFailedError, RegistryReadOnlyError, TooManyConnectionsError))


def _error_of(error: Mapping[str, Any]) -> ProjectRegistryError:
    code = error.get("code")
    kind: Type[ProjectRegistryError] = (
        _ERRORS.get(code, ProjectRegistryError) if isinstance(code, int) else ProjectRegistryError
    )
    return kind(str(error.get("message", "the daemon gave an error without a message")), code, error.get("data"))


def _error_of_command(error: Mapping[str, Any]) -> ProjectRegistryError:
    """The same of the command line, which has errors of its own, without a code, and of its connection."""
    if error.get("code") is not None:
        return _error_of(error)
    message, data = str(error.get("message")), error.get("data")
    for reason in _FAILURES:
        if data == {"kind": reason}:
            return RegistryConnectionError(reason, message, True)
    return CommandLineError(message, None, data)


# What the registry keeps.


class TrainingStatus(str, Enum):
    """How far the training of a project is."""

    NOT_STARTED = "not_started"
    TRAINING = "training"
    COMPLETED = "completed"
    FAILED = "failed"


class Repository(TypedDict):
    """How a codebase is known again when it has moved."""

    #: Id of the first commit; None where it is not known, as in a shallow clone.
    root_commit: Optional[str]
    #: Host and path that it is fetched from, as ``github.com/ada/payments``; None where it has none.
    remote: Optional[str]


class Source(TypedDict):
    """What a training was made from."""

    #: Id of the commit.
    commit: str
    #: Whether there was more than that commit has.
    dirty: bool


#: A training status, or its name.
Status = Union[TrainingStatus, Literal["not_started", "training", "completed", "failed"]]


@dataclass(frozen=True)
class Holder:
    """Who trains a project."""

    #: What it calls itself; None where it has told none.
    name: Optional[str] = None
    #: Its process, on its own machine; None where it has told none.
    pid: Optional[int] = None

    @classmethod
    def from_dict(cls, data: Optional[Mapping[str, Any]]) -> Optional["Holder"]:
        """As the daemon gives it; None for nobody."""
        return None if data is None else cls(data.get("name"), data.get("pid"))


@dataclass(frozen=True)
class Phase:
    """What a training was doing, and since when."""

    phase: str
    at: Optional[datetime] = None

    @classmethod
    def all_from(cls, data: Optional[Sequence[Mapping[str, Any]]]) -> "List[Phase]":
        """As the daemon gives them; none for None."""
        return [cls(str(each.get("phase")), _time(each.get("at"))) for each in data or ()]


@dataclass(frozen=True)
class Training:
    """The training record of a project: of the lease that is live, or of the last one."""

    #: Greater than any before it of this project, and not consecutive.
    token: int = 0
    #: What the trainer is doing, in its words.
    phase: Optional[str] = None
    #: How far it is, from 0 to 1; None where it has not told.
    progress: Optional[float] = None
    message: Optional[str] = None
    #: What else the trainer has reported.
    details: Optional[Json] = None
    started_at: Optional[datetime] = None
    updated_at: Optional[datetime] = None
    #: Who trains; None where nobody does.
    holder: Optional[Holder] = None
    #: Whether somebody is asked to stop.
    cancel_requested: bool = False
    #: Why the last one has failed.
    error: Optional[str] = None
    #: How often running a trainer was lost.
    attempt: int = 0
    #: Why somebody is asked to stop.
    cancel_reason: Optional[str] = None
    #: Of the lease that is live: what is trained from.
    source: Optional[Source] = None
    #: Of the lease that is live: the slot that it has.
    slot: Optional[str] = None
    #: Of the lease that is live: what was reported so far.
    phases: List[Phase] = field(default_factory=list[Phase])
    #: How the last one has ended.
    outcome: Optional[Outcome] = None
    #: Seconds that it will still take; None where that cannot be told.
    eta_s: Optional[float] = None

    @classmethod
    def from_dict(cls, data: Optional[Mapping[str, Any]]) -> Optional["Training"]:
        """As the daemon gives it; None for a project that was never trained."""
        if data is None:
            return None
        known: Json = _known(cls, data)
        known["started_at"] = _time(data.get("started_at"))
        known["updated_at"] = _time(data.get("updated_at"))
        known["holder"] = Holder.from_dict(data.get("holder"))
        known["phases"] = Phase.all_from(data.get("phases"))
        return cls(**known)


@dataclass(frozen=True)
class EndedTraining:
    """A training as the history of a project has it."""

    #: 0 for what was in service before any training that is known.
    token: int
    status: Outcome
    started_at: Optional[datetime] = None
    ended_at: Optional[datetime] = None
    error: Optional[str] = None
    holder: Optional[Holder] = None
    #: What was trained from, as far as its trainer told.
    source: Optional[Source] = None
    #: The model that its adapter adapts.
    base_model: Optional[str] = None
    #: As it was completed with; None where it did not complete.
    metadata: Optional[Json] = None
    phases: List[Phase] = field(default_factory=list[Phase])
    #: Bytes of results in its output; 0 once that is gone, None where it is not known.
    bytes: Optional[int] = None
    #: Whether what it made is what the project has now.
    in_service: bool = False

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "EndedTraining":
        """As the daemon gives it."""
        known: Json = _known(cls, data)
        known["started_at"] = _time(data.get("started_at"))
        known["ended_at"] = _time(data.get("ended_at"))
        known["holder"] = Holder.from_dict(data.get("holder"))
        known["phases"] = Phase.all_from(data.get("phases"))
        return cls(**known)


@dataclass(frozen=True)
class Output:
    """Where a training is to write: a directory of its own, in which nothing is in service before it has completed."""

    directory: Path
    #: For a file or a directory; an adapter may as well be saved straight into ``directory``.
    lora_adapter_path: Path
    vector_store_path: Path
    context_path: Path

    @classmethod
    def from_dict(cls, data: Optional[Mapping[str, Any]]) -> Optional["Output"]:
        """As the daemon gives it; None for one that gives none."""
        return None if data is None else cls(**{name: Path(path) for name, path in _known(cls, data).items()})


@dataclass(frozen=True)
class RetrainRequest:
    """Somebody wants the project trained again."""

    at: Optional[datetime]
    reason: Optional[str]


@dataclass(frozen=True)
class ProjectMetadata:
    """A project as it was when it was asked for. Timestamps are aware, in UTC."""

    #: A UUID, which never changes.
    project_id: str
    #: Unique without regard to case.
    name: str
    #: Where the codebase is; absolute.
    source_path: Path
    created_at: Optional[datetime] = None
    last_updated: Optional[datetime] = None
    training_status: TrainingStatus = TrainingStatus.NOT_STARTED
    language: str = "python"
    file_count: int = 0
    lora_adapter_path: Optional[Path] = None
    vector_store_path: Optional[Path] = None
    context_path: Optional[Path] = None
    #: When training last completed.
    last_trained: Optional[datetime] = None
    #: When it was last made the active one, or touched.
    last_used: Optional[datetime] = None
    tags: List[str] = field(default_factory=list[str])
    #: Whatever programs keep there.
    metadata: Json = field(default_factory=dict[str, Any])
    #: None where it was never trained.
    training: Optional[Training] = None
    #: None where nobody wants it trained again.
    retrain_requested: Optional[RetrainRequest] = None
    #: None for a codebase in no repository.
    repository: Optional[Repository] = None
    #: What the training that completed last was made from, as far as its trainer told.
    trained_from: Optional[Source] = None
    #: The model that the adapter in service adapts.
    base_model: Optional[str] = None
    #: Short hash of the content, for ``if_etag``.
    etag: Optional[str] = None
    #: Fields of a newer version.
    extra: Json = field(default_factory=dict[str, Any], repr=False, compare=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ProjectMetadata":
        """A project as the daemon gives it, or as the file has it."""
        known = _known(cls, data)
        known["extra"] = {key: value for key, value in data.items() if key not in known}
        for name in ("created_at", "last_updated", "last_trained", "last_used"):
            known[name] = _time(data.get(name))
        for name in ("source_path", "lora_adapter_path", "vector_store_path", "context_path"):
            known[name] = _path(data.get(name))
        known["training_status"] = TrainingStatus(data.get("training_status", "not_started"))
        known["training"] = Training.from_dict(data.get("training"))
        request = data.get("retrain_requested")
        if request is not None:
            known["retrain_requested"] = RetrainRequest(_time(request.get("at")), request.get("reason"))
        return cls(**known)


class RegistryIssue(str):
    """What is wrong between the registry and the disk: its message, with the rest as attributes."""

    code: IssueCode
    #: None where it is about no project.
    project_id: Optional[str]
    path: Optional[str]
    #: Whether a repair can do something about it.
    fixable: bool
    #: What a person can do, where a repair cannot and the code does not say enough.
    remedy: Optional[str]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "RegistryIssue":
        """As the daemon gives it."""
        issue = cls(data["message"])
        issue.code = data["code"]
        issue.project_id = data.get("project_id")
        issue.path = data.get("path")
        issue.fixable = bool(data.get("fixable"))
        issue.remedy = data.get("remedy")
        return issue


@dataclass(frozen=True)
class RegistryEvent:
    """A change of the registry, and where to go on after it.

    A ``resync`` carries everything that holds, in ``projects``, ``active_project`` and ``problem``, and takes the place of
    what was missed.
    """

    type: EventType
    #: For a later ``watch``, which goes on after this event.
    cursor: str
    #: Whether it was a call, or an edit of the file.
    origin: Literal["rpc", "file"] = "rpc"
    at: Optional[datetime] = None
    project_id: Optional[str] = None
    #: As it is now; None where the event is about no project, or one that is gone.
    project: Optional[ProjectMetadata] = None
    #: The project before; for ``activated`` the id of the project that was active.
    previous: Union[ProjectMetadata, str, None] = None
    #: How the lease has ended, of a ``training`` that ends one.
    outcome: Optional[Outcome] = None
    #: All of them; of ``resync``.
    projects: Optional[List[ProjectMetadata]] = None
    #: The id of the active one; of ``resync``.
    active_project: Optional[str] = None
    #: What is wrong with the file; of ``problem`` and ``resync``.
    problem: Optional["Problem"] = None
    #: Whether changes are refused because of the problem.
    read_only: bool = False

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], cursor: str) -> "RegistryEvent":
        """As the daemon gives it, and where the history stands after it."""
        known = _known(cls, data)
        known.update(cursor=cursor, at=_time(data.get("at")))
        for name in ("project", "previous"):
            if isinstance(data.get(name), dict):
                known[name] = ProjectMetadata.from_dict(data[name])
        if data.get("projects") is not None:
            known["projects"] = [ProjectMetadata.from_dict(project) for project in data["projects"]]
        return cls(**known)


# What the registry answers beside projects. All of it is as it came.


class ProjectName(TypedDict):
    """A project in a summary."""

    project_id: str
    name: str


class DifferingProject(ProjectName):
    """A project that differs."""

    #: The fields in which it does.
    fields: List[str]


class TakenProject(ProjectName):
    """A project that an import leaves out."""

    #: The source path of the project here that has the name.
    by: str


class LeftBehind(TypedDict):
    """What could not be moved."""

    path: str
    reason: str


#: Which project was the active one (``from``), and which is (``to``); None for none.
ActiveChange = TypedDict("ActiveChange", {"from": Optional[ProjectName], "to": Optional[ProjectName]})


class _EffectAlways(TypedDict):
    comes_back: List[ProjectName]
    goes: List[ProjectName]
    changes: List[DifferingProject]
    #: How many stay as they are.
    stay: int


class Effect(_EffectAlways, total=False):
    """What an operation changes, under the names before."""

    #: Which one was the active project, and which is; missing where that stays.
    active_project: ActiveChange


class _ProblemAlways(TypedDict):
    #: ``invalid_file``, ``deleted_file``, ``dangling_link``, ``newer_version``, ``recovered``, ``unreadable_file``,
    #: ``copy_failed``, ``blocked_edit`` or ``failed_write``.
    kind: str
    message: str
    #: ISO 8601, UTC.
    since: str


class Problem(_ProblemAlways, total=False):
    """What is wrong with the registry file."""

    line: int
    column: int
    #: What to do about it.
    remedy: str


class ProtocolRange(TypedDict):
    """Versions of the protocol, the oldest and the newest."""

    min: int
    max: int


class RegistryInfo(TypedDict):
    """How the registry stands."""

    #: Of the file's format.
    version: str
    project_count: int
    #: Projects by training status.
    counts: Dict[str, int]
    #: The id of the active project; None for none.
    active_project: Optional[str]
    #: The registry file, behind any links.
    file: str
    #: Whether changes are refused because of the problem.
    read_only: bool
    #: What is wrong with the file; None where nothing is.
    problem: Optional[Problem]
    #: When the content was read or written last; ISO 8601, UTC.
    loaded_at: str
    #: Where the history stands.
    cursor: str


class ImportResult(TypedDict):
    """What an import takes."""

    #: Those that are not here.
    new: List[ProjectName]
    #: Those left out, as a project here has the name, with another source path.
    taken: List[TakenProject]
    #: Those here with other values.
    different: List[DifferingProject]
    #: How many are here as they are there.
    same: int
    #: How many were taken; 0 of a dry run.
    imported: int
    #: The active one there, if it is new.
    active_project: Optional[ProjectName]


class Undone(TypedDict):
    """An operation that is taken back."""

    #: To take back this one and no other.
    id: str
    operation: Literal["remove", "repair", "restore", "import"]
    #: When it was done; ISO 8601, UTC.
    at: str
    #: The backup with the content before it; None where that is not kept any more.
    backup: Optional[str]
    effect: Effect
    #: Changed since, and left as they are in these fields.
    kept: List[DifferingProject]
    #: Those that come back out of the trash.
    directories: List[str]
    #: Directories that are not there any more; the projects come back without.
    missing: List[LeftBehind]
    #: Directories that could not be put back, or not be taken away.
    left: List[LeftBehind]


class PrunedProject(ProjectName):
    """A project of which outputs went."""

    #: Of the trainings whose outputs went.
    tokens: List[int]
    #: What these had, as far as it is known.
    bytes: int


class _PruneResultAlways(TypedDict):
    pruned: List[PrunedProject]
    #: Of all of them.
    bytes: int


class PruneResult(_PruneResultAlways, total=False):
    """What pruning moves to the trash."""

    #: What could not be moved; missing where there is nothing.
    left: List[LeftBehind]


@dataclass(frozen=True)
class SlotUse:
    """Who uses a slot."""

    slot: str
    #: None where somebody is just taking it.
    holder: Optional[Holder] = None
    #: The project that it is used for; None where somebody is just taking it.
    project: Optional[ProjectName] = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SlotUse":
        """As the daemon gives it."""
        return cls(str(data["slot"]), Holder.from_dict(data.get("holder")), data.get("project"))


def _path(text: Optional[str]) -> Optional[Path]:
    return None if text is None else Path(text)


def _is_object(value: object) -> bool:
    """Not by ``isinstance`` where it is used: a type checker takes that for all that is known of the value."""
    return isinstance(value, dict)


def _known(cls: type, data: Mapping[str, Any]) -> Json:
    names = {each.name for each in fields(cls)}
    return {key: value for key, value in data.items() if key in names}


def _time(text: Optional[str]) -> Optional[datetime]:
    # Before 3.11 the Z was not understood.
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


# Where things are: the same rules as the daemon's.


def _as_utf8(what: str, path: str) -> str:
    """Refuses a path that is no UTF-8, as the daemon does: Node would use another one, with U+FFFD in its name."""
    try:
        if "\ufffd" not in os.fsencode(path).decode("utf-8"):
            return path
    except UnicodeError:
        pass
    shown = path.encode("utf-8", "replace").decode("utf-8")
    raise ValueError(
        f"cannot use {what}{shown}: its name is no UTF-8, so that another one would be used; choose one whose name is"
    )


def _home() -> str:
    home = os.environ.get("HOME", "")
    if os.path.isabs(home):
        return _as_utf8("HOME=", home)
    try:
        home = pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        home = ""
    if not os.path.isabs(home):
        raise ValueError(
            f"cannot tell the home directory: HOME is not set, and user {os.getuid()} is not in the user database; "
            "set HOME, or CODEBASE_GARDENER_DATA_DIR to an absolute path"
        )
    return home


def _absolute(path: PathLike) -> str:
    absolute: str = os.path.abspath(os.fspath(path))
    # Two leading slashes would stay two.
    return "/" + absolute.lstrip("/")


def _given_path(name: str, path: PathLike) -> str:
    """The same of a path that somebody has given, by the name of its parameter. Raises InvalidParamsError for what is none:
    an empty one would be the working directory."""
    text = os.fspath(path)
    why = "is empty; . is the working directory" if text == "" else _unfit(text)
    if why is not None:
        raise _invalid([(name, why)])
    return _absolute(text)


def _unfit(text: object) -> Optional[str]:
    """Why neither a path nor a word for a program can be that."""
    if not isinstance(text, str):
        return "is no text"
    if "\0" in text:
        return "has a NUL character"
    return None if text == _whole(text) else "is no UTF-8"


def _invalid(faults: Sequence[Tuple[str, str]]) -> InvalidParamsError:
    """As the daemon has it."""
    issues = [{"path": path, "message": why} for path, why in faults[:_MAX_ISSUES]]
    told = "; ".join(f"{issue['path']}: {issue['message']}" for issue in issues)
    return InvalidParamsError(f"invalid params: {told}", -32602, {"issues": issues})


def _reference(project: str) -> str:
    """A project as somebody wrote it, for the daemon, which has another working directory and perhaps another home."""
    if project == "~" or project.startswith("~/"):
        return _place(project)
    return _absolute(project) if "/" in project or project in (".", "..") else project


def _working_directory() -> Optional[str]:
    """Also where it was, if it is gone: whoever stands in one that was deleted and made again stands there still. None
    where nothing tells: nothing is said about projects then."""
    try:
        return _absolute(os.getcwd())
    except FileNotFoundError:
        pass  # It was deleted.
    try:
        told = os.readlink("/proc/self/cwd")
    except OSError:
        # There is no /proc; the shell's word may be all there is.
        told = ""
    deleted = " (deleted)"
    if told.startswith("/") and told.endswith(deleted):
        return told[: -len(deleted)]
    written = os.environ.get("PWD", "")
    return written if written.startswith("/") else None


def _place(path: PathLike) -> str:
    text = os.fspath(path)
    return _absolute(_home() if text == "~" else _in_home(text))


def _from_environment(name: str) -> Optional[str]:
    path = os.environ.get(name)
    if path and not os.path.isabs(path) and path != "~" and not path.startswith("~/"):
        raise ValueError(
            f"cannot use {name}={path}: a relative path is another one in each working directory; "
            "set it to an absolute one"
        )
    return path


def _default_data_dir() -> str:
    return _place(_from_environment("CODEBASE_GARDENER_DATA_DIR") or os.path.join(_home(), ".codebase-gardener"))


def _socket_path(data_dir: str, given: Optional[PathLike]) -> str:
    explicit = given or _from_environment("CODEBASE_GARDENER_SOCKET")
    if explicit:
        path = _as_utf8("socket ", _place(explicit))
        size = len(os.fsencode(path))
        if size > _MAX_SOCKET_PATH_BYTES:
            raise ValueError(
                f"cannot use socket {path}: the path has {size} bytes and the system takes at most "
                f"{_MAX_SOCKET_PATH_BYTES}; give a shorter one"
            )
        return path
    path = os.path.join(data_dir, "run", "registry.sock")
    if len(os.fsencode(path)) <= _MAX_SOCKET_PATH_BYTES:
        return path
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    for variable in ("XDG_RUNTIME_DIR", "TMPDIR", "TMP", "TEMP"):
        place = os.environ.get(variable, "")
        # A relative one is ignored, as the XDG specification asks.
        if os.path.isabs(place):
            path = _short_socket(_as_utf8(f"{variable}=", place), name)
            if len(os.fsencode(path)) <= _MAX_SOCKET_PATH_BYTES:
                return path
    return _short_socket("/tmp", name)


def _short_socket(place: str, name: str) -> str:
    return _absolute(os.path.join(place, f"codebase-gardener-{os.getuid()}", f"{name}.sock"))


def _is_socket_alone(data_dir: bool, socket: bool) -> bool:
    """Whether a socket was given without a data directory in the same place, arguments or environment."""
    if socket:
        return not data_dir
    if not os.environ.get("CODEBASE_GARDENER_SOCKET"):
        return False
    return data_dir or not os.environ.get("CODEBASE_GARDENER_DATA_DIR")


def _place_flags(data_dir: str, path: str) -> str:
    """What leads ``gardener`` to a registry, in the shell of whoever reads that; empty for the default one.

    Both flags or none where the environment names a socket: the one would not belong to the other.
    """
    given = os.environ.get("CODEBASE_GARDENER_SOCKET")
    try:
        default = os.path.join(_home(), ".codebase-gardener")
    except ValueError:
        default = ""
    elsewhere = bool(given) or path != os.path.join(data_dir, "run", "registry.sock")
    if data_dir == default and not elsewhere and not os.environ.get("CODEBASE_GARDENER_DATA_DIR"):
        return ""
    return f" --data-dir {shlex.quote(data_dir)}" + (f" --socket {shlex.quote(path)}" if elsewhere else "")


_DAEMON = "CODEBASE_GARDENER_DAEMON"
_GARDENER = "GARDENER"


def _named_daemon() -> Optional[str]:
    named = _from_environment(_DAEMON)
    return _place(named) if named else None


def _program(given: Union[PathLike, Sequence[str], None]) -> Optional[List[str]]:
    """The command line: as given, from GARDENER, of the daemon that the environment names, on PATH, or of the daemon there.

    It knows of services, and itself starts the daemon that the environment names.
    """
    words = _named_program(given)
    if words:
        return words
    found = _beside(_named_daemon()) or _on_path("gardener") or _beside(_on_path("gardenerd"))
    return None if found is None else [found]


def _named_program(given: Union[PathLike, Sequence[str], None]) -> List[str]:
    """As given, or from GARDENER; none where neither names one. Raises ValueError for what no shell would take."""
    if not given:
        return _words_of(f"{_GARDENER}=", os.environ.get(_GARDENER, ""))
    return _words_of("gardener ", given) if isinstance(given, (str, os.PathLike)) else list(given)


def _words_of(what: str, program: PathLike) -> List[str]:
    """A program as it is written: the path of a file, or words as a shell has them."""
    text = os.fspath(program)
    if os.path.exists(_in_home(text)):
        return [_in_home(text)]
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(
            f"cannot use {what}{text}: it is neither the path of a file nor words of a shell ({error}); set it to the path of "
            "gardener"
        ) from None
    return [*map(_in_home, words[:1]), *words[1:]]


def _in_home(text: str) -> str:
    return _home() + text[1:] if text.startswith("~/") else text


def _on_path(name: str) -> Optional[str]:
    # What is relative there would be another one in each working directory.
    places = (place for place in os.environ.get("PATH", "").split(os.pathsep) if os.path.isabs(place))
    return next((path for path in (os.path.join(place, name) for place in places) if _is_program(path)), None)


def _beside(daemon: Optional[str]) -> Optional[str]:
    """The command line that was installed with a daemon, which may be a link into a package."""
    if daemon is None:
        return None
    places = (os.path.dirname(daemon), os.path.dirname(os.path.realpath(daemon)))
    found = (os.path.join(place, name) for place in places for name in ("gardener", "gardener.js"))
    return next((path for path in found if _is_program(path)), None)


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


# Forks.

#: Whoever has locks and connections that a child of a fork must not share: they have a method `_after_fork`.
_forkable: "weakref.WeakSet[Any]" = weakref.WeakSet()
#: Held where a fork would leave the child with something that it does not know of. For a moment: forks wait for it.
_no_fork = threading.RLock()


def _after_fork_in_child() -> None:
    global _no_fork, _registry_lock
    # The locks may be held by threads that are not here. This runs before anything else of the child.
    _no_fork, _registry_lock = threading.RLock(), threading.Lock()
    for one in list(_forkable):
        one._after_fork()


os.register_at_fork(
    before=lambda: _no_fork.acquire(),
    after_in_parent=lambda: _no_fork.release(),
    after_in_child=_after_fork_in_child,
)


# The connection.


class _Deadline:
    """A point in time, for everything that has to be done until then."""

    def __init__(self, seconds: Optional[float]) -> None:
        self._end = None if seconds is None or seconds >= _LONGEST_WAIT else time.monotonic() + seconds

    def left(self) -> Optional[float]:
        """Seconds, None without end. Raises socket.timeout when there is nothing left."""
        if self._end is None:
            return None
        left = self._end - time.monotonic()
        if left <= 0:
            raise socket.timeout("the time is up")
        return left

    def sooner(self, seconds: float) -> "_Deadline":
        mine = self.left()
        return _Deadline(seconds if mine is None else min(mine, seconds))


def _line(number: int, method: str, params: Optional[Mapping[str, Any]]) -> bytes:
    """A request as it is sent. Raises ValueError where the daemon would refuse its length."""
    request: Json = {"jsonrpc": "2.0", "id": number, "method": method}
    if params is not None:
        request["params"] = params
    # Escaped: half of a surrogate pair, as Python has it for a byte in a path that is no UTF-8, stays JSON.
    line = json.dumps(request, allow_nan=False).encode("ascii") + b"\n"
    if len(line) > _MAX_REQUEST_BYTES:
        raise ValueError(f"cannot send {method}: it has {len(line)} bytes, {_MAX_REQUEST_BYTES} are allowed")
    return line


def _message(line: bytes, path: str) -> Json:
    """What the daemon has sent. Raises ValueError and EOFError for what is none of JSON-RPC."""
    message: Json = json.loads(line)
    if not _is_object(message):
        raise EOFError(f"a line from {path} is no JSON-RPC message")
    return message


def _result(message: Mapping[str, Any]) -> Any:
    """What an answer gives, or raises."""
    if "error" not in message:
        return message.get("result")
    raise _error_of(message["error"])


def _is_last(message: Mapping[str, Any]) -> bool:
    """Whether no other answer can be hoped for: an error without an id is about the connection, of which there are too
    many, or the daemon's last word."""
    if "error" not in message:
        return False
    return message.get("id") is None or isinstance(_error_of(message["error"]), ShuttingDownError)


def _unanswered(method: str, sent: bool) -> RegistryConnectionError:
    return RegistryConnectionError(
        "timeout",
        f"cannot finish {method}: no answer in time; a change may still be made, so look before repeating it",
        sent,
    )


def _lost(method: str, path: str, sent: bool) -> RegistryConnectionError:
    advice = "a change may have been made, so look before repeating it" if sent else "call again"
    return RegistryConnectionError(
        "lost", f"cannot finish {method}: the connection to {path} was lost; {advice}", sent
    )


def _may_repeat(error: RegistryConnectionError, method: str) -> bool:
    """Whether a call may be made once more: it has changed nothing, certainly or by its nature."""
    return error.reason == "lost" and (not error.sent or method in _REPEATABLE)


class _Connection:
    """One connection, used by one thread at a time."""

    def __init__(self, path: str, deadline: _Deadline) -> None:
        self.alive: bool = True
        self.notifications: Deque[Json] = deque()
        self._path = path
        self._bytes = bytearray()
        self._last_id = 0
        with _no_fork:
            # Not inherited by programs that are started; children of a fork close it.
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            _forkable.add(self)
        try:
            self._connect(deadline)
        except BaseException:
            self._socket.close()
            raise

    def _connect(self, deadline: _Deadline) -> None:
        while True:
            self._socket.settimeout(deadline.left())
            try:
                return self._socket.connect(self._path)
            except BlockingIOError:
                # The queue of the socket is full, which Linux says at once instead of waiting.
                time.sleep(0.01)

    def request(
        self, method: str, params: Optional[Mapping[str, Any]], deadline: _Deadline, *, keep: bool = False
    ) -> Any:
        """Sends a request and waits for its answer. With ``keep`` an answer that does not come in time ends only the wait:
        one that comes later is passed over."""
        self._last_id += 1
        line = _line(self._last_id, method, params)
        sent = False
        try:
            self._socket.settimeout(deadline.left())
            self._socket.sendall(line)
            sent = True
            while True:
                message = self._read(deadline)
                if "method" in message:
                    self.notifications.append(message)
                elif message.get("id") == self._last_id or message.get("id") is None:
                    break
        except socket.timeout:
            # What was sent in part cannot be followed by anything.
            if not (keep and sent):
                self.close()
            raise _unanswered(method, sent) from None
        except (OSError, EOFError, ValueError) as error:
            self.close()
            raise _lost(method, self._path, sent) from error
        except BaseException:
            # An answer that comes later would be taken for the next one's.
            self.close()
            raise
        if _is_last(message):
            self.close()
        return _result(message)

    def notification(self, deadline: _Deadline) -> Json:
        """The next notification. Raises socket.timeout, OSError and EOFError."""
        while not self.notifications:
            message = self._read(deadline)
            if "method" in message:
                return message
        return self.notifications.popleft()

    def _read(self, deadline: _Deadline) -> Json:
        start = 0
        while True:
            end = self._bytes.find(b"\n", start)
            if end >= 0:
                line = bytes(self._bytes[:end])
                del self._bytes[: end + 1]
                return _message(line, self._path)
            start = len(self._bytes)
            self._socket.settimeout(deadline.left())
            received = self._socket.recv(65536)
            if not received:
                raise EOFError("the daemon has closed the connection")
            self._bytes += received

    def _after_fork(self) -> None:
        # Only this process's copy: a shutdown would end the parent's too, whose peer must not notice anything.
        self.alive = False
        self._socket.close()

    def close(self) -> None:
        self.alive = False
        try:
            # Wakes a thread that reads.
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError as error:
            if error.errno not in (errno.ENOTCONN, errno.EBADF):
                raise
        self._socket.close()


class _Dialer:
    """Finds the daemon, or starts it."""

    def __init__(
        self,
        data_dir: str,
        path: str,
        auto_start: bool,
        socket_alone: bool,
        program: Union[PathLike, Sequence[str], None],
        client: str,
        start_timeout: float,
        mixed: bool = False,
        from_environment: bool = False,
    ) -> None:
        self.path = path
        # An argument gave the data directory and the environment the socket.
        self._mixed = mixed
        # The environment gave both, of which one may be of somebody's profile.
        self._from_environment = from_environment
        self._data_dir = data_dir
        # A socket that is given alone may lead to another machine, and whose data it would serve is not known.
        self._socket_alone = socket_alone
        self._auto_start = auto_start and not socket_alone
        self._advice = (
            "none is started for a socket that is given alone, as it may lead to another machine: start it there, or "
            "give the data directory in the same place, too"
            if socket_alone
            else f'start it with "gardener daemon start{_place_flags(data_dir, path)}"'
        )
        self._program = program
        if not program:
            # Refused at once, as every relative path in the environment is.
            _from_environment(_DAEMON)
        _named_program(program)
        self._client = client
        self._start_timeout = start_timeout
        self._start_log = os.path.join(data_dir, "logs", "daemon-start.log")
        self._hello: Json = {}
        self._after_fork()
        _forkable.add(self)

    def _after_fork(self) -> None:
        # Of many threads one starts the daemon; in a child of a fork that thread is not there to let go.
        self._starting = threading.Lock()

    def is_here(self) -> bool:
        """Whether paths mean the same to the daemon as here, as far as it has told."""
        host, home = self._hello.get("host"), self._hello.get("home")
        if host is not None and host != socket.gethostname():
            return False
        # Machines may have one name.
        return not self._socket_alone or home is None or home == os.environ.get("HOME")

    def dial(self, deadline: _Deadline) -> _Connection:
        self._check_root()
        try:
            connection = self._reach(deadline.sooner(self._start_timeout))
        except socket.timeout:
            raise RegistryConnectionError(
                "timeout", f"cannot reach the registry: nobody answered on {self.path} in time"
            ) from None
        if self._mixed:
            self._check_directory(connection, deadline)
        return connection

    def _check_directory(self, connection: _Connection, deadline: _Deadline) -> None:
        """Refuses a daemon of other data than those that were named, which a socket of the environment has led to."""
        told = connection.request("daemon.status", None, deadline)
        here = told.get("host") in (None, socket.gethostname())
        if here and os.path.realpath(told["data_dir"]) == os.path.realpath(self._data_dir):
            return
        connection.close()
        where = "" if here else f" on {told['host']}"
        raise RegistryConnectionError(
            "not_allowed",
            f"cannot use {self._data_dir}: CODEBASE_GARDENER_SOCKET leads to {self.path}, where a daemon serves "
            f"{told['data_dir']}{where}; unset it, or give the socket together with the data directory",
        )

    def _reach(self, deadline: _Deadline) -> _Connection:
        started = False
        pause = 0.005
        # A tunnel closes every connection while nobody listens behind it, whom nobody here can start.
        patience = time.monotonic() + _TUNNEL_TIMEOUT
        while True:
            # Before the call: a daemon that is just coming up has its socket a moment before its note, and answers.
            foreign = self._is_somebodys_end()
            # One that is just coming up, on a busy machine or with much to recover, listens well before it speaks.
            patient = started or self._is_coming_up()
            found = self._greet(deadline, deadline if patient else deadline.sooner(HELLO_TIMEOUT))
            if isinstance(found, _Connection):
                return found
            if found == "closing" and (foreign or self._socket_alone) and time.monotonic() > patience:
                raise RegistryConnectionError(
                    "lost",
                    f"cannot reach the registry: whoever listens on {self.path} closed every connection for "
                    f"{_TUNNEL_TIMEOUT:g} s, as a tunnel does whose daemon has ended; start the daemon there",
                )
            if found == "absent" and not self._auto_start:
                raise RegistryConnectionError(
                    "not_running", f"cannot reach the registry: no daemon listens on {self.path}; {self._advice}"
                )
            if found == "absent" and not started and foreign:
                raise RegistryConnectionError(
                    "not_allowed",
                    f"cannot reach the registry: nobody listens on {self.path}, and no daemon has left it there: it may be "
                    "the end of a tunnel; mend that, or remove it",
                )
            if found == "absent" and not started:
                with self._starting:
                    found = self._greet(deadline, deadline.sooner(HELLO_TIMEOUT))
                    if found == "absent":
                        self._start(deadline)
                started = True
                if isinstance(found, _Connection):
                    return found
                continue
            # One that is just ending, or has just given way to another.
            left = deadline.left()
            time.sleep(pause if left is None else min(pause, left))
            pause = min(pause * 2, 0.1)

    def _greet(self, deadline: _Deadline, hello: _Deadline) -> Union[_Connection, str]:
        """Dials and says hello, once; ``absent`` or ``closing`` when there is nobody who would answer."""
        self._check_owner()
        try:
            connection = _Connection(self.path, deadline.sooner(CONNECT_TIMEOUT))
        except socket.timeout:
            if self._is_held_by_killed():
                return "absent"
            raise self._hung(f"nobody took the connection within {CONNECT_TIMEOUT:g} s") from None
        except (FileNotFoundError, ConnectionRefusedError):
            return "absent"
        except ConnectionResetError:
            return "closing"
        except OSError as error:
            raise RegistryConnectionError(
                "not_allowed",
                f"cannot connect to {self.path}: {error.strerror or error}; connect as the user who runs the daemon "
                "and outside of sandboxes",
            ) from error
        try:
            self._hello = connection.request(
                "daemon.hello",
                {
                    "client": {"name": self._client, "version": __version__, "pid": os.getpid()},
                    "protocol": {"min": PROTOCOL_VERSION, "max": PROTOCOL_VERSION},
                },
                hello,
            )
            return connection
        except RegistryConnectionError as error:
            connection.close()
            if error.reason == "lost":
                return "closing"
            if self._is_held_by_killed():
                return "absent"
            if self._is_coming_up():
                raise self._still_starting() from None
            raise self._hung("the connection was taken, and no answer came in time") from None
        except BaseException:
            connection.close()
            raise

    def _is_somebodys_end(self) -> bool:
        """Whether the environment has led to a socket that no daemon has left, which notes itself beside its own."""
        if not self._from_environment or os.path.dirname(self.path) == os.path.join(self._data_dir, "run"):
            return False
        return os.path.exists(self.path) and not os.path.exists(f"{self.path}.pid")

    def _check_root(self) -> None:
        """Refuses another user's registry to root, as by ``sudo -E``: what root made there would lock the user out."""
        # Whose data are behind a socket that is given alone is not known.
        if os.geteuid() != 0 or self._socket_alone:
            return
        place = self._data_dir
        while not os.path.exists(place) and place != os.path.dirname(place):
            place = os.path.dirname(place)
        owner = os.stat(place).st_uid
        if owner != 0:
            whose = "it" if place == self._data_dir else place
            raise RegistryConnectionError(
                "not_allowed",
                f"cannot use {self._data_dir} as root: {whose} belongs to user {owner}, whom files of root would lock "
                "out; do the same without sudo, or choose another with CODEBASE_GARDENER_DATA_DIR",
            )

    def _check_owner(self) -> None:
        """Refuses what belongs to somebody else: the daemon would be theirs."""
        for path, trusted in ((os.path.dirname(self.path), (os.getuid(), 0)), (self.path, (os.getuid(),))):
            try:
                owner = os.lstat(path).st_uid
            except OSError:
                # Absent, or not to be seen: connecting says which.
                continue
            if owner in trusted:
                continue
            message = (
                # Root could, and should not, remove what another user's programs are using.
                f"cannot use {path} as root: it belongs to user {owner}; do the same without sudo"
                if os.getuid() == 0
                else f"cannot use {path}: it belongs to user {owner} and not to you ({os.getuid()}); remove it, or "
                "choose another socket with CODEBASE_GARDENER_SOCKET"
            )
            raise RegistryConnectionError("not_allowed", message)

    def _start(self, deadline: _Deadline) -> None:
        # Where the program was given, that has its own.
        daemon = None if self._program else _named_daemon()
        if daemon and not _is_program(daemon):
            raise RegistryConnectionError(
                "start_failed",
                f"cannot start the daemon: {_DAEMON} leads to {daemon}, where no executable file is; set it to the path of "
                "gardenerd, or unset it",
            )
        program = _program(self._program)
        if program is None:
            raise RegistryConnectionError(
                "start_failed",
                'cannot start the daemon: no "gardener" is found: neither the argument gardener nor GARDENER names it, it is '
                f"not beside a daemon that {_DAEMON} names, and neither it nor gardenerd is on PATH; install "
                "codebase-gardener, or name it",
            )
        words = [*program, "daemon", "start", "--data-dir", self._data_dir, "--socket", self.path]
        # An argument goes before the environment.
        env = {name: value for name, value in os.environ.items() if name != _DAEMON} if self._program else None
        try:
            process = _popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        except OSError as error:
            raise RegistryConnectionError("start_failed", f"cannot start the daemon: {error}") from error
        with process:
            try:
                _, errors = process.communicate(timeout=deadline.left())
            except (subprocess.TimeoutExpired, socket.timeout):
                # It ends the daemon that it has started, unless that is still at it.
                _end_program(process, signal.SIGTERM)
                if self._is_coming_up():
                    raise self._still_starting() from None
                raise RegistryConnectionError("start_failed", f"cannot start the daemon: {program[0]} hangs") from None
            except BaseException:
                _end_program(process, signal.SIGINT)
                raise
        if process.returncode != 0:
            said = errors.decode("utf-8", "replace").strip() or f"{program[0]} ended with {process.returncode}"
            raise RegistryConnectionError("start_failed", f"cannot start the daemon: {said}")

    def command(self, name: str, path: str, flags: Sequence[str], deadline: _Deadline) -> Json:
        """What a command of the command line answers of a directory, as it prints it for programs. Raises CommandLineError,
        and whatever it tells of the registry."""
        what = f"{name} {path}"
        program = _program(self._program)
        if program is None:
            raise CommandLineError(
                f'cannot {what}: no "gardener" is found; install it with "npm install --global codebase-gardener", or name it '
                "with GARDENER; register_project does without, with a name and a language that you give it"
            )
        place = ["--socket", self.path, *([] if self._socket_alone else ["--data-dir", self._data_dir])]
        start = [] if self._auto_start else ["--no-start"]
        try:
            process = _popen(
                [*program, name, path, *flags, "--json", *place, *start], stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        except OSError as error:
            raise CommandLineError(f"cannot {what}: {error}") from error
        with process:
            try:
                answer, notes = process.communicate(timeout=deadline.left())
            except (subprocess.TimeoutExpired, socket.timeout):
                _end_program(process, signal.SIGTERM)
                raise RegistryConnectionError(
                    "timeout", f"cannot {what}: it was not done in time; it may still be, so look before repeating it", True
                ) from None
            except BaseException:
                _end_program(process, signal.SIGINT)
                raise
        said = notes.decode("utf-8", "replace").strip()
        try:
            document: Json = json.loads(answer)
        except ValueError:
            document = {}
        if process.returncode == 0 and _is_object(document):
            for line in said.splitlines():
                _log.info("%s: %s", what, line)
            return document
        if _is_object(document) and "error" in document:
            raise _error_of_command(document["error"])
        raise CommandLineError(f"cannot {what}: {said or f'{program[0]} ended with {process.returncode}'}")

    def _is_coming_up(self) -> bool:
        """Whether a daemon that a client has started is on its way: it says so in its log, twice a second."""
        if self._socket_alone:
            return False
        try:
            young = os.stat(self._start_log).st_mtime
        except OSError:
            return False
        return abs(time.time() - young) < 1

    def _still_starting(self) -> RegistryConnectionError:
        return RegistryConnectionError(
            "start_failed",
            "cannot start the daemon: it has not come up in time and is still at it; call again in a while; see "
            + self._start_log,
        )

    def _is_held_by_killed(self) -> bool:
        """Whether whoever noted itself beside the socket was killed and cannot go away, as a disk does not answer.

        Its socket stays open until the disk does. Known on Linux only.
        """
        try:
            process = f"/proc/{self._noted_pid()}"
            with open(f"{process}/status", encoding="utf-8", errors="replace") as lines:
                status = dict(line.split(":", 1) for line in lines if ":" in line)
            if status["State"].strip()[:1] in ("Z", "X"):
                # Its first thread has ended, and others have not.
                return len(os.listdir(f"{process}/task")) > 1
            return bool(int(status["SigPnd"], 16) & 1 << (signal.SIGKILL - 1))
        except (OSError, ValueError, KeyError):
            return False

    def _hung(self, what: str) -> RegistryConnectionError:
        # Where the number is somebody else's here, it is nobody's to end.
        try:
            noted = self._noted_pid()
            pid = noted if _is_daemon_of(noted, self.path) else None
        except (OSError, ValueError):
            pid = None
        who = "the daemon" if pid is None else f"the daemon (process {pid})"
        remedy = _LOOK_FOR_DAEMON if pid is None else f"end it: kill -9 {pid}"
        return RegistryConnectionError(
            "hung",
            f"cannot reach the registry: {who} hangs: {what} on {self.path}; if it stays like this, {remedy}",
        )

    def _noted_pid(self) -> int:
        """The process that bound the socket, as it noted beside it. Raises OSError and ValueError without a note."""
        with open(f"{self.path}.pid", encoding="ascii") as note:
            return int(note.read())


def _popen(
    words: Sequence[str],
    *,
    stdout: int,
    stderr: Optional[int] = None,
    cwd: Optional[str] = None,
    env: Optional[Mapping[str, str]] = None,
    start_new_session: bool = False,
) -> "subprocess.Popen[bytes]":
    with _no_fork:
        # A child of a fork in the middle of this would hold the pipes open whose end is waited for.
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd=cwd,
            env=env,
            start_new_session=start_new_session,
        )


def _end_program(process: "subprocess.Popen[bytes]", name: signal.Signals) -> None:
    process.send_signal(name)
    try:
        # It has little to do then; a loaded machine gets a little more.
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()


_LOOK_FOR_DAEMON = "look for it with: ps ax | grep gardenerd, also in containers that share the directory"


def _is_daemon_of(pid: int, path: str) -> bool:
    """Whether a process is a daemon of this user that serves this socket, as far as can be told; False in doubt."""
    try:
        uid, words, env = _process(pid)
        script = next(word for word in words[1:] if not word.startswith("-"))
        name = os.path.basename(script)
        name = name[:-3] if name.endswith(".js") else name
        runs = name == "gardenerd" or (name == "gardener" and ("daemon", "run") in zip(words, words[1:]))
        if uid != os.getuid() or not runs:
            return False
        served = _flag(words, "socket") or env.get("CODEBASE_GARDENER_SOCKET")
        if not served:
            home = env.get("HOME")
            default = os.path.join(home, ".codebase-gardener") if home else ""
            directory = _flag(words, "data-dir") or env.get("CODEBASE_GARDENER_DATA_DIR") or default
            served = os.path.join(directory, "run", "registry.sock") if directory else ""
        return bool(served) and os.path.samefile(served, path)
    except (OSError, ValueError, StopIteration, subprocess.SubprocessError):
        return False


def _process(pid: int) -> Tuple[int, List[str], Dict[str, str]]:
    """Whose a process is, its words, and its environment where that can be read, as on Linux."""
    if os.path.isdir("/proc/self"):
        with open(f"/proc/{pid}/cmdline", "rb") as line, open(f"/proc/{pid}/environ", "rb") as variables:
            words = [os.fsdecode(word) for word in line.read().split(b"\0")[:-1]]
            env = [os.fsdecode(each).partition("=") for each in variables.read().split(b"\0")]
        return os.stat(f"/proc/{pid}").st_uid, words, {name: value for name, _, value in env}
    command = ["/bin/ps", "-ww", "-o", "uid=", "-o", "command=", "-p", str(pid)]
    with _popen(command, stdout=subprocess.PIPE) as ps:
        try:
            told, _ = ps.communicate(timeout=2)
        except BaseException:
            ps.kill()
            raise
    uid, *words = told.decode("utf-8", "replace").split()
    return int(uid), words, {}


def _flag(words: Sequence[str], name: str) -> str:
    for word, after in zip(words, [*words[1:], ""]):
        if word == f"--{name}":
            return after
        if word.startswith(f"--{name}="):
            return word.partition("=")[2]
    return ""


# The repository of a codebase.

# A codebase may come from anywhere, with its .git directory, and that names programs. Git is asked only what looks at
# references, the history and settings; what it would start for that is switched off, as the command line does it.
_GIT_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.alternateRefsCommand=true",
    "core.askPass=",
    "core.editor=false",
    "core.pager=cat",
    "core.sshCommand=false",
    "credential.helper=",
    "gc.auto=0",
    "log.showSignature=false",
    "maintenance.auto=false",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
    "submodule.recurse=false",
)
_GIT_ENVIRONMENT = {
    "GIT_NO_LAZY_FETCH": "1",
    # An empty list: no protocol at all.
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_SSH_COMMAND": "false",
    "GIT_PROXY_COMMAND": "false",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
# Of what the environment says to git these stay; the others would answer for another repository, or run programs.
_GIT_KEPT = frozenset(
    (
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_CEILING_DIRECTORIES",
        "GIT_DISCOVERY_ACROSS_FILESYSTEM",
        "GIT_EXEC_PATH",
    )
)
_URL = re.compile(
    r"(?:https?|ssh|git|ftps?|git\+ssh|ssh\+git)://(?:[^/]*@)?(\[[^\]]+\]|[^/:]+)(?::[0-9]*)?/(.*)", re.IGNORECASE
)
# As scp has it; what has a slash before the colon is a path, two colons name a program, one letter is a drive.
_SCP = re.compile(r"(?:[^/]*@)?(\[[^\]]+\]|[^/:\s]{2,}):(?!//|:)(.*)")


def _git_deadline(timeout: Optional[float]) -> _Deadline:
    # Half of the time at most: what is asked for serves its purpose all the same.
    return _Deadline(_GIT_TIMEOUT if timeout is None else min(_GIT_TIMEOUT, timeout / 2))


def _repository_at(directory: str, timeout: Optional[float]) -> Optional[Json]:
    """The repository around a directory, as ``gardener add`` notes it; None for none, or where git does not tell."""
    deadline = _git_deadline(timeout)
    shallow = _git(directory, deadline, "rev-parse", "--is-shallow-repository")
    if shallow is None:
        return None
    # Before the history, which may take longer than there is time.
    remote = _remote_of(_git(directory, deadline, "config", "-z", "--get-regexp", r"^remote\..*\.url$") or "")
    root = None
    # Where a shallow clone begins, the history does not.
    if shallow.strip() == "false":
        commits = (_git(directory, deadline, "rev-list", "--max-parents=0", "HEAD") or "").split()
        # Where histories were joined there are several; the oldest comes last.
        root = commits[-1] if commits else None
    return None if root is None and remote is None else {"root_commit": root, "remote": remote}


def _source_at(directory: str, timeout: Optional[float]) -> Optional[Json]:
    """The state of a codebase, as ``gardener train`` notes it: the commit that is checked out, and whether the directory has
    anything else than that. None where git does not tell."""
    deadline = _git_deadline(timeout)
    # The second is there only if the commit has the directory.
    commit = (_git(directory, deadline, "rev-parse", "HEAD^{commit}", "HEAD:./") or "").partition("\n")[0]
    if not re.fullmatch(r"[0-9a-f]{7,64}", commit):
        return None
    staged = _git(directory, deadline, "diff-index", "--cached", "--name-only", "-z", commit, "--", ".")
    changed = _changed_files(directory, deadline)
    if staged is None or changed is None:
        return None
    return {"commit": commit, "dirty": bool(staged or changed)}


def _changed_files(directory: str, deadline: _Deadline) -> Optional[str]:
    """What is not as the index has it, and what it does not have and no rule ignores.

    To compare, git passes files through the programs of ``filter.*``: each is switched off by its name, and what looks
    touched then counts as changed.
    """
    settings = _git(directory, deadline, "config", "-z", "--list", "--name-only")
    if settings is None:
        return None
    found = (re.fullmatch(r"filter\.(.*)\.[^.]*", name, re.DOTALL) for name in settings.split("\0"))
    filters = {each[1] for each in found if each}
    if any("=" in name for name in filters):
        # Git would take what comes before the first one for the name.
        return None
    off = [
        word
        for name in filters
        for setting in ("clean=", "process=", "required=false")
        for word in ("-c", f"filter.{name}.{setting}")
    ]
    return _git(directory, deadline, *off, "ls-files", "-z", "--modified", "--others", "--exclude-standard")


def _remote_of(settings: str) -> Optional[str]:
    urls = [setting.split("\n", 1) for setting in settings.split("\0") if "\n" in setting]
    origin = [url for name, url in urls if name == "remote.origin.url"] or [url for _, url in urls]
    return _remote_place(origin[0]) if origin else None


def _remote_place(url: str) -> Optional[str]:
    """Host and path, in one spelling for all ways to reach it; None for a directory of some machine."""
    found = _URL.fullmatch(url) or _SCP.fullmatch(url)
    if found is None:
        return None
    path = re.sub(r"[?#].*", "", found[2]).rstrip("/")
    path = (path[:-4] if path.endswith(".git") else path).lstrip("/")
    place = f"{found[1].lower()}/{path}"
    return place if path and len(place.encode("utf-16-le")) // 2 <= _MAX_REMOTE else None


def _git(directory: str, deadline: _Deadline, *question: str) -> Optional[str]:
    """What git says; None where it has nothing to say, is not installed, or does not answer in time."""
    settings = [word for setting in _GIT_SETTINGS for word in ("-c", setting)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in _GIT_KEPT}
    try:
        git = _popen(
            ["git", "-C", directory, "--no-pager", *settings, *question],
            # Where PATH has relative directories, they are not to lead into a codebase.
            cwd="/",
            env={**environment, **_GIT_ENVIRONMENT},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # A group of its own, to be ended with all that is in it; and no terminal to ask at.
            start_new_session=True,
        )
    except (OSError, ValueError):
        return None
    try:
        said, complaint = git.communicate(timeout=deadline.left())
    except (subprocess.TimeoutExpired, socket.timeout):
        _end_git(git)
        return None
    except BaseException:
        _end_git(git)
        raise
    # Git goes on after some errors and ends well all the same, with a part of the answer.
    if git.returncode != 0 or re.search(rb"^(fatal|error): ", complaint, re.MULTILINE):
        return None
    return said.decode("utf-8", "replace")


def _end_git(git: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(git.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # nobody is left
    for pipe in (git.stdout, git.stderr):
        if pipe is not None:
            pipe.close()
    try:
        # What hangs on a dead disk does not even end when it is killed.
        git.wait(timeout=1)
    except subprocess.TimeoutExpired:
        pass


# What a training has made.

# A file of any kind, which is not waited for, and no link.
_WARILY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
# As of what another user's container has made.
_FORBIDDEN = frozenset((errno.EACCES, errno.EPERM))
# Something the trainer has left running may still be clearing up; a link in its place has nothing of its own.
_GONE_OR_OTHER = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO))
# While files are synced, a sign of life is given so often. Seconds.
_SIGN_EVERY = 1.0


def _sync_output(directory: str, synced: Callable[[], None], refused: Callable[[str, OSError], None]) -> None:
    """Makes an output survive a power cut: each regular file and directory in it, and the two directories above it, up to
    the project's own. Nothing is followed through a link; an output that is no directory any more is left to the daemon,
    which takes nothing of it.

    ``synced`` is called after each file, ``refused`` for what may not be opened. Raises OSError, with the path, where the
    disk refuses one.
    """
    trainings = os.path.dirname(directory)
    directories = [os.path.dirname(trainings), trainings, directory]
    for at in directories:
        # First, as a look into it would follow a link.
        if not _sync(at, os.O_DIRECTORY, refused) or not at.startswith(directory):
            continue
        try:
            entries = os.scandir(at)
        except OSError as error:
            if error.errno not in _GONE_OR_OTHER | _FORBIDDEN:
                raise
            continue
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    directories.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    _sync(entry.path, 0, refused)
                    synced()


def _sync(path: str, flags: int, refused: Callable[[str, OSError], None]) -> bool:
    """Whether there was such a thing, and it may be looked at."""
    try:
        descriptor = os.open(path, _WARILY | flags)
    except OSError as error:
        if error.errno in _FORBIDDEN:
            refused(path, error)
        elif error.errno not in _GONE_OR_OTHER:
            raise
        return False
    try:
        _full_sync(descriptor)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    finally:
        os.close(descriptor)
    return True


def _full_sync(descriptor: int) -> None:
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is not None:
        try:
            # On macOS only that reaches the disk, where it is one of this machine.
            fcntl.fcntl(descriptor, full)
            return
        except OSError as error:
            if error.errno == errno.EIO:
                raise
    os.fsync(descriptor)


def _base_model_of(adapter: str) -> Optional[str]:
    """The model of an adapter, as PEFT writes it into the directory, or beside the file; None where that does not tell."""
    inside = os.path.isdir(adapter) and not os.path.islink(adapter)
    for place in (adapter, os.path.dirname(adapter)) if inside else (os.path.dirname(adapter),):
        try:
            config = os.open(os.path.join(place, "adapter_config.json"), _WARILY)
            with open(config, "rb") as file:
                is_plain = stat.S_ISREG(os.fstat(config).st_mode)
                written = file.read(_MAX_ADAPTER_CONFIG + 1) if is_plain else b""
            if len(written) > _MAX_ADAPTER_CONFIG:
                continue
            model = json.loads(written)["base_model_name_or_path"]
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            continue  # A note of another program: where nobody can read it, nothing is known.
        if isinstance(model, str) and model and model == _cut(model, _MAX_BASE_MODEL):
            return model
    return None


# The registry.


class ProjectRegistry:
    """The registry, through its daemon. Connects with the first call; may be used by several threads at once.

    ``registry_path`` is the file ``registry.json`` in another data directory, as the module that kept the file took
    it; ``data_dir`` and ``socket`` say the same more directly. Defaults are those of every client:
    ``CODEBASE_GARDENER_DATA_DIR``, then ``~/.codebase-gardener``; ``CODEBASE_GARDENER_SOCKET``, then
    ``<data_dir>/run/registry.sock``. ``gardener`` is the program that starts a daemon when none is running: a path,
    words as a shell has them, or a list of words; default ``GARDENER`` from the environment, a path or such words, then the
    one beside the ``gardenerd`` that ``CODEBASE_GARDENER_DAEMON`` names, then ``gardener``, or ``gardenerd`` with the other
    beside it, on PATH. None is started for a socket that is given without a data directory in the same place, arguments or
    environment: it may lead to another machine. Raises ValueError for a relative path in the environment, a name that is no
    UTF-8, and words that no shell would take. ``client`` is what the log of the daemon calls this one. ``timeout`` is how long a call may take, ``start_timeout`` how long
    starting a daemon; both in seconds, and 25 days or more, or None, are without end.

    Every method raises RegistryConnectionError where the daemon cannot be asked, StorageFailedError or
    RegistryReadOnlyError where a change cannot be written, and InvalidParamsError for what no rule accepts. Where a project
    is asked for, that is its id, its name or an absolute path in its codebase; ProjectNotFoundError or
    AmbiguousProjectError is raised where that is none, or not one. Relative paths start at the working directory.
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
        if registry_path is not None:
            directory, name = os.path.split(_absolute(registry_path))
            if name != "registry.json" or data_dir is not None:
                raise ValueError('registry_path names a file "registry.json", and data_dir is then its directory')
            data_dir = directory
        directory = _place(data_dir) if data_dir is not None else _default_data_dir()
        self.data_dir = Path(_as_utf8("data directory ", directory))
        self.registry_file = self.data_dir / "registry.json"
        path = _socket_path(str(self.data_dir), socket)
        given = data_dir is not None
        alone = _is_socket_alone(given, bool(socket))
        self._dialer = _Dialer(
            str(self.data_dir),
            path,
            auto_start,
            alone,
            gardener,
            client,
            start_timeout,
            mixed=alone and given,
            from_environment=not given and not socket and bool(os.environ.get("CODEBASE_GARDENER_SOCKET")),
        )
        self._timeout = timeout
        self._closed = False
        self._open: "weakref.WeakSet[Union[Watch, TrainingLease]]" = weakref.WeakSet()
        self._after_fork()
        _forkable.add(self)

    def _after_fork(self) -> None:
        self._lock = threading.Lock()
        self._idle: List[_Connection] = []

    def __enter__(self) -> "ProjectRegistry":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends every connection for good; watches end, and leases that are still held are orphaned."""
        with self._lock:
            self._closed = True
        self._forget_idle()
        for one in list(self._open):
            one.close()

    # Projects, in the words of the module that kept the file.

    def register_project(
        self,
        name: str,
        source_path: PathLike,
        language: str = "python",
        *,
        tags: Optional[Sequence[str]] = None,
        metadata: Optional[Mapping[str, Any]] = None,
        repository: Optional[Repository] = _FOUND_OUT,
        activate: bool = False,
        exist_ok: bool = False,
    ) -> str:
        """Registers a codebase and gives its id; the first one becomes the active one, and with ``activate`` any.

        ``repository`` tells it wherever it lies; by default git is asked, unless the daemon is on another machine; None for
        no repository. With ``exist_ok`` a project of this name that has the same path is not registered again but given.
        Raises ProjectExistsError for a name that is taken, InvalidNameError, and SourcePathMissingError where there is no
        such directory. :meth:`add_project` finds out the name and the language.
        """
        params = _given(
            name=name,
            source_path=_given_path("source_path", source_path),
            language=language,
            tags=None if tags is None else list(tags),
            metadata=metadata,
            repository=repository,
            activate=activate or None,
            if_exists="return" if exist_ok else None,
        )
        return self._ask("projects.register", params, lambda project: str(project["project_id"]))

    def add_project(
        self,
        path: PathLike,
        name: Optional[str] = None,
        language: Optional[str] = None,
        *,
        tags: Optional[Sequence[str]] = None,
        activate: bool = False,
        timeout: Optional[float] = None,
    ) -> ProjectMetadata:
        """Registers the codebase in a directory as ``gardener add`` does, which it runs, and gives the project.

        By default the name is that of the directory, the language that of most of its files, which are counted, too; its
        repository is found in any case. A project that is registered there already is given as it is, its tags and its
        language with it; with another ``name`` it is registered once more. ``timeout`` is in seconds, and without end by
        default, as there may be many files. Raises CommandLineError where no ``gardener`` is found, and otherwise what
        :meth:`register_project` does.
        """
        given = {"name": [name], "language": [language], "tag": tags or ()}
        words = [(flag, value) for flag, values in given.items() for value in values if value is not None]
        directory = _given_path("path", path)
        faults = [(flag, why) for flag, why in ((flag, _unfit(value)) for flag, value in words) if why]
        if faults:
            raise _invalid(faults)
        flags = [f"--{flag}={value}" for flag, value in words]
        return self._add(directory, [*flags, *(["--use"] if activate else [])], timeout)

    def get_project(self, project_id: str) -> Optional[ProjectMetadata]:
        """The project; None where there is none."""
        try:
            return self._project("projects.get", project=project_id)
        except ProjectNotFoundError:
            return None

    def list_projects(
        self,
        *,
        status: Optional[Status] = None,
        language: Optional[str] = None,
        tag: Optional[str] = None,
        query: Optional[str] = None,
        sort: Optional[Sort] = None,
    ) -> List[ProjectMetadata]:
        """The projects that fit; by default all.

        ``query`` is a part of a name, path or tag, without regard to case. By default they are in the order of the file;
        sorted by a time, the latest come first and those without one last, by name or status from a to z.
        """
        params = _given(status=_text(status), language=language, tag=tag, query=query, sort=sort)
        return self._ask("projects.list", params, _projects)

    def get_projects_by_status(self, status: Status) -> List[ProjectMetadata]:
        """The projects with a training status, in the order of the file."""
        return self.list_projects(status=status)

    def get_project_count(self, status: Optional[Status] = None) -> int:
        """How many projects there are; with a status, how many of those."""
        return self._ask("projects.count", _given(status=_text(status)), int)

    def update_project_status(
        self,
        project_id: str,
        status: Status,
        *,
        error: Optional[str] = None,
        if_etag: Optional[str] = None,
    ) -> None:
        """Sets the training status without a lease; trainers do better with :meth:`training`.

        ``error`` says why one has failed; ``if_etag`` is as of :meth:`update_project_metadata`. Raises LeaseHeldError while
        somebody trains the project.
        """
        params = _given(project=project_id, status=_text(status), error=error, if_etag=if_etag)
        return self._ask("projects.set_status", params, _nothing)

    if TYPE_CHECKING:

        def update_project_metadata(
            self,
            project_id: str,
            *,
            name: str = ...,
            source_path: PathLike = ...,
            language: str = ...,
            file_count: int = ...,
            tags: Sequence[str] = ...,
            metadata: Mapping[str, Any] = ...,
            lora_adapter_path: Optional[PathLike] = ...,
            vector_store_path: Optional[PathLike] = ...,
            context_path: Optional[PathLike] = ...,
            repository: Optional[Repository] = ...,
            if_etag: str = ...,
        ) -> ProjectMetadata:
            """Changes what is given and nothing else, and gives the project as it is then.

            ``metadata`` is merged key by key, and None deletes one; None empties a path. ``if_etag`` is the ``etag`` that
            the project must still have, as EtagMismatchError is raised otherwise: somebody else was faster. Raises
            ProjectExistsError, InvalidNameError and SourcePathMissingError as :meth:`register_project` does.
            """
            ...

    else:

        def update_project_metadata(self, project_id, **changes):
            """Changes what is given: ``name``, ``source_path``, ``language``, ``file_count``, ``tags``, ``metadata``
            (merged key by key, None deletes one), ``repository``, the three paths; with ``if_etag`` only if nobody else was
            faster, as EtagMismatchError is raised otherwise."""
            # Not by keywords of its own: what it does not know is for the daemon to refuse.
            for name, value in changes.items():
                if isinstance(value, os.PathLike):
                    changes[name] = _absolute(value)
            # None stays: it empties a path.
            return self._ask("projects.update", {**changes, "project": project_id}, ProjectMetadata.from_dict)

    def remove_project(
        self, project_id: str, *, keep_files: bool = False, force: bool = False
    ) -> List[LeftBehind]:
        """Forgets a project and moves its own directory to the trash, unless ``keep_files``; the codebase stays.

        Gives what stays of its trained data: what could not be moved away, and what lies outside of its directory, such as
        an adapter that is kept elsewhere. The project is forgotten all the same. Raises LeaseHeldError while somebody
        trains it, unless ``force``.
        """
        params = _given(project=project_id, keep_files=keep_files or None, force=force or None)
        return self._ask("projects.remove", params, lambda done: [*done.get("left", []), *done.get("kept", [])])

    def get_active_project(self) -> Optional[str]:
        """The id of the active project; None for none."""
        return self._ask("projects.active", {}, lambda found: _of_active(found, lambda one: str(one["project_id"])))

    def set_active_project(self, project_id: Optional[str]) -> None:
        """Makes a project the active one; None for no project at all."""
        return self._ask("projects.activate", {"project": project_id}, _nothing)

    def validate_registry(self) -> List[RegistryIssue]:
        """What is wrong between the registry and the disk; empty when nothing is."""
        return self._ask("registry.validate", {}, lambda found: _issues(found["issues"]))

    def repair_registry(self, codes: Optional[Sequence[IssueCode]] = None) -> List[RegistryIssue]:
        """Mends what can be mended and gives what was; ``codes`` says what, default all but ``orphan_dir``."""
        params = _given(codes=None if codes is None else list(codes))
        return self._ask("registry.repair", params, lambda done: _issues(done["fixed"]))

    # What the daemon can do beyond that.

    def move_projects(self, old_path: PathLike, new_path: PathLike) -> List[ProjectMetadata]:
        """Notes that a directory lies elsewhere now, for all projects at or below it, and gives those; moves no files.

        Raises ProjectNotFoundError where no project is there, SourcePathMissingError where there is no such directory now.
        """
        params = {"from": _given_path("from", old_path), "to": _given_path("to", new_path)}
        return self._ask("projects.move", params, _projects)

    def import_projects(self, file: PathLike, dry_run: bool = False) -> ImportResult:
        """Takes the projects of another registry file that are not here; gives what was taken, or with ``dry_run`` would
        be."""
        imported: Callable[[Any], ImportResult] = _as_told
        return self._ask("registry.import", _given(file=_given_path("file", file), dry_run=dry_run or None), imported)

    def undo(
        self, dry_run: bool = False, without_directories: bool = False, id: Optional[str] = None
    ) -> Optional[Undone]:
        """Takes back the last removal, repair, restore or import, with its directories; with the next call the one before.

        Gives what that was and what came of it, or with ``dry_run`` would; None where there is nothing to take back. With the
        ``id`` that a dry run gave, that one is taken back and no other. Raises StorageFailedError where a directory is in no
        trash though it should still be kept, unless it is to do ``without_directories``; ProjectExistsError where a name
        belongs to another project by now; LeaseHeldError while somebody trains what would go.
        """
        params = _given(id=id, dry_run=dry_run or None, without_directories=without_directories or None)
        return self._ask("registry.undo", params, _undone)

    def get_active_project_metadata(self) -> Optional[ProjectMetadata]:
        """The active project; None for none."""
        return self._ask("projects.active", {}, lambda found: _of_active(found, ProjectMetadata.from_dict))

    def resolve_project(self, project: Optional[str] = None, cwd: Optional[PathLike] = None) -> ProjectMetadata:
        """The project that is meant: the named one, or the one around ``cwd``. Where neither is given, that of
        ``CODEBASE_GARDENER_PROJECT``, or the one around the working directory. Where none is around, the active one.
        What has a slash in it, or is ``.`` or ``..``, is a path; ``~`` is the home directory. Raises ProjectNotFoundError
        where none is meant."""
        env = os.environ.get("CODEBASE_GARDENER_PROJECT")
        if project is not None:
            params: Json = {"project": _reference(project)}
        elif cwd is not None:
            params = {"cwd": _absolute(cwd)}
        elif env:
            params = {"env": _reference(env)}
        else:
            # Only here: a name needs no working directory, and that may be gone.
            params = _given(cwd=_working_directory())
        return self._ask("projects.resolve", params, lambda found: ProjectMetadata.from_dict(found["project"]))

    def touch_project(self, project_id: str) -> ProjectMetadata:
        """Notes that a project was used now."""
        return self._project("projects.touch", project=project_id)

    def retrain_project(self, project_id: str, reason: Optional[str] = None) -> ProjectMetadata:
        """Marks a project as waiting for training, for a ``reason`` that is told to people."""
        return self._project("projects.retrain", project=project_id, reason=reason)

    def get_registry_info(self) -> RegistryInfo:
        """Counts, the active project, and what is wrong with the file, if anything."""
        info: Callable[[Any], RegistryInfo] = _as_told
        return self._ask("registry.info", {}, info)

    def get_training_history(self, project_id: str, limit: Optional[int] = None) -> List[EndedTraining]:
        """The trainings of a project that have ended, the newest first; by default all that are kept, the last 50."""
        return self._ask(
            "training.history",
            _given(project=project_id, limit=limit),
            lambda found: [EndedTraining.from_dict(training) for training in found["trainings"]],
        )

    def promote_training(self, project_id: str, token: int) -> ProjectMetadata:
        """Takes back into service what an earlier training has made, by its token in the history. Raises
        InvalidParamsError for one that did not complete, or whose output is not there any more."""
        return self._project("training.promote", project=project_id, token=token)

    def prune_trainings(
        self, project_id: Optional[str] = None, *, older: Optional[float] = None, dry_run: bool = False
    ) -> PruneResult:
        """Moves to the trash what earlier trainings have left and nothing points to, of one project or by default of all;
        with ``older`` what ended so many seconds ago or earlier, the last ones, too. Gives what went, or with ``dry_run``
        would."""
        params = _given(project=project_id, older_ms=_ms(older), dry_run=dry_run or None)
        pruned: Callable[[Any], PruneResult] = _as_told
        return self._ask("training.prune", params, pruned)

    def watch(
        self, project: Optional[str] = None, *, cursor: Optional[str] = None, progress: bool = False
    ) -> "Watch":
        """Iterates over the changes of the registry, through restarts of the daemon; see :class:`Watch`.

        By default of all projects; with a ``cursor``, that of an event, what came after that; with ``progress`` also what
        trainers report.
        """
        return Watch(self, project, cursor, progress)

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
    ) -> "TrainingLease":
        """Takes the lease on a project, so that nobody else trains it. Use it with ``with``; see
        :class:`TrainingLease`. Without a report for ``stall`` seconds the lease is lost; by default it may be silent.

        ``holder`` is what others are told of who trains. ``source`` tells what is trained from; by default git is asked,
        unless the daemon is on another machine; None for nothing. Of the names in ``slot``, such as those of GPUs, the lease
        takes the first that no other has, waits up to ``wait`` seconds (60 at most) for one, and raises SlotTakenError then.
        Raises LeaseHeldError while somebody else trains it; with ``force`` that lease is lost instead.
        """
        return self._begin(
            _given(
                project=project,
                holder=_holder(holder),
                stall_ms=_ms(stall),
                source=source,
                slot=_slot(slot),
                wait_ms=_ms(wait) or None,
                force=force or None,
            )
        )

    def claim_training(
        self,
        *,
        languages: Optional[Sequence[str]] = None,
        tags: Optional[Sequence[str]] = None,
        holder: Optional[str] = None,
        stall: Optional[float] = None,
        source: Optional[Source] = _FOUND_OUT,
        slot: Union[str, Sequence[str], None] = None,
        wait: float = 0,
    ) -> Optional["TrainingLease"]:
        """Takes the lease on the project that has waited longest; waits up to ``wait`` seconds (60 at most) for one,
        None when there is none. With ``languages`` only one of these, with ``tags`` only one that has one of these. The rest
        is as of :meth:`training`."""
        return self._claim(
            _given(
                languages=None if languages is None else list(languages),
                tags=None if tags is None else list(tags),
                holder=_holder(holder),
                stall_ms=_ms(stall),
                source=source,
                slot=_slot(slot),
                wait_ms=_ms(wait),
            ),
            stall,
        )

    def call(self, method: str, *, timeout: Optional[float] = None, **params: Any) -> Any:
        """Calls any method of the protocol; parameters that are None are left out.

        Reads are repeated once after a lost connection, changes only where they were certainly not made. A value that
        JSON cannot carry, such as NaN, is an InvalidParamsError with its path, and nothing is sent. ``timeout`` is in
        seconds; default that of the registry.
        """
        return self._call(method, _given(**params), timeout)

    def _add(self, path: str, flags: Sequence[str], timeout: Optional[float]) -> ProjectMetadata:
        deadline = _Deadline(timeout)
        # What there is to say of the connection is said by this one.
        self._give_back(self._take(self._deadline(timeout, {})))
        return ProjectMetadata.from_dict(self._dialer.command("add", path, flags, deadline))

    def _repository_of(self, path: str) -> Optional[Json]:
        # Whether the daemon is of this machine is known when it has said hello.
        self._give_back(self._take(self._deadline(None, {})))
        return _repository_at(path, self._timeout) if self._dialer.is_here() else None

    def _source_of(self, project: str, connection: _Connection, deadline: _Deadline) -> Optional[Json]:
        try:
            found = connection.request("projects.get", {"project": project, "to_change": True}, deadline)
        except RegistryConnectionError:
            raise
        except ProjectRegistryError:
            return None  # Taking the lease says why.
        # A daemon that keeps no sources refuses one.
        knows = "trained_from" in found and self._dialer.is_here()
        return _source_at(found["source_path"], self._timeout) if knows else None

    # Connections.

    def _project(self, method: str, **params: Any) -> ProjectMetadata:
        return self._ask(method, _given(**params), ProjectMetadata.from_dict)

    def _ask(self, method: str, params: Json, answer: Callable[[Any], _T]) -> _T:
        """Calls, and gives what ``answer`` makes of it. The methods end in this and do nothing else that waits, so that the
        asyncio client has them with one of its own."""
        if params.get("repository") is _FOUND_OUT:
            params = _given(**{**params, "repository": self._repository_of(params["source_path"])})
        return answer(self._call(method, params))

    def _call(self, method: str, params: Mapping[str, Any], timeout: Optional[float] = None) -> Any:
        params = _sendable(params)
        deadline = self._deadline(timeout, params)
        repeated = False
        while True:
            connection = self._take(deadline)
            try:
                return connection.request(method, params, deadline)
            except RegistryConnectionError as error:
                if repeated or not _may_repeat(error, method):
                    raise
                repeated = True
                # Those that lie ready were of the same daemon.
                self._forget_idle()
            finally:
                self._give_back(connection)

    def _begin(self, params: Json) -> "TrainingLease":
        lease = self._lease("training.begin", params)
        assert lease is not None  # there is a project, or an error
        return lease

    def _claim(self, params: Json, stall: Optional[float]) -> Optional["TrainingLease"]:
        lease = self._lease("training.claim", params)
        if lease is not None and params.get("source") is _FOUND_OUT:
            lease._find_source(stall)
        return lease

    def _lease(self, method: str, params: Json) -> Optional["TrainingLease"]:
        given, finds_source = _taking(params)
        deadline = self._deadline(None, given)
        connection = self._dial(deadline)
        try:
            if finds_source:
                given.update(_given(source=self._source_of(given["project"], connection, deadline)))
            try:
                taken = connection.request(method, given, deadline)
            except StorageFailedError as error:
                taken = connection.request("training.resume", _held_anyway(error), deadline)
        except BaseException:
            connection.close()
            raise
        if taken is None:
            self._give_back(connection)
            return None
        return TrainingLease(self, connection, *_taken(taken))

    def _deadline(self, timeout: Optional[float], params: Mapping[str, Any]) -> _Deadline:
        seconds = self._timeout if timeout is None else timeout
        # A call that asks the daemon to wait may take that much longer.
        return _Deadline(None if seconds is None else seconds + params.get("wait_ms", 0) / 1000)

    def _dial(self, deadline: _Deadline) -> _Connection:
        if self._closed:
            raise RegistryConnectionError("closed", "cannot call the registry: it was closed")
        return self._dialer.dial(deadline)

    def _take(self, deadline: _Deadline) -> _Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._dial(deadline)

    def _give_back(self, connection: _Connection) -> None:
        with self._lock:
            if connection.alive and not self._closed and len(self._idle) < _MAX_IDLE:
                self._idle.append(connection)
                return
        connection.close()

    def _forget_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


class _Feed:
    """Where in the changes of the registry somebody is, and what has come of them."""

    def __init__(self, project: Optional[str], cursor: Optional[str], progress: bool) -> None:
        #: Where it goes on: after the last event that was received.
        self.cursor: Optional[str] = cursor
        self._params: Json = {**({"project": project} if project else {}), **({"progress": True} if progress else {})}
        self._subscription: Optional[str] = None
        self._waiting: Deque[RegistryEvent] = deque()

    def _wanted(self) -> Json:
        return {**self._params, **_given(cursor=self.cursor)}

    def _subscribed(self, answer: Json) -> None:
        self._subscription = answer["subscription"]
        self.cursor = answer["cursor"]
        if "projects" in answer:
            now = datetime.now(timezone.utc).isoformat()
            snapshot = {**answer, "type": "resync", "origin": "rpc", "at": now}
            self._waiting.append(RegistryEvent.from_dict(snapshot, answer["cursor"]))

    def _receive(self, message: Mapping[str, Any]) -> None:
        params: Json = message.get("params") or {}
        if message.get("method") != "registry.event" or params.get("subscription") != self._subscription:
            return
        before = self.cursor or params["cursor"]
        events = params["events"]
        for at, event in enumerate(events):
            # Whoever goes on from one in the middle sees those beside it once more.
            cursor = params["cursor"] if at == len(events) - 1 else before
            self._waiting.append(RegistryEvent.from_dict(event, cursor))
        self.cursor = params["cursor"]


class Watch(_Feed):
    """The changes of the registry, one after the other, through lost connections and restarts of the daemon.

    Without a cursor the first event is a ``resync`` with every project. Where the series cannot go on where it was,
    another ``resync`` takes the place of what was missed. Iterating waits for ever; :meth:`poll` waits for a while.
    :meth:`close`, from any thread, ends the iteration::

        with registry.watch() as changes:
            for event in changes:
                print(event.type, event.project and event.project.name)
    """

    cursor: Optional[str]

    def __init__(
        self, registry: ProjectRegistry, project: Optional[str], cursor: Optional[str], progress: bool
    ) -> None:
        super().__init__(project, cursor, progress)
        self._registry = registry
        self._connection: Optional[_Connection] = None
        self._ended = threading.Event()
        registry._open.add(self)
        _forkable.add(self)

    def _after_fork(self) -> None:
        """Goes on where it was, over a connection of its own; the parent's copy does too."""
        ended, self._ended = self._ended, threading.Event()
        if ended.is_set():
            self._ended.set()
        self._connection = None

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[RegistryEvent]:
        return self

    def __next__(self) -> RegistryEvent:
        event = self.poll(None)
        if event is None:
            raise StopIteration
        return event

    def close(self) -> None:
        """Ends the iteration; what has been received and not given is dropped."""
        self._ended.set()
        # Not forgotten, as by _lose: a thread that reads from it has to see it end.
        connection = self._connection
        if connection is not None:
            connection.close()

    def poll(self, timeout: Optional[float]) -> Optional[RegistryEvent]:
        """The next event; None when none has come within so many seconds, or when the watch was closed. With None for the
        seconds it waits for ever."""
        deadline = _Deadline(timeout)
        pause = 0.1
        while not self._ended.is_set():
            if self._waiting:
                return self._waiting.popleft()
            try:
                if self._connection is None:
                    self._subscribe(deadline)
                else:
                    self._receive(self._connection.notification(deadline))
                pause = 0.1
            except socket.timeout:
                return None
            except (OSError, EOFError):
                self._lose()
            except RegistryConnectionError as error:
                self._lose()
                if error.reason not in ("lost", "not_running", "timeout"):
                    raise
                if self._rest(deadline, pause):
                    return None
                pause = min(pause * 2, 2.0)
        return None

    def _subscribe(self, deadline: _Deadline) -> None:
        connection = self._registry._dial(deadline.sooner(CALL_TIMEOUT))
        self._connection = connection
        if self._ended.is_set():
            return connection.close()
        try:
            answer = connection.request("registry.watch", self._wanted(), _Deadline(CALL_TIMEOUT))
        except CursorExpiredError:
            self._lose()
            self.cursor = None
            return
        except BaseException:
            self._lose()
            raise
        self._subscribed(answer)

    def _lose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _rest(self, deadline: _Deadline, seconds: float) -> bool:
        """Waits a little before the next attempt; true when there is no time for one."""
        try:
            left = deadline.left()
        except socket.timeout:
            return True
        return self._ended.wait(seconds if left is None else min(seconds, left))


# Values that JSON or the registry cannot carry. What a trainer reports is made fit, so that no trifle costs a training:
# they are left out, cut or converted, and told where something is missed; the rest counts. Any other call is made by
# somebody who can make it anew, and is refused.


def _whole(text: str) -> str:
    """A text without halves of characters, which no UTF-8 can hold; bytes of a path that are none come as such."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _cut(text: str, units: int) -> str:
    """The beginning of a text, of so many UTF-16 units at most, cut between two characters."""
    text = _whole(text)
    if len(text) * 2 <= units:
        return text
    for at, character in enumerate(text):
        units -= 2 if character > "\uffff" else 1
        if units < 0:
            return text[:at]
    return text


_GONE = object()


def _carried(
    value: Any,
    lost: Callable[[str, str], None],
    text: Callable[[str], str] = lambda as_it_is: as_it_is,
    path: str = "",
    above: Tuple[int, ...] = (),
) -> Any:
    """A value as JSON can carry it; what it cannot is gone from objects, and None in lists. ``lost`` is told of each."""
    if isinstance(value, str):
        return text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        try:
            if math.isfinite(value):
                return value
        except OverflowError:
            pass  # A whole number that no double holds.
        lost(path, "is NaN or infinite, which JSON cannot carry")
        return _GONE
    # Whatever its class is, what is in it may be anything.
    same: Any = value
    if isinstance(value, os.PathLike):
        return text(os.fsdecode(same))
    if isinstance(value, (Mapping, list, tuple)):
        if id(same) in above or len(above) >= _MAX_DEPTH:
            lost(path, "holds itself, which JSON cannot carry" if id(same) in above else "is nested too deep")
            return _GONE
        inside = (*above, id(same))
        if isinstance(value, Mapping):
            carried: Json = {}
            for key, one in same.items():
                name = _key(key)
                carried[text(name)] = _carried(one, lost, text, f"{path}.{name}" if path else name, inside)
            return {name: one for name, one in carried.items() if one is not _GONE}
        elements = [_carried(one, lost, text, f"{path}.{at}", inside) for at, one in enumerate(same)]
        return [None if one is _GONE else one for one in elements]
    if callable(getattr(value, "item", None)):
        try:
            # A number of numpy or torch, which is none of Python's.
            number = value.item()
        except Exception:
            number = None  # Many numbers, and no single one: told like anything else that is no JSON.
        if isinstance(number, (bool, int, float)):
            return _carried(number, lost, text, path)
    lost(path, f"is a {type(value).__name__}, which JSON cannot carry")
    return _GONE


def _sendable(params: Mapping[str, Any]) -> Json:
    """The parameters of a call that is no report: as they were given, or refused as the daemon refuses others."""
    faults: List[Tuple[str, str]] = []
    sent: Json = _carried(params, lambda path, why: faults.append((path, why)))
    if faults:
        raise _invalid(faults)
    return sent


def _key(key: Any) -> str:
    """A key as JSON has it."""
    if isinstance(key, str):
        return key
    return json.dumps(key) if key is None or isinstance(key, bool) else _said(key)


def _said(value: Any) -> str:
    """Whatever it is, as a text."""
    try:
        return f"{type(value).__name__}: {value}" if isinstance(value, BaseException) else str(value)
    except Exception:
        return f"a {type(value).__name__} that has no text"


_Tell = Callable[[str], None]


def _leave(name: str, why: str, tell: _Tell) -> Optional[Any]:
    """None, which is told."""
    tell(f"{name} {why}; it was left out")
    return None


def _number(value: Any) -> float:
    """NaN for what is none."""
    try:
        return float(value)
    except Exception:
        return math.nan


def _fraction(name: str, value: Any, tell: _Tell) -> Optional[float]:
    number = _number(value)
    if not math.isfinite(number):
        return _leave(name, "is no finite number", tell)
    clamped = min(max(number, 0.0), 1.0)
    if abs(number - clamped) > 1e-6:
        tell(f"{name} goes from 0 to 1: {number:g} was taken for {clamped:g}")
    return clamped


def _words(units: int) -> Callable[[str, Any, _Tell], str]:
    return lambda name, value, tell: _cut(_said(value), units)


def _object(limit: int) -> Callable[[str, Any, _Tell], Optional[Json]]:
    def fit(name: str, value: Any, tell: _Tell) -> Optional[Json]:
        # By its name, so that paths begin there.
        given = _carried({name: value}, lambda path, why: _leave(path, why, tell), _whole).get(name)
        if given is None:
            return None
        if not _is_object(given):
            return _leave(name, "is no object", tell)
        size = len(json.dumps(given, ensure_ascii=False, separators=(",", ":")).encode("utf-8"))
        fitting: Json = given
        return fitting if size <= limit else _leave(name, f"has {size} bytes, {limit} are allowed", tell)

    return fit


def _count(name: str, value: Any, tell: _Tell) -> Optional[int]:
    whole = -1
    if not isinstance(value, (bool, str, bytes)):
        try:
            # Of numpy and torch, too.
            whole = operator.index(value)
        except Exception:
            number = _number(value)
            whole = int(number) if number.is_integer() else -1
    return whole if 0 <= whole <= _MAX_WHOLE else _leave(name, "is no whole number", tell)


def _result_path(name: str, value: Any, tell: _Tell) -> Optional[str]:
    """A path is never mended: it would be that of another file."""
    try:
        text = os.fsdecode(value)
        path = _absolute(text) if text else ""
    except TypeError:
        return _leave(name, "is no path", tell)
    except OSError:
        return _leave(name, "is relative, and the working directory is gone", tell)
    if not path:
        return _leave(name, "is empty", tell)
    why = _unfit(path)
    if why is not None:
        return _leave(name, why, tell)
    size = len(path.encode("utf-8"))
    if size > _MAX_PATH_BYTES:
        return _leave(name, f"has {size} bytes, {_MAX_PATH_BYTES} are allowed", tell)
    return path


_FITTING: Dict[str, Callable[[str, Any, _Tell], Any]] = {
    "progress": _fraction,
    "phase": _words(_MAX_PHASE),
    "message": _words(_MAX_MESSAGE),
    "error": _words(_MAX_ERROR),
    "details": _object(_MAX_DETAILS_BYTES),
    "metadata": _object(_MAX_METADATA_BYTES),
    "file_count": _count,
    "lora_adapter_path": _result_path,
    "vector_store_path": _result_path,
    "context_path": _result_path,
    "base_model": lambda name, value, tell: _whole(_said(value)),
    "source": _object(_MAX_DETAILS_BYTES),
}


def _fit(given: Mapping[str, Any], tell: _Tell) -> Json:
    """A report as the registry takes it, as far as that can be told here; what is None is not reported."""
    fitted = {name: _FITTING[name](name, value, tell) for name, value in given.items() if value is not None}
    return {name: value for name, value in fitted.items() if value is not None}


#: What ends a lease, and what the project then is; None for whatever it was.
_ENDS: Dict[str, Optional[TrainingStatus]] = {
    "training.complete": TrainingStatus.COMPLETED,
    "training.fail": TrainingStatus.FAILED,
    "training.release": None,
}


class _Attempts:
    """The end of a training that the registry cannot write down is tried again, for a while."""

    def __init__(self, patience: Optional[float]) -> None:
        self._end = time.monotonic() + (END_TIMEOUT if patience is None else patience)
        self._pause = _FIRST_PAUSE
        #: Whether an attempt may have ended it whose answer was lost.
        self.perhaps_done = False

    def pause_after(self, error: ProjectRegistryError, tell: Callable[[str], None]) -> float:
        """Seconds until the next attempt; raises the error where there is to be none."""
        left = self._end - time.monotonic()
        if not _is_passing(error) or left <= 0:
            raise error
        self.perhaps_done = self.perhaps_done or (isinstance(error, RegistryConnectionError) and error.sent)
        # What is over in a moment, as a restart, is nobody's concern.
        if self._pause == _LONGEST_PAUSE:
            tell(f"the end cannot be written yet, and is tried for {END_TIMEOUT:g} s: {error}")
        pause, self._pause = min(self._pause, left), min(2 * self._pause, _LONGEST_PAUSE)
        return pause


class _Lease:
    """What is known of a lease without asking: both clients have it."""

    def __init__(self, token: int, project: ProjectMetadata, output: Optional[Output] = None) -> None:
        #: Greater than any before it of this project, and not consecutive, as it follows the milliseconds since 1970:
        #: a store behind a trainer can refuse an older one.
        self.token: int = token
        #: As it was when the lease was taken, and when it has ended.
        self.project: ProjectMetadata = project
        self._output: Optional[Output] = output
        #: The slot that the lease has.
        self.slot: Optional[str] = project.training.slot if project.training else None
        #: Whether it was ended, by whatever of the three.
        self.ended: bool = False
        self._is_closed = False
        self._source: Optional[Json] = None
        self._told: Set[str] = set()

    @property
    def output(self) -> Output:
        """Where to write: what is there comes into service when the training completes, and nothing before. None where the
        daemon is older than outputs, which its type leaves out so that nobody has to ask."""
        return cast(Output, self._output)

    def _tell(self, what: str) -> None:
        # To the log and not by a warning, which may be an exception; and once, because most of it comes again.
        if what not in self._told:
            self._told.add(what)
            _log.warning("training %s: %s", self.project.name, what)

    def _require_held(self, method: str) -> None:
        if self.ended:
            raise LeaseLostError(f"cannot call {method}: this lease was ended", 1007)
        if self._is_closed:
            raise RegistryConnectionError(
                "closed", f"cannot call {method}: this lease was closed, and its training is lost; take another one"
            )

    def _unreported(self, error: ProjectRegistryError) -> None:
        """A report that cannot be made now; raises the error where none will be."""
        if not _is_passing(error):
            raise error
        # The next one says it anew.
        self._tell(f"a report was left out: {error}")

    def _unknown(self, error: ProjectRegistryError) -> bool:
        if not _is_passing(error):
            raise error
        self._tell(f"whether to stop is not known: {error}")
        return False

    def _is_asked_to_stop(self, project: ProjectMetadata) -> bool:
        training = project.training
        if training is None or training.token != self.token:
            raise LeaseLostError("cannot go on: the lease has ended, or somebody else has it", 1007)
        return training.cancel_requested

    def _with_base_model(self, given: Json) -> Json:
        adapter = given["lora_adapter_path"] or (self._output and self._output.lora_adapter_path)
        path = _result_path("lora_adapter_path", adapter, lambda what: None) if adapter else None
        if given["base_model"] is None and path is not None:
            return {**given, "base_model": _base_model_of(path)}
        return given

    def _without_refused(self, params: Json, error: InvalidParamsError) -> Json:
        """A report without what the registry refuses of it; raises the error where that is all that counts."""
        refused = {path.split(".")[0] for path, _ in error.issues}
        if not refused or not refused <= set(params) - {"error", "token"}:
            raise error
        faults = "; ".join(f"{path}: {why}" for path, why in error.issues)
        self._tell(f"{faults}; {', '.join(sorted(refused))} was left out")
        return {name: value for name, value in params.items() if name not in refused}

    def _has_ended(self, method: str, project: ProjectMetadata) -> bool:
        """Whether a project is as the lease's end by this method has left it."""
        training = project.training
        ended = training is not None and training.token == self.token and training.holder is None
        return ended and _ENDS[method] in (None, project.training_status)

    def _ended_as(self, done: Json) -> ProjectMetadata:
        if "no_adapter" in done.pop("warnings", ()):
            where = "" if self._output is None else f" in {self._output.directory}"
            self._tell(f"it has completed, and there is no adapter{where}, nor one in service")
        return ProjectMetadata.from_dict(done)


class TrainingLease(_Lease):
    """The right to train a project, for as long as this process and its connection live. Children of a fork do not have
    it: there, leaving the block does nothing, and every method but :meth:`close` is refused.

    Leaving the ``with`` block completes the training; an exception fails it with its text; Ctrl-C, and anything else
    that ends the program, gives the project back as it was. A trouble that may pass, such as a full disk, a file that
    somebody is just mending or a daemon that does not answer, does not cost the training: a report is left out, and the
    end is tried for two minutes::

        with registry.training("payments", holder="lora-trainer") as lease:
            for epoch in range(3):
                if lease.cancel_requested():
                    lease.release()
                    break
                train(lease.project.source_path)
                lease.report(progress=(epoch + 1) / 3, phase="training")
            else:
                model.save_pretrained(lease.output.directory)
    """

    project: ProjectMetadata
    ended: bool

    def __init__(
        self,
        registry: ProjectRegistry,
        connection: _Connection,
        token: int,
        project: ProjectMetadata,
        output: Optional[Output] = None,
    ) -> None:
        super().__init__(token, project, output)
        self._registry = registry
        self._connection = connection
        self._lock = threading.Lock()
        # Until when somebody waits who is to end.
        self._last: Optional[_Deadline] = None
        self._holder = os.getpid()
        self._mine = True
        registry._open.add(self)
        _forkable.add(self)

    def _after_fork(self) -> None:
        self._lock = threading.Lock()
        self._mine = False

    def __enter__(self) -> "TrainingLease":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], _: object) -> None:
        try:
            if self.ended or not self._mine:
                return
            if error is None:
                self.complete()
            elif isinstance(error, LeaseLostError):
                return
            elif isinstance(error, Exception):
                self.fail(error)
            else:
                # The program is to end, and not in two minutes, nor when a daemon that hangs answers.
                self._last = _Deadline(HELLO_TIMEOUT)
                self._end("training.release", {}, patience=0)
        except ProjectRegistryError:
            # What the block has raised says more.
            if error is None:
                raise
        finally:
            self.close()

    def report(
        self,
        progress: Optional[float] = None,
        phase: Optional[str] = None,
        message: Optional[str] = None,
        details: Optional[Mapping[str, Any]] = None,
    ) -> None:
        """Says how far training is (from 0 to 1), and keeps the lease. Raises LeaseLostError when it is gone.

        A new ``phase`` is written down with its time; ``message`` is for people, ``details`` for programs.

        What is too much is cut, and what JSON or the registry cannot carry, such as NaN, is left out: the log is told,
        and the rest counts. The same holds for :meth:`complete` and :meth:`fail`. A report that the registry cannot take
        now, as its disk is full, is left out as a whole, and the log is told.
        """
        return self._say({"progress": progress, "phase": phase, "message": message, "details": details})

    def cancel_requested(self) -> bool:
        """Whether somebody has asked to stop; whoever holds the lease then releases it or fails. False where the registry
        cannot be asked now, which the log is told. Raises LeaseLostError when the lease is gone."""
        try:
            project = ProjectMetadata.from_dict(self._call("projects.get", {}))
        except ProjectRegistryError as error:
            return self._unknown(error)
        return self._is_asked_to_stop(project)

    def complete(
        self,
        file_count: Optional[int] = None,
        lora_adapter_path: Optional[PathLike] = None,
        metadata: Optional[Mapping[str, Any]] = None,
        *,
        vector_store_path: Optional[PathLike] = None,
        context_path: Optional[PathLike] = None,
        base_model: Optional[str] = None,
        source: Optional[Mapping[str, Any]] = None,
    ) -> ProjectMetadata:
        """Training has succeeded; gives the project as it is then. Where the registry cannot write that down now it is tried
        for two minutes; then what it said is raised. LeaseLostError is raised when the lease is gone. The same holds for
        :meth:`fail` and :meth:`release`.

        What is in the output comes into service, unless another path is given for it. First it is synced to the disk. Where
        the disk cannot keep it, the training has failed, and OSError is raised; InvalidParamsError where the output is no
        directory any more. ``base_model`` is read from the ``adapter_config.json`` in it by default, ``source`` is what the
        lease was taken with. ``metadata`` is merged into that of the project key by key, and None deletes one.
        """
        given: Json = {
            "file_count": file_count,
            "lora_adapter_path": lora_adapter_path,
            "vector_store_path": vector_store_path,
            "context_path": context_path,
            "base_model": base_model,
            "source": source or self._source,
            "metadata": metadata,
        }
        return self._complete(given)

    def _say(self, given: Json) -> None:
        try:
            self._report("training.progress", given)
        except ProjectRegistryError as error:
            self._unreported(error)

    def _complete(self, given: Json) -> ProjectMetadata:
        if self._output is not None and self._mine and not self.ended and self._registry._dialer.is_here():
            self._secure(str(self._output.directory))
            given = self._with_base_model(given)
        try:
            return self._end("training.complete", given)
        except InvalidParamsError as error:
            for name, why in error.issues:
                if name == "output":
                    self._give_up(why)
            raise

    def _secure(self, directory: str) -> None:
        """Syncs the output to the disk, which keeps the lease as long as the disk gets on."""
        last = time.monotonic()

        def synced() -> None:
            nonlocal last
            if time.monotonic() - last >= _SIGN_EVERY:
                last = time.monotonic()
                self.report()

        def refused(path: str, error: OSError) -> None:
            self._tell(f"cannot make sure that {path} survives a power cut: {error.strerror}")

        try:
            _sync_output(directory, synced, refused)
        except OSError as error:
            self._give_up(f"what was trained cannot be kept: {error}")
            raise

    def _give_up(self, why: str) -> None:
        """Nothing comes into service."""
        try:
            self.fail(why)
        except ProjectRegistryError as error:
            # What is raised says more.
            self._tell(f"that it has failed could not be said: {error}")

    def _find_source(self, stall: Optional[float]) -> None:
        """Of a project that nobody knew before it was claimed; told as the training completes."""
        if self._output is not None and self._registry._dialer.is_here():
            # Who is silent for too long loses the lease.
            self._source = _source_at(str(self.project.source_path), stall)

    def fail(
        self, error: Union[str, BaseException], details: Optional[Mapping[str, Any]] = None
    ) -> ProjectMetadata:
        """Training has failed, for what ``error`` says; ``details`` are for programs."""
        return self._end("training.fail", {"error": _said(error), "details": details})

    def release(self) -> ProjectMetadata:
        """Gives the project back as it was."""
        return self._end("training.release", {})

    def close(self) -> None:
        """Ends the connection; a lease that is still held is orphaned, and lost ten seconds later. After that every other
        call raises RegistryConnectionError, and so does the end of the block, which completes nothing."""
        self._is_closed = True
        self._connection.close()

    def _end(self, method: str, params: Json, patience: Optional[float] = None) -> ProjectMetadata:
        attempts = _Attempts(patience)
        while True:
            try:
                self.project = self._end_once(method, params, attempts.perhaps_done)
                break
            except ProjectRegistryError as error:
                if isinstance(error, StorageFailedError) and error.applied:
                    # It has ended all the same; whether that survives a power cut is for the caller to see.
                    self.ended = True
                    self.close()
                    raise
                pause = attempts.pause_after(error, self._tell)
            time.sleep(pause)
        self.ended = True
        self.close()
        return self.project

    def _end_once(self, method: str, params: Json, perhaps_done: bool) -> ProjectMetadata:
        try:
            done = self._report(method, params)
        except LeaseLostError:
            if not perhaps_done:
                raise
            # By an earlier attempt whose answer was lost, or by somebody else.
            project = self._registry._project("projects.get", project=self.project.project_id)
            if self._has_ended(method, project):
                return project
            raise
        return self._ended_as(done)

    def _report(self, method: str, given: Json) -> Any:
        """A call that reports what it can, and is made once more without what the registry refuses of it."""
        params: Json = {**_fit(given, self._tell), "token": self.token}
        while True:
            try:
                return self._call(method, params)
            except InvalidParamsError as error:
                params = self._without_refused(params, error)

    def _call(self, method: str, params: Json) -> Any:
        """A call under the lease. After a lost connection the lease is taken over to a new one first; that works
        only while the call has not ended it, so that making it again ends nothing twice."""
        self._require_mine(method)
        self._require_held(method)
        lock = self._lock
        # Another thread may wait for an answer.
        if not lock.acquire(timeout=-1 if self._last is None else HELLO_TIMEOUT):
            raise _unanswered(method, False)
        try:
            try:
                return self._ask(method, params)
            except RegistryConnectionError as error:
                if error.reason != "lost":
                    raise
                lost = error
            self._require_held(method)
            self._connection = self._registry._dial(self._deadline())
            try:
                resumed = self._ask("training.resume", {"token": self.token})
            except LeaseLostError:
                if lost.sent and method in _ENDS:
                    # Ended by the call whose answer was lost, or by somebody else: whoever ends it looks.
                    raise lost from None
                raise
            except BaseException:
                # Not taken over: the next call tries that again.
                self._connection.close()
                raise
            # Of a daemon that has taken the place of an older one.
            self._output = self._output or Output.from_dict(resumed.get("output"))
            return self._ask(method, params)
        finally:
            lock.release()

    def _require_mine(self, method: str) -> None:
        if not self._mine:
            raise RegistryConnectionError(
                "closed",
                f"cannot call {method}: the lease is that of process {self._holder}, from which this one was forked; "
                "leave it to that one",
            )

    def _ask(self, method: str, params: Json) -> Any:
        given = {**params, "project": self.project.project_id}
        return self._connection.request(method, given, self._deadline(), keep=True)

    def _deadline(self) -> _Deadline:
        return self._last or self._registry._deadline(None, {})


def _given(**params: Any) -> Json:
    """Parameters without those that were left out."""
    return {name: value for name, value in params.items() if value is not None}


def _nothing(answer: Any) -> None:
    pass


def _as_told(answer: Any) -> Any:
    return answer


def _undone(answer: Any) -> Optional[Undone]:
    undone: Optional[Undone] = answer["undone"]
    return undone


def _projects(answer: Any) -> List[ProjectMetadata]:
    return [ProjectMetadata.from_dict(project) for project in answer["projects"]]


def _issues(told: Sequence[Mapping[str, Any]]) -> List[RegistryIssue]:
    return [RegistryIssue.from_dict(issue) for issue in told]


def _of_active(answer: Any, part: Callable[[Any], _T]) -> Optional[_T]:
    active = answer["active_project"]
    return None if active is None else part(active)


def _taking(params: Json) -> Tuple[Json, bool]:
    """What a lease is taken with, and whether its source is to be found first: only a project that is named has one."""
    is_wanted = params.get("source") is _FOUND_OUT
    given = _sendable({name: value for name, value in params.items() if value is not _FOUND_OUT})
    return given, is_wanted and "project" in given


def _held_anyway(error: StorageFailedError) -> Json:
    """What proves a lease that stands though it was refused; raises the error where none does. The next change of the
    registry makes sure that it survives a power cut, too."""
    if not (error.applied and "token" in error.data):
        raise error
    return {"project": error.data["project"]["project_id"], "token": error.data["token"]}


def _taken(answer: Any) -> Tuple[int, ProjectMetadata, Optional[Output]]:
    return int(answer["token"]), ProjectMetadata.from_dict(answer["project"]), Output.from_dict(answer.get("output"))


def _text(status: Optional[Status]) -> Optional[str]:
    return None if status is None else TrainingStatus(status).value


def _holder(name: Optional[str]) -> Json:
    return {"pid": os.getpid(), **({} if name is None else {"name": _cut(_said(name), _MAX_HOLDER)})}


def _slot(names: Union[str, Sequence[str], None]) -> Union[str, List[str], None]:
    return names if names is None or isinstance(names, str) else list(names)


def _ms(seconds: Optional[float]) -> Optional[float]:
    # What is no number of milliseconds is refused with the others, and what is longer than all time by the daemon, with
    # the longest that it takes.
    return seconds if seconds is None or not math.isfinite(seconds) else round(min(seconds, 1e12) * 1000)


_registry: Optional[ProjectRegistry] = None
_registry_lock = threading.Lock()


def get_project_registry() -> ProjectRegistry:
    """The registry of this process, made with the first call."""
    global _registry
    with _registry_lock:
        if _registry is None or _registry._closed:
            _registry = ProjectRegistry()
        return _registry


# The client for asyncio, which is loaded when it is asked for, and not there where this file was copied alone.
_FOR_ASYNCIO = (
    "AsyncProjectRegistry",
    "AsyncTrainingLease",
    "AsyncWatch",
    "TrainingCancelledError",
    "get_async_project_registry",
)

# Type checkers know those names, and are to know no others.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _FOR_ASYNCIO:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if not _is_package():
            raise AttributeError(
                f"module {__name__!r} has no attribute {name!r}: copied alone, it has no asyncio; take the package"
            )
        return getattr(importlib.import_module(".aio", __name__), name)

    def __dir__() -> List[str]:
        return sorted({*globals(), *(_FOR_ASYNCIO if _is_package() else ())})

    def _is_package() -> bool:
        return "__path__" in globals()
