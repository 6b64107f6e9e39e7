"""The Python client for asyncio against the daemon. Run as test_python_client.py is.

Each test runs in asyncio's debug mode, and fails where a task, an error or a socket is left behind.
"""

import ast
import asyncio
import contextlib
import gc
import inspect
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import unittest
import unittest.mock
import warnings

import codebase_gardener_registry as client
import workers
from codebase_gardener_registry import aio
from codebase_gardener_registry.aio import AsyncProjectRegistry, TrainingCancelledError
from test_python_client import GARDENER, PATIENCE, DaemonTest, Home

LOG = "codebase_gardener_registry"


class LoopTest(Home, unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        loop = asyncio.get_running_loop()
        # A loaded machine is no fault.
        loop.slow_callback_duration = PATIENCE
        self.faults = []
        loop.set_exception_handler(lambda _, context: self.faults.append(context))
        hook = unittest.mock.patch.object(sys, "unraisablehook", lambda fault: self.faults.append(fault.exc_value))
        hook.start()
        self.addCleanup(hook.stop)
        self.tasks = asyncio.all_tasks()
        self.opened = []

    async def asyncTearDown(self):
        for registry in self.opened:
            await registry.close()
        await self.eventually(lambda: asyncio.all_tasks() <= self.tasks | {asyncio.current_task()}, "no task is left")
        gc.collect()
        await asyncio.sleep(0)
        self.assertEqual(self.faults, [])

    def connect(self, **options):
        registry = AsyncProjectRegistry(data_dir=self.data_dir, **options)
        self.opened.append(registry)
        return registry

    async def eventually(self, condition, what):
        end = time.monotonic() + PATIENCE
        while True:
            found = condition()
            if await found if inspect.isawaitable(found) else found:
                return
            self.assertLess(time.monotonic(), end, f"waited in vain until {what}")
            await asyncio.sleep(0.01)

    @contextlib.contextmanager
    def promptly(self, seconds=5):
        """Far less than what is waited for would take."""
        begun = time.monotonic()
        yield
        self.assertLess(time.monotonic() - begun, seconds)


class AsyncDaemonTest(LoopTest, DaemonTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.aio = self.connect(gardener=GARDENER, timeout=PATIENCE, start_timeout=PATIENCE)

    async def register(self, name="payments"):
        return await self.aio.register_project(name, self.codebase(name), repository=None)

    async def restarted(self):
        await asyncio.to_thread(self.restart)

    async def killed(self):
        os.kill((await self.aio.call("daemon.status"))["pid"], signal.SIGKILL)

    async def connections(self):
        return (await self.aio.call("daemon.status"))["connections"]


class Same(unittest.TestCase):
    """Both clients have the same names, which mean the same."""

    def test_names_and_parameters(self):
        for one, other, more in [
            (client.ProjectRegistry, AsyncProjectRegistry, set()),
            (client.Watch, aio.AsyncWatch, set()),
            (client.TrainingLease, aio.AsyncTrainingLease, {"cancelled", "lost"}),
        ]:
            names = {name for name in dir(one) if not name.startswith("_")}
            self.assertEqual({name for name in dir(other) if not name.startswith("_")} - more, names)
            for name in sorted(names | {"__init__"} if one is client.ProjectRegistry else names):
                if isinstance(getattr(one, name), property):
                    continue  # of both: a lease has what it knows of one class
                with self.subTest(f"{other.__name__}.{name}"):
                    mine, theirs = (inspect.signature(getattr(each, name)).parameters for each in (other, one))
                    # As they are written: the classes of the results have names of their own.
                    self.assertEqual([str(each) for each in mine.values()], [str(each) for each in theirs.values()])
                    self.assertTrue(getattr(other, name).__doc__ or not getattr(one, name).__doc__)

    def test_every_name_is_there_and_asyncio_is_not_loaded_before_it_is_asked_for(self):
        program = "import sys, codebase_gardener_registry as c; a = 'asyncio' in sys.modules; print(a, c.AsyncWatch)"
        told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        self.assertEqual(told, f"False {aio.AsyncWatch}\n")
        self.assertEqual({name: getattr(client, name) for name in client._FOR_ASYNCIO}, {n: getattr(aio, n) for n in aio.__all__})
        self.assertFalse(hasattr(client, "AsyncNothing"))

    def test_it_is_python_3_9(self):
        ast.parse(pathlib.Path(aio.__file__).read_text(encoding="utf-8"), feature_version=(3, 9))


class Calls(AsyncDaemonTest):
    async def test_a_codebase_is_added_by_the_command_line_while_other_calls_go_on(self):
        (self.codebase("shop") / "a.ts").write_text("export {}")
        adding = asyncio.ensure_future(self.aio.add_project(self.codebase("shop"), tags=["work"]))
        await self.aio.get_project_count()
        self.assertFalse(adding.done())
        project = await adding
        self.assertEqual((project.name, project.language, project.tags), ("shop", "typescript", ["work"]))
        with self.assertRaises(client.SourcePathMissingError):
            await self.aio.add_project(self.home / "nowhere")

    async def test_many_at_once_share_a_connection(self):
        await asyncio.gather(*(self.register(f"p{number}") for number in range(20)))
        found = await asyncio.gather(*(self.aio.get_project(f"p{number % 20}") for number in range(200)))
        self.assertEqual([project.name for project in found], [f"p{number % 20}" for number in range(200)])
        self.assertEqual(await self.connections(), 1)

    async def test_a_project_from_its_registration_to_its_removal(self):
        project_id = await self.register()
        self.assertEqual(await self.aio.get_active_project(), project_id)
        await self.aio.update_project_status(project_id, "completed")
        changed = await self.aio.update_project_metadata(project_id, file_count=7, context_path=None)
        self.assertEqual((changed.file_count, changed.context_path), (7, None))
        self.assertEqual([each.name for each in await self.aio.get_projects_by_status("completed")], ["payments"])
        self.assertEqual(await self.aio.get_project_count(), 1)
        self.assertEqual([issue.code for issue in await self.aio.validate_registry()], ["adapter_missing"])
        self.assertEqual(await self.aio.remove_project(project_id), [])
        self.assertIsNone(await self.aio.get_project(project_id))
        self.assertIsNotNone(await self.aio.undo())

    async def test_errors_are_those_of_the_other_client(self):
        await self.register()
        with self.assertRaises(client.ProjectNotFoundError) as caught:
            await self.aio.touch_project("paymnets")
        self.assertEqual(caught.exception.suggestions, ["payments"])
        with self.assertRaises(client.InvalidParamsError):
            await self.aio.call("projects.update", project="payments", metadata={"loss": float("nan")})

    async def test_the_repository_of_a_codebase_is_noted(self):
        path = self.codebase("payments")
        subprocess.run(["git", "init", "--quiet", path], check=True)
        subprocess.run(["git", "-C", path, "remote", "add", "origin", "https://example.org/a/b.git"], check=True)
        project_id = await self.aio.register_project("payments", path)
        self.assertEqual((await self.aio.get_project(project_id)).repository["remote"], "example.org/a/b")

    async def test_whoever_waits_is_in_nobodys_way(self):
        await self.register()
        async with self.aio.training("payments") as lease:
            waiting = asyncio.create_task(self.aio.call("training.wait", project="payments", wait_ms=60_000))
            self.assertEqual(await self.aio.get_project_count(), 1)
            await lease.complete()
        self.assertEqual((await waiting)["training_status"], "completed")

    async def test_they_go_on_through_restarts_and_a_killed_daemon(self):
        await self.register()

        async def read():
            for _ in range(50):
                await self.aio.get_project_count()

        async def change():
            for number in range(20):
                await self.aio.update_project_metadata("payments", file_count=number)

        await asyncio.gather(self.restarted(), read(), read())
        readers = asyncio.gather(*(read() for _ in range(10)))
        await self.killed()
        await readers
        await self.restarted()
        await change()
        self.assertEqual((await self.aio.get_project("payments")).file_count, 19)

    async def test_a_registry_is_of_one_loop(self):
        await self.aio.get_project_count()
        with self.assertRaisesRegex(RuntimeError, "another event loop"):
            await asyncio.to_thread(lambda: asyncio.run(self.aio.get_project_count()))

    async def test_the_registry_of_the_loop(self):
        environment = {"CODEBASE_GARDENER_DATA_DIR": str(self.data_dir), "GARDENER": "false"}
        with unittest.mock.patch.dict(os.environ, environment):
            await self.register()
            registry = client.get_async_project_registry()
            self.assertIs(registry, client.get_async_project_registry())
            self.assertEqual(await registry.get_project_count(), 1)
            await registry.close()
            self.assertIsNot(registry, client.get_async_project_registry())

    async def test_the_end_of_a_coroutine_that_is_closed_waits_for_nothing(self):
        async def use(one):
            async with one:
                await asyncio.sleep(0)

        registry = self.connect(auto_start=False)
        await self.register()
        await registry.get_project_count()
        watch = registry.watch()
        await watch.poll(PATIENCE)
        for one in (watch, registry):
            work = use(one)
            work.send(None)
            work.close()
        self.assertIsNone(await watch.poll(None))
        with self.assertRaises(client.RegistryConnectionError):
            await registry.get_project_count()
        await self.eventually(lambda: not registry._links, "it has no connection")

    async def test_a_child_of_a_fork_holds_none_of_its_connections(self):
        before = workers.sockets()
        await self.register()
        async with self.aio.training("payments"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                child = os.fork()
            if child == 0:
                os._exit(0 if workers.sockets() <= before else 1)
            self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual((await self.aio.get_project("payments")).training_status.value, "completed")


class Peer:
    """Listens in the daemon's place, says hello, and gives each request to `behave`; what that returns is the answer."""

    def __init__(self, test, behave):
        self.requests = []
        self.connections = []
        self.closed = 0
        self.before_hello = None
        self._test, self._behave = test, behave

    async def __aenter__(self):
        place = self._test.data_dir / "run"
        place.mkdir(parents=True)
        self._server = await asyncio.start_unix_server(self._serve, str(place / "registry.sock"), limit=2**26)
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for writer in self.connections:
            writer.transport.abort()
        await self._test.eventually(lambda: self.closed == len(self.connections), "the peer's connections are closed")

    async def _serve(self, reader, writer):
        self.connections.append(writer)
        answering = set()
        try:
            while line := await reader.readline():
                request = json.loads(line)
                self.requests.append(request["method"])
                answering.add(asyncio.create_task(self._answer(writer, request)))
        except ConnectionError:
            pass  # It was aborted.
        finally:
            for task in answering:
                task.cancel()
            await asyncio.gather(*answering, return_exceptions=True)
            writer.close()
            self.closed += 1

    async def _answer(self, writer, request):
        hello = request["method"] == "daemon.hello"
        if hello and self.before_hello is not None:
            await self.before_hello()
        try:
            result = {"result": {} if hello else await self._behave(request)}
        except client.ProjectRegistryError as error:
            result = {"error": {"code": error.code, "message": str(error), "data": error.data}}
        answer = {"jsonrpc": "2.0", "id": request["id"], **result}
        writer.write(json.dumps(answer).encode() + b"\n")


def forever(_):
    return asyncio.get_running_loop().create_future()


class Wire(LoopTest):
    """What goes over a connection, and what is made of its end."""

    async def test_a_call_that_is_cancelled_costs_nobody_anything(self):
        late = asyncio.Event()

        async def behave(request):
            if request["method"] == "registry.info":
                await late.wait()
            return 7

        async with Peer(self, behave) as peer:
            registry = self.connect(auto_start=False)
            calls = [asyncio.create_task(registry.call("registry.info")) for _ in range(3)]
            await self.eventually(lambda: peer.requests.count("registry.info") == 3, "it was sent")
            calls[0].cancel()
            with self.promptly(), self.assertRaises(asyncio.CancelledError):
                await calls[0]
            late.set()
            self.assertEqual(await asyncio.gather(*calls[1:], registry.get_project_count()), [7, 7, 7])
            self.assertEqual(len(peer.connections), 1)

    async def test_a_call_that_is_not_answered_ends_and_the_next_one_dials(self):
        async with Peer(self, forever) as peer:
            registry = self.connect(auto_start=False)
            for _ in range(2):
                with self.assertRaises(client.RegistryConnectionError) as caught:
                    await registry.call("projects.activate", timeout=0.1)
                self.assertEqual((caught.exception.reason, caught.exception.sent), ("timeout", True))
            self.assertEqual(len(peer.connections), 2)
            await self.eventually(lambda: peer.closed == 2, "nothing is left of them")

    async def test_a_lost_read_is_repeated_once_and_a_lost_change_is_not(self):
        async def behave(request):
            if request["method"] != "projects.count" or len(peer.connections) == 1:
                for writer in peer.connections:
                    writer.transport.abort()
            return 7

        async with Peer(self, behave) as peer:
            registry = self.connect(auto_start=False)
            self.assertEqual(await registry.get_project_count(), 7)
            for method, times in [("registry.validate", 2), ("registry.repair", 1)]:
                with self.assertRaises(client.RegistryConnectionError) as caught:
                    await registry.call(method)
                self.assertEqual((caught.exception.reason, caught.exception.sent), ("lost", True))
                self.assertEqual(peer.requests.count(method), times)

    async def test_what_the_daemon_has_not_done_as_it_ends_is_done_by_the_next(self):
        slow = asyncio.Event()

        async def behave(request):
            if request["method"] == "registry.info":
                await slow.wait()
            elif len(peer.connections) == 1:
                raise client.ShuttingDownError("ended", 1011, {"kind": "shutting_down"})
            return 7

        async with Peer(self, behave) as peer:
            registry = self.connect(auto_start=False)
            first = asyncio.create_task(registry.get_registry_info())
            await self.eventually(lambda: "registry.info" in peer.requests, "it was sent")
            self.assertEqual(await registry.call("projects.activate"), 7)
            slow.set()
            # It was begun, and is answered by the one that ends.
            self.assertEqual(await first, 7)
            self.assertEqual(peer.requests.count("registry.info"), 1)

    async def test_lines_may_be_long_and_many(self):
        async def behave(request):
            return len(request["params"]["blob"]) * "x"

        async with Peer(self, behave):
            registry = self.connect(auto_start=False)
            await registry.call("projects.count", blob="")
            calls = asyncio.gather(*(registry.call("projects.count", blob="x" * 1_000_000) for _ in range(10)))
            for _ in range(3):
                await asyncio.sleep(0)
                # One at a time is put together and kept.
                self.assertLess(registry._shared._transport.get_write_buffer_size(), 2_000_000)
            self.assertEqual({len(told) for told in await calls}, {1_000_000})
            with self.assertRaisesRegex(ValueError, "4194304 are allowed"):
                await registry.call("projects.count", blob="x" * 4_194_304)
            self.assertEqual(len(await registry.call("projects.count", blob="x")), 1)

    async def test_closing_ends_what_waits(self):
        async with Peer(self, forever) as peer:
            registry = self.connect(auto_start=False)
            call = asyncio.create_task(registry.call("training.wait"))
            await self.eventually(lambda: "training.wait" in peer.requests, "it was sent")
            with self.promptly():
                await registry.close()
                self.assertEqual(registry._links, set())
                with self.assertRaises(client.RegistryConnectionError) as caught:
                    await call
            self.assertEqual(caught.exception.reason, "closed")
            with self.assertRaises(client.RegistryConnectionError):
                await registry.get_project_count()


class Dialling(LoopTest):
    async def test_one_of_those_who_wait_may_go(self):
        greeted = asyncio.Event()

        async def behave(request):
            return 7

        async with Peer(self, behave) as peer:
            peer.before_hello = greeted.wait
            registry = self.connect(auto_start=False)
            calls = [asyncio.create_task(registry.get_project_count()) for _ in range(3)]
            await self.eventually(lambda: peer.requests, "somebody dials")
            calls[0].cancel()
            with self.promptly(1), self.assertRaises(asyncio.CancelledError):
                await calls[0]
            with self.promptly(1), self.assertRaises(client.RegistryConnectionError) as caught:
                await registry.call("projects.count", timeout=0.05)
            self.assertEqual((caught.exception.reason, caught.exception.sent), ("timeout", False))
            greeted.set()
            self.assertEqual(await asyncio.gather(*calls[1:]), [7, 7])
            self.assertEqual(len(peer.connections), 1)

    async def test_what_nobody_waits_for_is_closed(self):
        greeted = asyncio.Event()
        for end in ("cancel", "close"):
            with self.subTest(end):
                self.data_dir = self.home / end
                greeted.clear()
                async with Peer(self, forever) as peer:
                    peer.before_hello = greeted.wait
                    registry = self.connect(auto_start=False)
                    call = asyncio.create_task(registry.get_project_count())
                    await self.eventually(lambda: peer.requests, "it dials")
                    with self.promptly(1), self.assertRaises((asyncio.CancelledError, client.RegistryConnectionError)):
                        if end == "cancel":
                            call.cancel()
                        else:
                            await registry.close()
                        await call
                    greeted.set()
                    await self.eventually(lambda: peer.closed == 1, "its thread has closed the connection")

    async def test_an_error_that_nobody_waits_for_any_more_is_nobodys(self):
        registry = self.connect(auto_start=False)
        call = asyncio.create_task(registry.get_project_count())
        await asyncio.sleep(0)
        registry._dialling.add_done_callback(lambda _: call.cancel())
        await asyncio.wait({call})
        self.assertTrue(call.cancelled())
        del call
        gc.collect()
        self.assertEqual(self.faults, [])

    async def test_nor_is_it_left_where_it_was_made_a_moment_before(self):
        undone = []
        job = aio._Job(lambda: "a connection", undone.append)
        waiting = asyncio.create_task(job.result())
        await asyncio.sleep(0)
        # The loop has no turn meanwhile.
        self.until(lambda: job._made, "its thread has made it")
        waiting.cancel()
        await asyncio.wait({waiting})
        self.assertEqual((waiting.cancelled(), undone), (True, ["a connection"]))

    async def test_a_dial_keeps_neither_the_loop_nor_the_process(self):
        program = f"""
import asyncio, sys
from codebase_gardener_registry.aio import AsyncProjectRegistry
SLEEPS = [sys.executable, "-c", "import time; time.sleep(30)"]
async def main():
    # Development mode tells of every turn of the loop that takes long, as any does on a busy machine.
    asyncio.get_running_loop().slow_callback_duration = 60
    async with AsyncProjectRegistry(data_dir={str(self.data_dir)!r}, gardener=SLEEPS, start_timeout=60) as registry:
        try:
            await asyncio.wait_for(registry.get_project_count(), 0.2)
        except asyncio.TimeoutError:
            print("given up")
asyncio.run(main())
"""
        with self.promptly(20):
            done = await asyncio.to_thread(
                subprocess.run, [sys.executable, "-X", "dev", "-W", "error", "-c", program], capture_output=True, text=True
            )
        self.assertEqual((done.stdout, done.stderr), ("given up\n", ""))


class Watches(AsyncDaemonTest):
    async def test_a_snapshot_and_then_every_change_through_restarts(self):
        await self.register("a")
        async with self.aio.watch() as changes:
            event = await changes.poll(PATIENCE)
            self.assertEqual((event.type, [each.name for each in event.projects]), ("resync", ["a"]))
            await self.restarted()
            await self.register("b")
            await self.killed()
            # A change that is sent before that is noticed is lost; this is not.
            self.assertEqual(await self.aio.get_project_count(), 2)
            await self.register("c")
            seen = {"a"}
            while "c" not in seen:
                event = await changes.poll(PATIENCE)
                seen |= {each.name for each in event.projects or filter(None, [event.project])}
            self.assertEqual(seen, {"a", "b", "c"})
            self.assertIsNone(await changes.poll(0.01))

    async def test_one_that_stops_waiting_loses_nothing(self):
        await self.register()
        async with self.aio.watch() as changes:
            await changes.poll(PATIENCE)
            for _ in range(5):
                waiting = asyncio.create_task(changes.poll(None))
                await asyncio.sleep(0)
                with self.assertRaisesRegex(RuntimeError, "another task"):
                    await changes.poll(0)
                waiting.cancel()
                await asyncio.wait({waiting})
            await self.aio.touch_project("payments")
            self.assertEqual((await changes.poll(PATIENCE)).type, "updated")

    async def test_closing_it_ends_the_iteration(self):
        for close in ("the watch", "the registry"):
            with self.subTest(close):
                registry = self.connect(gardener=GARDENER)
                changes = registry.watch()
                seen = []

                async def read():
                    async for event in changes:
                        seen.append(event.type)

                reader = asyncio.create_task(read())
                await self.eventually(lambda: seen, "it has the snapshot")
                with self.promptly():
                    await (changes if close == "the watch" else registry).close()
                    await reader
                self.assertEqual(seen, ["resync"])

    async def test_one_that_is_left_by_a_break_has_no_connection(self):
        async for event in self.aio.watch():
            self.assertEqual(await self.connections(), 2)
            break
        gc.collect()

        async def alone():
            return await self.connections() == 1

        await self.eventually(alone, "it is closed")

    async def test_whoever_does_not_read_holds_little_and_misses_nothing_that_holds(self):
        await self.register()
        async with self.aio.watch() as changes:
            await changes.poll(PATIENCE)
            for number in range(400):
                await self.aio.update_project_metadata("payments", metadata={"x": str(number) * 5000})
            link = changes._link
            self.assertLess(len(link._notifications), 2 * aio._MAX_NOTIFICATIONS)
            self.assertTrue(link._is_paused)
            types = []
            while "resync" not in types:
                event = await changes.poll(PATIENCE)
                types.append(event.type)
            self.assertLess(len(types), 400)
            while event.projects is None or event.projects[0].metadata["x"] != "399" * 5000:
                event = await changes.poll(PATIENCE)


class Trainings(AsyncDaemonTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        await self.register()

    async def status(self):
        return (await self.aio.get_project("payments")).training_status.value

    async def trains(self):
        return await self.status() == "training"

    async def outcome(self):
        return (await self.aio.get_project("payments")).training.outcome

    async def test_leaving_the_block_completes_it(self):
        async with self.aio.training("payments", holder="lora-trainer") as lease:
            await lease.report(progress=0.5, phase="epochs")
            training = (await self.aio.get_project("payments")).training
            self.assertEqual((training.progress, training.phase, training.holder.pid), (0.5, "epochs", os.getpid()))
            with self.assertRaises(client.LeaseHeldError):
                await self.aio.training("payments")
            lease.output.lora_adapter_path.write_text("weights")
            with self.assertLogs(LOG, "WARNING"):
                await lease.report(progress=float("nan"), message="m")
        self.assertEqual((lease.ended, lease.lost, await self.status()), (True, False, "completed"))
        self.assertEqual(lease.project.lora_adapter_path, lease.output.lora_adapter_path)
        with self.assertRaises(client.LeaseLostError):
            await lease.cancelled()

    async def test_an_exception_fails_it(self):
        with self.assertRaises(MemoryError):
            async with self.aio.training("payments"):
                raise MemoryError("no room")
        self.assertEqual((await self.aio.get_project("payments")).training.error, "MemoryError: no room")

    async def train(self, work):
        lease = await self.aio.claim_training()
        async with lease:
            await work(lease)

    async def test_a_cancelled_task_gives_it_back(self):
        async def idle(lease):
            await asyncio.sleep(PATIENCE)

        async def speak(lease):
            while True:
                await lease.report(message="x")

        async def listen(lease):
            await lease.cancelled()

        for work in (idle, speak, listen):
            with self.subTest(work.__name__):
                task = asyncio.create_task(self.train(work))

                await self.eventually(self.trains, "it trains")
                task.cancel()
                with self.promptly(), self.assertRaises(asyncio.CancelledError):
                    await task
                self.assertEqual((await self.status(), await self.outcome()), ("not_started", "released"))

    async def test_one_that_is_cancelled_as_it_completes_is_given_back(self):
        syncing, synced, stopped = threading.Event(), threading.Event(), threading.Event()

        def sync(directory, tell, refused):
            syncing.set()
            synced.wait(PATIENCE)
            try:
                tell()
            except InterruptedError:
                stopped.set()

        with unittest.mock.patch.object(aio, "_sync_output", sync):
            task = asyncio.create_task(self.train(lambda lease: asyncio.sleep(0)))
            await asyncio.to_thread(syncing.wait, PATIENCE)
            task.cancel()
            with self.promptly(), self.assertRaises(asyncio.CancelledError):
                await task
            self.assertEqual(await self.status(), "not_started")
            synced.set()
            await self.eventually(stopped.is_set, "nothing more is synced")

    async def test_a_cancelled_task_does_not_wait_for_a_daemon_that_hangs(self):
        pid = (await self.aio.call("daemon.status"))["pid"]
        begun = asyncio.Event()

        async def work(lease):
            begun.set()
            await asyncio.sleep(PATIENCE)

        task = asyncio.create_task(self.train(work))
        await asyncio.wait_for(begun.wait(), PATIENCE)
        os.kill(pid, signal.SIGSTOP)
        try:
            task.cancel()
            with self.promptly(client.HELLO_TIMEOUT + 5), self.assertLogs(LOG, "WARNING") as log:
                with self.assertRaises(asyncio.CancelledError):
                    await task
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertIn("it could not be given back: nobody answered", str(log.output))

    async def test_one_in_a_generator_that_is_closed_is_given_back(self):
        async def trains():
            async with self.aio.training("payments") as lease:
                yield lease

        async def through_a_stack():
            async with contextlib.AsyncExitStack() as stack:
                yield await stack.enter_async_context(self.aio.training("payments"))

        for generator in (trains, through_a_stack):
            with self.subTest(generator.__name__):
                closed = generator()
                lease = await closed.__anext__()
                await closed.aclose()
                self.assertEqual((lease.ended, await self.status(), await self.outcome()), (True, "not_started", "released"))
                async for left in generator():
                    break
                await self.eventually(lambda: left.ended, "the loop has closed the generator")
                self.assertEqual(await self.status(), "not_started")

    async def test_one_in_a_coroutine_that_is_closed_is_dropped(self):
        async def train(lease):
            async with lease:
                await asyncio.sleep(0)

        lease = await self.aio.training("payments")
        work = train(lease)
        work.send(None)
        work.close()
        with self.assertRaisesRegex(client.LeaseLostError, "nobody can ask"):
            await asyncio.wait_for(lease.cancelled(), PATIENCE)
        await self.eventually(lease._link._closed.done, "it has no connection")
        self.assertTrue(lease._keeper.done())

    async def test_one_that_nobody_has_any_more_is_not_held(self):
        lease = await self.aio.training("payments")
        link, keeper = lease._link, lease._keeper
        await self.eventually(lambda: link._arrival is not None, "its keeper listens")
        with self.assertWarnsRegex(ResourceWarning, "the training of payments was never ended"):
            del lease
            gc.collect()
        await self.eventually(lambda: link._closed.done() and keeper.done(), "it has no connection")

    async def test_one_that_is_closed_is_not_taken_up_again(self):
        with self.assertRaisesRegex(client.RegistryConnectionError, "training.complete: this lease was closed"):
            async with self.aio.training("payments") as lease:
                await lease.close()
                with self.assertRaisesRegex(client.RegistryConnectionError, "training.progress: this lease was closed"):
                    await lease.report(progress=0.5)
        self.assertEqual((await self.status(), lease.ended), ("training", False))

    async def test_whoever_waits_for_one_may_go(self):
        await self.aio.update_project_status("payments", "completed")
        self.assertIsNone(await self.aio.claim_training())
        with self.promptly(), self.assertRaises(asyncio.TimeoutError):
            await asyncio.wait_for(self.aio.claim_training(wait=60), 0.2)
        await self.aio.retrain_project("payments")
        async with await self.aio.claim_training(wait=60) as lease:
            self.assertEqual(lease.project.name, "payments")

    async def test_after_a_request_to_stop_it_never_completes(self):
        async def leave(lease):
            pass

        async def complete(lease):
            await lease.complete(file_count=3)

        for end in (leave, complete):
            with self.subTest(end.__name__), self.assertRaises(TrainingCancelledError) as caught:
                async with self.aio.training("payments") as lease:
                    self.assertFalse(await lease.cancel_requested())
                    await self.aio.call("training.cancel", project="payments", reason="nap")
                    self.assertEqual(await asyncio.wait_for(lease.cancelled(), PATIENCE), "nap")
                    self.assertTrue(await lease.cancel_requested())
                    await end(lease)
            self.assertEqual((caught.exception.reason, await self.outcome()), ("nap", "cancelled"))
        # Also where nobody had the time to notice.
        with unittest.mock.patch.object(aio.AsyncTrainingLease, "_look"), self.assertRaises(TrainingCancelledError):
            async with self.aio.training("payments"):
                await self.aio.call("training.cancel", project="payments")
        # And while what it has made is synced.
        sync = unittest.mock.Mock(side_effect=lambda *_: self.registry.call("training.cancel", project="payments"))
        with unittest.mock.patch.object(aio, "_sync_output", sync), self.assertRaises(TrainingCancelledError):
            async with self.aio.training("payments"):
                pass
        self.assertEqual(await self.outcome(), "cancelled")
        async with self.aio.training("payments") as lease:
            await self.aio.call("training.cancel", project="payments")
            await lease.release()
        self.assertEqual((await self.status(), await self.outcome()), ("not_started", "cancelled"))

    async def test_it_outlives_its_connection_and_the_daemon_though_the_block_is_silent(self):
        async with self.aio.training("payments") as lease:
            for end in (self.restarted, self.killed, lambda: lease._link.close()):
                before = lease._link
                done = end()
                if done is not None:
                    await done
                await self.eventually(lambda: lease._link is not before and lease._link.usable, "it is held again")
                await lease.report(message="x")
            # And it hears of what is asked since.
            await self.aio.call("training.cancel", project="payments", reason="nap")
            self.assertEqual(await asyncio.wait_for(lease.cancelled(), PATIENCE), "nap")
            await lease.release()

    async def test_one_that_somebody_else_has_taken_is_lost_and_told(self):
        with self.assertRaises(client.LeaseLostError):
            async with self.aio.training("payments") as lease:
                other = await self.aio.training("payments", force=True)
                with self.assertRaises(client.LeaseLostError):
                    await asyncio.wait_for(lease.cancelled(), PATIENCE)
                self.assertTrue(lease.lost)
                with self.assertRaises(client.LeaseLostError):
                    await lease.report(progress=0.1)
        self.assertEqual(await self.status(), "training")
        async with other:
            await other.complete(file_count=3)
        self.assertEqual((await self.status(), other.project.file_count), ("completed", 3))

    async def test_one_whose_project_is_removed_is_lost(self):
        with self.assertRaises(client.ProjectNotFoundError):
            async with self.aio.training("payments") as lease:
                await self.aio.remove_project("payments", force=True)
                await asyncio.wait_for(lease.cancelled(), PATIENCE)

    async def test_what_cannot_be_kept_fails_it(self):
        def sync(directory, synced, refused):
            raise OSError(28, "No space left on device", directory)

        with unittest.mock.patch.object(aio, "_sync_output", sync), self.assertRaisesRegex(OSError, "No space"):
            async with self.aio.training("payments"):
                pass
        self.assertIn("cannot be kept", (await self.aio.get_project("payments")).training.error)

    async def test_signs_of_life_are_given_as_long_as_the_disk_gets_on(self):
        reported = threading.Event()

        def sync(directory, synced, refused):
            synced()
            self.assertTrue(reported.wait(PATIENCE))

        async def report(lease, given):
            reported.set()

        with unittest.mock.patch.object(aio, "_sync_output", sync), unittest.mock.patch.object(aio, "_SIGN_EVERY", 0.01):
            with unittest.mock.patch.object(aio.AsyncTrainingLease, "_say", report):
                async with self.aio.training("payments"):
                    pass
        self.assertEqual(await self.status(), "completed")

    async def test_ctrl_c_gives_it_back(self):
        program = f"""
import asyncio
from codebase_gardener_registry.aio import AsyncProjectRegistry
async def main():
    async with AsyncProjectRegistry(data_dir={str(self.data_dir)!r}, auto_start=False) as registry:
        async with registry.training("payments"):
            print("trains", flush=True)
            await asyncio.sleep({PATIENCE})
asyncio.run(main())
"""
        trainer = await asyncio.create_subprocess_exec(
            sys.executable, "-X", "dev", "-W", "error", "-c", program, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        await trainer.stdout.readline()
        trainer.send_signal(signal.SIGINT)
        _, errors = await trainer.communicate()
        self.assertRegex(errors.decode().splitlines()[-1], "^KeyboardInterrupt")
        self.assertEqual((await self.status(), await self.outcome()), ("not_started", "released"))


class Ends(LoopTest):
    """The end of a training that the registry does not take at once, or does not answer."""

    FULL = client.StorageFailedError("cannot write the registry", 1010, {"kind": "storage_failed"})
    LOST = client.LeaseLostError("cannot go on", 1007, {"kind": "lease_lost"})

    async def train(self, *answers, status="completed"):
        """A lease that is completed, with what the daemon says to that; gives what was asked of it."""
        left = list(answers)
        training = {"token": 7, "holder": None}
        project = {"project_id": "p", "name": "payments", "source_path": "/src", "training_status": status}
        project["training"] = training

        async def behave(request):
            method = request["method"]
            if method == "training.begin":
                return {"token": 7, "project": project}
            if method == "training.resume":
                raise self.LOST
            if method == "registry.watch":
                return {"subscription": "s", "cursor": "c"}
            answer = left.pop(0) if left and method.startswith("training.") else project
            if answer == "close":
                peer.connections[0].transport.abort()
                return await forever(request)
            if isinstance(answer, Exception):
                raise answer
            return answer

        async with Peer(self, behave) as peer:
            registry = self.connect(auto_start=False)
            async with registry.training("payments", source=None) as lease:
                pass
            self.assertTrue(lease.ended)
            await registry.close()
        return [method for method in peer.requests if method in ("training.complete", "training.fail")]

    async def test_it_is_tried_until_it_is_written(self):
        self.assertEqual(await self.train(self.FULL, self.FULL), ["training.complete"] * 3)

    async def test_one_whose_answer_was_lost_is_known_again(self):
        self.assertEqual(await self.train("close"), ["training.complete"])

    async def test_one_of_somebody_else_is_not(self):
        with self.assertRaises(client.LeaseLostError):
            await self.train("close", status="failed")


if __name__ == "__main__":
    unittest.main()
