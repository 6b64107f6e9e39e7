"""Reads a registry file as the Python module of version 1.0 does, with the standard library only.

What it cannot read ends it with an exception; what it has read goes to standard output.
"""

import json
import sys
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from uuid import UUID


@dataclass
class ProjectMetadata:
    project_id: str
    name: str
    source_path: str
    created_at: datetime
    last_updated: datetime
    training_status: str
    language: str
    file_count: int
    lora_adapter_path: Path | None
    vector_store_path: Path | None
    context_path: Path | None

    def __post_init__(self):
        UUID(self.project_id, version=4)
        for name in ("name", "source_path", "training_status", "language"):
            assert isinstance(getattr(self, name), str), name
        assert Path(self.source_path).is_absolute()
        assert self.training_status in ("not_started", "training", "completed", "failed")
        assert type(self.file_count) is int and self.file_count >= 0
        for name in ("created_at", "last_updated"):
            setattr(self, name, datetime.fromisoformat(getattr(self, name)))
        for name in ("lora_adapter_path", "vector_store_path", "context_path"):
            value = getattr(self, name)
            assert value is None or isinstance(value, str), name
            setattr(self, name, value and Path(value))


KNOWN = {field.name for field in fields(ProjectMetadata)}

with open(sys.argv[1], encoding="utf-8") as file:
    registry = json.load(file)
projects = {
    key: ProjectMetadata(**{name: value for name, value in stored.items() if name in KNOWN})
    for key, stored in registry["projects"].items()
}
assert all(key == project.project_id for key, project in projects.items())
assert registry["active_project"] is None or registry["active_project"] in projects
# Every other time is one too, wherever 1.1 keeps it.
for stored in registry["projects"].values():
    for name in ("last_trained", "last_used"):
        assert stored[name] is None or datetime.fromisoformat(stored[name])
json.dump(
    {
        "names": [project.name for project in projects.values()],
        "active": registry["active_project"],
        "instants": {key: project.created_at.timestamp() for key, project in projects.items()},
        "counts": {project.name: project.file_count for project in projects.values()},
    },
    sys.stdout,
)
