"""What an application sees of the Python client's types; checked by python-types.slow.test.ts, and never run.

A line that ends in two comments is a mistake, and each checker has to find it: one that finds none says so.
"""

from datetime import datetime
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from codebase_gardener_registry import (
    AmbiguousProjectError,
    CommandLineError,
    EndedTraining,
    EtagMismatchError,
    EventType,
    Holder,
    InvalidParamsError,
    LeaseHeldError,
    LeaseLostError,
    Outcome,
    Output,
    ProjectExistsError,
    ProjectMetadata,
    ProjectRegistry,
    ProjectRegistryError,
    RegistryConnectionError,
    RegistryEvent,
    RegistryReadOnlyError,
    Repository,
    SlotTakenError,
    StorageFailedError,
    TrainingLease,
    TrainingStatus,
    get_project_registry,
)

registry = get_project_registry()


def projects() -> Dict[str, Optional[datetime]]:
    project_id: str = registry.register_project("payments", Path("/src/payments"), tags=["work"], exist_ok=True)
    project = registry.get_project(project_id)
    project.name  # type: ignore[union-attr] # pyright: ignore[reportOptionalMemberAccess]
    assert project is not None
    path: Path = project.source_path
    status: TrainingStatus = project.training_status
    progress: Optional[float] = project.training.progress if project.training else None
    commit: Optional[str] = project.trained_from["commit"] if project.trained_from else None
    repository: Repository = {"root_commit": commit, "remote": None}
    registry.register_project("again", path, repository=repository)
    project.training_statuss  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    project.name = "other"  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]
    registry.register_project("payments")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    registry.register_project("a", "b", repository={"remote": 1})  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    registry.list_projects(status="faild")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    registry.list_projects(sort="size")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    print(progress, status is TrainingStatus.FAILED)
    found: List[ProjectMetadata] = registry.list_projects(status="failed", sort="name")
    return {each.name: each.last_trained for each in found}


def adds() -> ProjectMetadata:
    registry.add_project("/src/payments", langage="go")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    try:
        return registry.add_project(Path("/src/payments"), "payments", tags=["work"], timeout=60.0)
    except CommandLineError as error:
        print(error.kind, error.code)
        raise


def changes(project: ProjectMetadata) -> ProjectMetadata:
    registry.update_project_metadata("payments", langage="go")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    registry.update_project_metadata("payments", file_count="7")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    return registry.update_project_metadata(
        project.project_id, context_path=None, metadata={"loss": 0.1}, if_etag=project.etag or ""
    )


def answers() -> Tuple[int, Optional[str], List[str]]:
    info = registry.get_registry_info()
    info["project_cout"]  # type: ignore[typeddict-item] # pyright: ignore[reportGeneralTypeIssues]
    problem = info["problem"]
    line: Optional[int] = problem.get("line") if problem else None
    imported = registry.import_projects("/tmp/registry.json", dry_run=True)
    names = [each["name"] for each in imported["new"]] + [each["by"] for each in imported["taken"]]
    undone = registry.undo(dry_run=True)
    if undone:
        names += [name for each in undone["effect"]["changes"] for name in each["fields"]]
        active = undone["effect"].get("active_project")
        if active and active["to"]:
            names.append(active["to"]["name"])
    pruned: int = registry.prune_trainings(older=60.0)["bytes"]
    kept: List[str] = [each["reason"] for each in registry.remove_project("payments")]
    registry.repair_registry([issue.code for issue in registry.validate_registry() if issue.fixable])
    registry.repair_registry(["orphan"])  # type: ignore[list-item] # pyright: ignore[reportArgumentType]
    ended: List[EndedTraining] = registry.get_training_history("payments")
    outcome: Outcome = ended[0].status
    return info["project_count"] + pruned + (line or 0), outcome, names + kept


def trains() -> None:
    lease: Optional[TrainingLease] = registry.claim_training(languages=["go"], slot=("gpu0", "gpu1"), wait=60)
    lease.report(progress=0.1)  # type: ignore[union-attr] # pyright: ignore[reportOptionalMemberAccess]
    with registry.training("payments", stall=600.0, source={"commit": "0" * 40, "dirty": False}) as held:
        held.report(progress=0.5, phase="training", details={"epoch": 2})
        held.report(progess=0.5)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
        output: Output = held.output
        if not held.cancel_requested():
            output.lora_adapter_path.write_text("weights")
            print(held.complete(412, metadata={"loss": 0.1}).base_model)


def watches(other: ProjectRegistry) -> None:
    with other.watch(progress=True) as watch:
        first: Optional[RegistryEvent] = watch.poll(0.5)
        print(first and first.cursor)
        for event in watch:
            kind: EventType = event.type
            if event.type == "registerd":  # type: ignore[comparison-overlap] # pyright: ignore[reportUnnecessaryComparison]
                pass
            if kind == "training" and event.outcome == "failed" and event.project and event.project.training:
                print(event.project.training.error)
            if event.type == "resync":
                print([project.etag for project in event.projects or ()], event.problem and event.problem["kind"])


def errors() -> str:
    try:
        trains()
    except LeaseHeldError as error:
        holder: Optional[Holder] = error.holder
        return f"{error.project.name} {holder and holder.pid}"
    except LeaseLostError as error:
        return "nobody" if error.project is None else error.project.name
    except (EtagMismatchError, ProjectExistsError) as error:
        error.projekt  # type: ignore[union-attr] # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        return error.project.name
    except AmbiguousProjectError as error:
        return ", ".join(project.name for project in error.projects)
    except SlotTakenError as error:
        return ", ".join(use.project["name"] for use in error.holders if use.project)
    except StorageFailedError as error:
        return "applied" if error.applied else "not applied"
    except RegistryReadOnlyError as error:
        return f"{error.file.name}: {error.problem['message']}"
    except InvalidParamsError as error:
        return error.issues[0][0]
    except RegistryConnectionError as error:
        if error.reason == "hang":  # type: ignore[comparison-overlap] # pyright: ignore[reportUnnecessaryComparison]
            pass
        return "sent" if error.sent else error.reason
    except ProjectRegistryError as error:
        error.holder  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        return f"{error.kind} {error.code} {error.suggestions}"
    return ""
