"""As typed_program.py, for the client for asyncio, which is no part of the one file that may be copied."""

from typing import List, Optional

from codebase_gardener_registry import AsyncProjectRegistry


async def awaits() -> Optional[str]:
    async with AsyncProjectRegistry() as there:
        names: List[str] = [each.name for each in await there.list_projects(sort="name")]
        there.touch_project("payments")  # type: ignore[unused-coroutine] # pyright: ignore[reportUnusedCoroutine]
        await there.touch_project(7)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        await there.update_project_metadata("payments", langage="go")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
        async with there.training("payments", slot="gpu0") as lease:
            await lease.report(progess=0.5)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
            reason: Optional[str] = await lease.cancelled()
            print(names, (await lease.complete(metadata={"loss": 0.1})).base_model)
        async for event in there.watch():
            print(event.project and event.project.name)
    return reason
