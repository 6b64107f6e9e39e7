"""What a training leaves behind, through the Python client. Run as test_python_client.py is."""

import contextlib
import errno
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import unittest
import unittest.mock
from dataclasses import replace

import codebase_gardener_registry as client
from codebase_gardener_registry import ProjectRegistry
from test_python_client import PATIENCE, DaemonTest, Home, StandIn

LOG = "codebase_gardener_registry"
CONFIG = json.dumps({"base_model_name_or_path": "meta-llama/Llama-3.1-8B"})


class Outputs(DaemonTest):
    def setUp(self):
        super().setUp()
        self.registry.register_project("payments", self.codebase("payments"))

    def project(self):
        return self.registry.get_project("payments")

    def test_what_is_written_there_comes_into_service_as_the_training_completes(self):
        before = self.project()
        with self.registry.training("payments") as lease:
            output = lease.output
            self.assertEqual(output.directory, self.data_dir / "projects" / before.project_id / "trainings" / str(lease.token))
            self.assertEqual(output.directory.stat().st_mode & 0o777, 0o700)
            output.lora_adapter_path.write_text("weights")
            output.vector_store_path.mkdir()
            self.assertEqual(self.project().lora_adapter_path, before.lora_adapter_path)
        after = self.project()
        self.assertEqual(after.lora_adapter_path, output.lora_adapter_path)
        self.assertEqual(after.vector_store_path, output.vector_store_path)
        self.assertEqual(after.context_path, before.context_path)
        self.assertEqual((after.training.outcome, after.base_model), ("completed", None))

    def test_a_training_that_fails_leaves_what_is_in_service(self):
        with self.registry.training("payments") as lease:
            lease.output.lora_adapter_path.write_text("good")
        with self.assertRaises(MemoryError), self.registry.training("payments") as lease:
            lease.output.lora_adapter_path.write_text("part")
            raise MemoryError
        self.assertEqual(self.project().lora_adapter_path.read_text(), "good")
        self.assertEqual(self.project().training.outcome, "failed")

    def test_other_paths_may_be_given(self):
        adapter, vectors, context = (self.home / name for name in ("adapter", "vectors", "context"))
        with self.registry.training("payments") as lease:
            lease.complete(lora_adapter_path=adapter, vector_store_path=str(vectors), context_path=context)
        project = self.project()
        paths = (project.lora_adapter_path, project.vector_store_path, project.context_path)
        self.assertEqual(paths, (adapter, vectors, context))

    def test_it_is_the_same_after_a_restart(self):
        with self.registry.claim_training() as lease:
            output = lease.output
            self.restart()
            lease.report(progress=0.5)
            self.assertEqual(lease.output, output)
            self.assertTrue(output.directory.is_dir())

    def test_the_model_is_what_the_adapter_says(self):
        elsewhere = self.codebase("elsewhere")
        (elsewhere / "adapter_config.json").write_text('{"base_model_name_or_path": "other"}')
        long = json.dumps({"base_model_name_or_path": "m" * 1025})
        for name, written, given, expected in (
            ("adapter_config.json", CONFIG, {}, "meta-llama/Llama-3.1-8B"),
            ("lora_adapter.bin/adapter_config.json", CONFIG, {}, "meta-llama/Llama-3.1-8B"),
            ("adapter_config.json", CONFIG, {"base_model": "mine"}, "mine"),
            ("adapter_config.json", CONFIG, {"lora_adapter_path": elsewhere}, "other"),
            ("adapter_config.json", CONFIG, {"lora_adapter_path": elsewhere / "weights"}, "other"),
            ("adapter_config.json", CONFIG + " " * 65536, {}, None),
            ("adapter_config.json", CONFIG[1:], {}, None),
            ("adapter_config.json", "[]", {}, None),
            ("adapter_config.json", long, {}, None),
            ("adapter_config.json", "link", {}, None),
            ("adapter_config.json", "pipe", {}, None),
        ):
            with self.subTest(written[:20], given=given), self.registry.training("payments") as lease:
                config = lease.output.directory / name
                config.parent.mkdir(exist_ok=True)
                if written == "link":
                    config.symlink_to(elsewhere / "adapter_config.json")
                elif written == "pipe":
                    os.mkfifo(config)
                else:
                    config.write_text(written)
                lease.complete(**given)
            self.assertEqual(self.project().base_model, expected, (written[:20], given))

    def test_one_that_is_a_link_by_now_fails_the_training(self):
        before = self.project()
        told = "output: .* can be brought into service: it is no directory any more$"
        with self.assertRaisesRegex(client.InvalidParamsError, told), self.registry.training("payments") as lease:
            lease.output.directory.rmdir()
            lease.output.directory.symlink_to(self.codebase("elsewhere"))
        after = self.project()
        self.assertEqual((after.training_status.value, after.lora_adapter_path), ("failed", before.lora_adapter_path))
        self.assertRegex(after.training.error, "can be brought into service: it is no directory any more$")

    @unittest.skipUnless(os.path.isdir("/proc/self/fd"), "needs /proc, which tells what is synced")
    def test_it_is_synced_before_it_comes_into_service(self):
        synced = self.synced()
        with self.registry.training("payments") as lease:
            directory = lease.output.directory
            (directory / "vector_store" / "deep").mkdir(parents=True)
            (directory / "vector_store" / "deep" / "index").write_text("x")
            (directory / "context.json").symlink_to(self.codebase("elsewhere"))
            os.mkfifo(directory / "pipe")
        names = ["", "vector_store", "vector_store/deep", "vector_store/deep/index"]
        above = [directory.parent.parent, directory.parent]
        self.assertEqual(sorted(synced), [str(path) for path in (*above, *(directory / name for name in names))])

    @unittest.skipUnless(os.path.isdir("/proc/self/fd"), "needs /proc, which tells what is synced")
    def test_what_the_disk_refuses_fails_the_training_and_is_told(self):
        before = self.project()
        for leave in (lambda lease: None, lambda lease: lease.complete()):
            self.synced(refused="weights")
            with self.assertRaises(OSError) as caught, self.registry.training("payments") as lease:
                weights = lease.output.directory / "weights"
                weights.write_text("x")
                leave(lease)
            self.assertEqual((caught.exception.errno, caught.exception.filename), (errno.EIO, str(weights)))
            after = self.project()
            self.assertEqual((after.training.outcome, after.lora_adapter_path), ("failed", before.lora_adapter_path))
            self.assertRegex(after.training.error, "^what was trained cannot be kept: .*Input/output error: .*weights'$")

    def test_a_directory_that_is_replaced_while_it_is_synced_has_nothing(self):
        scandir = os.scandir

        def replaced(path):
            if os.path.basename(path) == "checkpoint":
                os.rmdir(path)
                pathlib.Path(path).touch()
            return scandir(path)

        with unittest.mock.patch.object(os, "scandir", replaced), self.registry.training("payments") as lease:
            (lease.output.directory / "checkpoint").mkdir()
            lease.output.lora_adapter_path.write_text("weights")
        self.assertTrue((lease.output.directory / "checkpoint").is_file())
        self.assertEqual(self.project().training.outcome, "completed")

    def synced(self, refused=None):
        """The paths of what is synced from now on; the disk may refuse one by its name."""
        seen = []

        def fsync(descriptor):
            seen.append(os.readlink(f"/proc/self/fd/{descriptor}"))
            if os.path.basename(seen[-1]) == refused:
                raise OSError(errno.EIO, os.strerror(errno.EIO))

        patch = unittest.mock.patch.object(os, "fsync", fsync)
        patch.start()
        self.addCleanup(patch.stop)
        return seen

    @unittest.skipIf(os.geteuid() == 0, "root may open everything")
    def test_what_may_not_be_opened_is_told(self):
        with self.assertLogs(LOG, "WARNING") as log, self.registry.training("payments") as lease:
            secret = lease.output.directory / "secret"
            secret.touch(mode=0)
        self.assertEqual(log.records[0].args[1], f"cannot make sure that {secret} survives a power cut: Permission denied")
        self.assertEqual(self.project().training.outcome, "completed")

    def test_a_trainer_does_not_stall_while_it_is_synced(self):
        signs = []
        with unittest.mock.patch.object(client, "_SIGN_EVERY", 0), self.registry.training("payments") as lease:
            report = lease.report
            lease.report = lambda: (signs.append(lease.ended), report())
            for name in "abc":
                (lease.output.directory / name).write_text("x")
        self.assertEqual(signs, [False] * 3)

    def test_one_of_another_machine_is_not_looked_at(self):
        synced = self.synced()
        with unittest.mock.patch("socket.gethostname", return_value="build7"):
            with self.registry.training("payments") as lease:
                (lease.output.directory / "adapter_config.json").write_text(CONFIG)
        self.assertEqual((synced, self.project().base_model), ([], None))
        self.assertEqual(self.project().lora_adapter_path, lease.output.directory)


@unittest.skipUnless(shutil.which("git"), "needs git")
class Sources(DaemonTest):
    def setUp(self):
        super().setUp()
        self.path = self.codebase("payments")
        self.registry.register_project("payments", self.path)
        self.git("init", "-q")
        (self.path / "kept.py").write_text("1")
        self.git("add", ".")
        self.commit = self.committed("first")

    def git(self, *words):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        command = ["git", "-C", str(self.path), *identity, *words]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()

    def committed(self, message):
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def trained_from(self):
        return self.registry.get_project("payments").trained_from

    def test_the_commit_is_noted_as_training_begins(self):
        with self.registry.training("payments") as lease:
            self.assertEqual(lease.project.training.source, {"commit": self.commit, "dirty": False})
            self.committed("second")
        self.assertEqual(self.trained_from(), {"commit": self.commit, "dirty": False})

    def test_also_of_what_was_claimed(self):
        with self.registry.claim_training() as lease:
            self.committed("second")
        self.assertEqual(self.trained_from(), {"commit": self.commit, "dirty": False})

    def test_and_whether_there_was_more(self):
        (self.path / ".gitignore").write_text("ignored\n")
        self.git("add", ".")
        self.commit = self.committed("second")
        for change, dirty in (
            (lambda: (self.path / "ignored").write_text("x"), False),
            (lambda: (self.path / "new.py").write_text("x"), True),
            (lambda: self.git("add", "new.py"), True),
            (lambda: self.git("rm", "-q", "-f", "--cached", "new.py"), True),
            (lambda: (self.path / "new.py").unlink(), False),
            (lambda: (self.path / "kept.py").write_text("22"), True),
        ):
            change()
            with self.registry.training("payments"):
                pass
            self.assertEqual(self.trained_from(), {"commit": self.commit, "dirty": dirty})

    def test_it_may_be_given_or_left_out(self):
        given = {"commit": "1" * 40, "dirty": True}
        with self.registry.training("payments", source=given):
            pass
        self.assertEqual(self.trained_from(), given)
        self.registry.retrain_project("payments")
        with self.registry.claim_training(source=given):
            pass
        self.assertEqual(self.trained_from(), given)
        with self.registry.training("payments", source=None) as lease:
            lease.complete(source={**given, "dirty": False})
        self.assertEqual(self.trained_from(), {**given, "dirty": False})
        with self.registry.training("payments", source=None):
            pass
        self.assertIsNone(self.trained_from())

    def test_no_program_of_the_codebase_is_run_for_it(self):
        trace = self.home / "trace"
        (self.path / ".gitattributes").write_text("* filter=x.y\n")
        self.git("add", ".")
        self.committed("second")
        for setting in ("filter.x.y.clean", "filter.x.y.process", "core.fsmonitor"):
            self.git("config", setting, f"touch {trace}")
        self.git("config", "filter.x.y.required", "true")
        # Touched, so that git has to compare.
        os.utime(self.path / "kept.py", (1, 1))
        with self.registry.training("payments") as lease:
            self.assertEqual(lease.project.training.source["commit"], self.git("rev-parse", "HEAD"))
        self.assertFalse(trace.exists())
        self.git("config", "filter.a=b.clean", f"touch {trace}")
        with self.registry.training("payments") as lease:
            self.assertIsNone(lease.project.training.source)
        self.assertFalse(trace.exists())

    def test_without_a_commit_or_git_nothing_is_noted(self):
        for name, prepare in (("none", lambda: None), ("empty", lambda: self.git("init", "-q"))):
            self.path = self.codebase(name)
            self.registry.register_project(name, self.path)
            prepare()
            with self.registry.training(name) as lease:
                self.assertIsNone(lease.project.training.source)
        with unittest.mock.patch.dict(os.environ, PATH=str(self.home)):
            with self.registry.training("payments") as lease:
                self.assertIsNone(lease.project.training.source)

    def test_a_codebase_of_another_machine_is_not_looked_at(self):
        with unittest.mock.patch("socket.gethostname", return_value="build7"):
            with self.registry.training("payments"):
                pass
            self.registry.retrain_project("payments")
            with self.registry.claim_training():
                pass
        self.assertIsNone(self.trained_from())


class History(DaemonTest):
    def setUp(self):
        super().setUp()
        self.registry.register_project("payments", self.codebase("payments"))

    def trained(self, weights):
        with self.registry.training("payments", holder="lora-trainer", source=None) as lease:
            lease.report(phase="epochs")
            lease.output.lora_adapter_path.write_text(weights)
            lease.complete(metadata={"loss": 0.4}, base_model="small")
        return lease

    def test_trainings_that_have_ended_are_listed_the_newest_first(self):
        self.assertEqual(self.registry.get_training_history("payments"), [])
        first = self.trained("first")
        with self.assertRaises(MemoryError), self.registry.training("payments") as failed:
            raise MemoryError("no room")
        newest, oldest = self.registry.get_training_history("payments")
        self.assertEqual((newest.token, newest.status, newest.error), (failed.token, "failed", "MemoryError: no room"))
        self.assertEqual((newest.metadata, newest.in_service), (None, False))
        self.assertEqual((oldest.token, oldest.status, oldest.in_service), (first.token, "completed", True))
        self.assertEqual((oldest.metadata, oldest.base_model), ({"loss": 0.4}, "small"))
        # It may not be measured yet.
        self.assertIn(oldest.bytes, (None, 5))
        self.assertEqual(oldest.holder, client.Holder("lora-trainer", os.getpid()))
        self.assertEqual([each.phase for each in oldest.phases], ["epochs"])
        self.assertLessEqual(oldest.started_at, oldest.phases[0].at)
        self.assertLessEqual(oldest.phases[0].at, oldest.ended_at)
        (only,) = self.registry.get_training_history("payments", limit=1)
        # It may have been measured meanwhile.
        self.assertEqual(replace(only, bytes=newest.bytes), newest)

    def test_an_earlier_one_is_taken_back(self):
        first, second = self.trained("first"), self.trained("second")
        self.assertEqual(self.registry.get_project("payments").lora_adapter_path.read_text(), "second")
        project = self.registry.promote_training("payments", first.token)
        self.assertEqual(project.lora_adapter_path, first.output.lora_adapter_path)
        self.assertEqual(project.lora_adapter_path.read_text(), "first")
        served = [each.token for each in self.registry.get_training_history("payments") if each.in_service]
        self.assertEqual(served, [first.token])
        with self.assertRaises(client.InvalidParamsError):
            self.registry.promote_training("payments", second.token + 1)

    def test_a_training_that_leaves_no_adapter_says_so(self):
        with self.assertLogs(LOG, "WARNING") as log, self.registry.training("payments", source=None) as lease:
            pass
        told = f"it has completed, and there is no adapter in {lease.output.directory}, nor one in service"
        self.assertEqual([record.args[1] for record in log.records], [told])
        self.assertNotIn("warnings", lease.project.extra)
        self.trained("first")
        with self.assertNoLogs(LOG, "WARNING") if hasattr(self, "assertNoLogs") else contextlib.nullcontext():
            with self.registry.training("payments", source=None):
                pass


class Slots(DaemonTest):
    def setUp(self):
        super().setUp()
        for name in ("a", "b", "c"):
            self.registry.register_project(name, self.codebase(name))

    def test_no_two_leases_have_one(self):
        with self.registry.training("a", slot=["gpu0", "gpu1"]) as first:
            second = self.registry.claim_training(slot=("gpu0", "gpu1"))
            self.assertEqual((first.slot, second.slot), ("gpu0", "gpu1"))
            self.assertEqual(self.registry.get_project("a").training.slot, "gpu0")
            with self.assertRaises(client.SlotTakenError) as caught:
                self.registry.training("c", slot="gpu0")
            holders = caught.exception.data["holders"]
            self.assertEqual([(each["slot"], each["project"]["name"]) for each in holders], [("gpu0", "a")])
            second.release()
        with self.registry.training("b") as lease:
            self.assertIsNone(lease.slot)

    def test_one_is_waited_for(self):
        first = self.registry.training("a", slot="gpu0")
        release = threading.Timer(0.2, first.release)
        release.start()
        self.addCleanup(release.join)
        with self.registry.training("b", slot="gpu0", wait=PATIENCE) as lease:
            self.assertEqual(lease.slot, "gpu0")


class Earlier(Home):
    """A daemon that knows nothing of all this, nor takes what it does not know."""

    def test_a_lease_has_no_output_there(self):
        project = {"project_id": "0b7f6a52-6d4c-4f5e-9a6e-1c2d3e4f5a6b", "name": "payments", "source_path": str(self.home)}
        unknown = {"code": -32602, "message": "invalid params", "data": {"issues": [{"path": "to_change", "message": "is not known"}]}}
        for found in (project, unknown):
            with self.subTest(found), tempfile.TemporaryDirectory(dir="/tmp", prefix="gardener-") as directory:
                self.data_dir = pathlib.Path(directory)
                answers = {"projects.get": found, "training.begin": {"token": 7, "project": project}}
                daemon = StandIn(self, lambda method: answers.get(method, project))
                with ProjectRegistry(data_dir=self.data_dir, auto_start=False) as registry:
                    with registry.training("payments") as lease:
                        self.assertIsNone(lease.output)
                self.assertEqual(daemon.seen[1:], ["projects.get", "training.begin", "training.complete"])
