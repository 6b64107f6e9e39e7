"""The Python client against the daemon. Run by python-client.test.ts, which builds nothing and waits for the end.

GARDENER names the command line. Every test has a home of its own, and stops the daemon that was started in it.
"""

import ast
import copy
import inspect
import json
import os
import pathlib
import pickle
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import unittest.mock
from datetime import datetime, timezone

import codebase_gardener_registry as client
from codebase_gardener_registry import ProjectRegistry, RegistryConnectionError, TrainingStatus

GARDENER = shlex.split(os.environ.pop("GARDENER"))
# A loaded machine may stall for seconds; only what is broken takes so long.
PATIENCE = 60.0


class Home(unittest.TestCase):
    def setUp(self):
        # Not where TMPDIR says: a socket's path must be short.
        directory = tempfile.TemporaryDirectory(dir="/tmp", prefix="gardener-")
        self.addCleanup(directory.cleanup)
        self.home = pathlib.Path(directory.name).resolve()
        self.data_dir = self.home / "data"

    def codebase(self, name):
        path = self.home / "src" / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end, f"waited in vain until {what}")
            time.sleep(0.01)


class DaemonTest(Home):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.gardener, "daemon", "stop")
        self.registry = self.open()

    def open(self, **options):
        options = {"gardener": GARDENER, "timeout": PATIENCE, "start_timeout": PATIENCE, **options}
        registry = ProjectRegistry(data_dir=self.data_dir, **options)
        self.addCleanup(registry.close)
        return registry

    def gardener(self, *words):
        flags = ["--data-dir", str(self.data_dir), "--json"]
        done = subprocess.run([*GARDENER, *words, *flags], capture_output=True, check=True, text=True)
        return json.loads(done.stdout)

    def restart(self):
        self.gardener("daemon", "restart")


class Meant(DaemonTest):
    """Which registry, and which of its projects."""

    def test_a_socket_of_the_environment_must_lead_to_the_data_that_were_named(self):
        self.registry.list_projects()
        environment = {"CODEBASE_GARDENER_SOCKET": self.registry._dialer.path}
        with unittest.mock.patch.dict(os.environ, environment):
            self.assertEqual(self.open().list_projects(), [])
            with ProjectRegistry(data_dir=self.home / "other") as other:
                with self.assertRaisesRegex(RegistryConnectionError, "CODEBASE_GARDENER_SOCKET leads to ") as caught:
                    other.list_projects()
                self.assertEqual(caught.exception.reason, "not_allowed")

    def test_a_path_in_the_environment_is_one_of_this_process(self):
        web = self.registry.register_project("web", self.codebase("web"))
        self.registry.register_project("api", self.codebase("api"))
        before = os.getcwd()
        self.addCleanup(os.chdir, before)
        os.chdir(self.home / "src")
        for word in ("~/src/web", "~/src/web/deep", "./web", "web/", "../src/web", "web", web):
            with unittest.mock.patch.dict(os.environ, HOME=str(self.home), CODEBASE_GARDENER_PROJECT=word):
                self.assertEqual(self.registry.resolve_project().project_id, web, word)
            with unittest.mock.patch.dict(os.environ, HOME=str(self.home)):
                self.assertEqual(self.registry.resolve_project(word).project_id, web, word)

    def test_what_is_given_counts_before_the_environment(self):
        web = self.registry.register_project("web", self.codebase("web"))
        api = self.registry.register_project("api", self.codebase("api"))
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.codebase("web"))
        with unittest.mock.patch.dict(os.environ, CODEBASE_GARDENER_PROJECT="api"):
            for given, meant in (
                ({}, api),
                ({"cwd": self.codebase("web") / "deep"}, web),
                ({"cwd": "."}, web),
                ({"project": "web"}, web),
                ({"project": "web", "cwd": self.codebase("api")}, web),
            ):
                self.assertEqual(self.registry.resolve_project(**given).project_id, meant, given)

    def test_a_working_directory_that_is_gone_is_no_matter(self):
        web = self.registry.register_project("web", self.codebase("web"))
        self.addCleanup(os.chdir, os.getcwd())
        gone = self.codebase("gone")
        os.chdir(gone)
        gone.rmdir()
        self.assertEqual(self.registry.resolve_project("web").project_id, web)
        with unittest.mock.patch.dict(os.environ, CODEBASE_GARDENER_PROJECT="web"):
            self.assertEqual(self.registry.resolve_project().project_id, web)
        # The active one.
        self.assertEqual(self.registry.resolve_project().project_id, web)


class Added(DaemonTest):
    """What the command line finds out of a codebase."""

    def shop(self):
        path = self.codebase("shop")
        (path / "a.ts").write_text("export {}")
        return path

    def test_what_there_is_is_found_and_what_is_known_comes_back(self):
        path = self.shop()
        subprocess.run(["git", "init", "-q", path], check=True)
        subprocess.run(["git", "-C", path, "remote", "add", "origin", "git@github.com:ada/shop.git"], check=True)
        project = self.registry.add_project(path, tags=["work", "-x"], activate=True)
        self.assertEqual((project.name, project.language, project.file_count), ("shop", "typescript", 1))
        self.assertEqual((project.source_path, project.tags), (path, ["work", "-x"]))
        self.assertEqual(project.repository, {"root_commit": None, "remote": "github.com/ada/shop"})
        self.assertEqual(self.registry.get_active_project(), project.project_id)
        self.assertEqual(self.registry.add_project(path, language="go").language, "typescript")
        self.assertEqual(self.registry.get_project_count(), 1)
        other = self.registry.add_project(path, "-shop", "go")
        self.assertEqual((other.name, other.language), ("-shop", "go"))

    def test_what_the_registry_refuses_is_raised_as_from_the_registry(self):
        self.registry.register_project("shop", self.codebase("other"))
        with self.assertRaises(client.ProjectExistsError) as caught:
            self.registry.add_project(self.shop())
        self.assertEqual(caught.exception.project.source_path, self.codebase("other"))
        self.assertEqual(caught.exception.code, 1002)
        with self.assertRaises(client.SourcePathMissingError) as missing:
            self.registry.add_project(self.home / "nowhere")
        self.assertEqual(missing.exception.source_path, self.home / "nowhere")
        with self.assertRaises(client.CommandLineError) as wrong:
            self.registry.add_project(self.shop(), language="")
        self.assertEqual(wrong.exception.kind, "usage")

    def test_where_no_command_line_is_found_the_error_says_what_to_do_without(self):
        self.registry.list_projects()
        with unittest.mock.patch.dict(os.environ, PATH=str(self.home)):
            with self.assertRaisesRegex(client.CommandLineError, "npm install --global.*register_project does without"):
                self.open(gardener=None).add_project(self.shop())

    def test_one_that_says_nothing_that_is_known_or_does_not_end_is_told(self):
        self.registry.list_projects()
        for script, error, message in (
            ("echo oh dear >&2; exit 7", client.CommandLineError, "cannot add .*: oh dear$"),
            ("exit 7", client.CommandLineError, "ended with 7$"),
            ("echo '[]'", client.CommandLineError, "ended with 0$"),
            ("exec sleep 600", RegistryConnectionError, "not done in time"),
        ):
            stand_in = self.open(gardener=["/bin/sh", "-c", script])
            with self.subTest(script), self.assertRaisesRegex(error, message):
                stand_in.add_project(self.shop(), timeout=0.5 if "sleep" in script else PATIENCE)

    def test_what_the_command_line_says_of_its_connection_is_said_by_the_error_of_the_connection(self):
        error = client._error_of_command({"code": None, "message": "it hangs", "data": {"kind": "hung"}})
        self.assertIsInstance(error, RegistryConnectionError)
        self.assertEqual((str(error), error.reason, error.sent), ("it hangs", "hung", True))

    def test_what_is_no_path_is_refused_before_anything_is_asked(self):
        registry = self.registry
        for path, why in (("", "is empty"), ("a\0b", "has a NUL"), ("\ud800", "is no UTF-8"), (os.fsdecode(b"\xff"), "is no UTF-8")):
            for name, call in (
                ("source_path", lambda: registry.register_project("a", path)),
                ("path", lambda: registry.add_project(path)),
                ("from", lambda: registry.move_projects(path, self.home)),
                ("to", lambda: registry.move_projects(self.home, path)),
                ("file", lambda: registry.import_projects(path)),
            ):
                with self.subTest(name=name, path=path), self.assertRaises(client.InvalidParamsError) as caught:
                    call()
                ((place, told),) = caught.exception.issues
                self.assertEqual((place, caught.exception.code), (name, -32602))
                self.assertTrue(told.startswith(why), told)
        with self.assertRaises(client.InvalidParamsError) as caught:
            registry.add_project(self.home, "a\0b", tags=["\ud800"])
        self.assertEqual([place for place, _ in caught.exception.issues], ["name", "tag"])
        self.assertFalse(self.data_dir.exists())

    def test_a_daemon_that_is_not_to_be_started_is_not_started(self):
        with self.assertRaises(RegistryConnectionError) as caught:
            self.open(auto_start=False).add_project(self.shop())
        self.assertEqual(caught.exception.reason, "not_running")
        self.assertFalse(self.data_dir.exists())


@unittest.skipUnless(os.geteuid() == 0, "needs root, to give a directory away")
class Root(Home):
    def test_in_the_home_of_another_user_is_refused_and_makes_nothing(self):
        nobody = 65534
        os.chown(self.home, nobody, nobody)
        with ProjectRegistry(data_dir=self.data_dir, gardener=GARDENER) as registry:
            with self.assertRaisesRegex(RegistryConnectionError, "as root: .*the same without sudo") as caught:
                registry.list_projects()
        self.assertEqual(caught.exception.reason, "not_allowed")
        self.assertEqual(os.listdir(self.home), [])


class Vocabulary(DaemonTest):
    def test_a_project_from_its_registration_to_its_removal(self):
        registry = self.registry
        path = self.codebase("payments")
        project_id = registry.register_project("payments", path, language="typescript")
        self.assertEqual(registry.get_active_project(), project_id)
        other = registry.register_project("Ünïcode 日本語", str(self.codebase("b")), tags=["x"], metadata={"a": [1]})
        project = registry.get_project(project_id)
        self.assertEqual((project.name, project.source_path, project.language), ("payments", path, "typescript"))
        self.assertIs(project.training_status, TrainingStatus.NOT_STARTED)
        self.assertEqual(project.lora_adapter_path, self.data_dir / "projects" / project_id / "lora_adapter.bin")
        self.assertLess(abs((datetime.now(timezone.utc) - project.created_at).total_seconds()), PATIENCE)
        self.assertEqual([each.name for each in registry.list_projects()], ["payments", "Ünïcode 日本語"])
        self.assertEqual(registry.get_project(other).tags, ["x"])

        self.assertIsNone(registry.update_project_status(project_id, TrainingStatus.COMPLETED))
        registry.update_project_metadata(project_id, file_count=7, lora_adapter_path=self.home / "a.bin")
        registry.update_project_metadata(other, context_path=None, metadata={"a": None, "b": 2})
        self.assertEqual([each.project_id for each in registry.get_projects_by_status("completed")], [project_id])
        project = registry.get_project("PAYMENTS")
        self.assertEqual((project.file_count, project.lora_adapter_path), (7, self.home / "a.bin"))
        self.assertIsNotNone(project.last_trained)
        self.assertEqual(registry.get_project(other).metadata, {"b": 2})
        self.assertIsNone(registry.get_project(other).context_path)

        registry.set_active_project(other)
        self.assertEqual(registry.get_active_project_metadata().name, "Ünïcode 日本語")
        self.assertEqual(registry.resolve_project(cwd=path / "deep" / "inside").project_id, project_id)
        registry.remove_project(other)
        self.assertEqual(registry.get_active_project(), project_id)
        registry.set_active_project(None)
        self.assertIsNone(registry.get_active_project())
        self.assertEqual(registry.get_project_count(), 1)
        self.assertIsNone(registry.get_project(other))

    def test_a_working_directory_that_is_gone_is_in_the_project_that_it_was_in(self):
        path = self.codebase("payments")
        self.registry.register_project("other", self.codebase("other"))
        self.registry.register_project("payments", path)
        gone = path / "gone"
        gone.mkdir()
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(gone)
        gone.rmdir()
        with unittest.mock.patch.dict(os.environ, {"PWD": str(gone)}):
            self.assertEqual(self.registry.resolve_project().name, "payments")

    def test_what_is_wrong_on_the_disk_and_mending_it(self):
        project_id = self.registry.register_project("payments", self.codebase("payments"))
        self.assertEqual(self.registry.validate_registry(), [])
        (self.data_dir / "projects" / project_id).rmdir()
        [issue] = self.registry.validate_registry()
        self.assertIsInstance(issue, str)
        self.assertEqual((issue.code, issue.project_id, issue.fixable), ("project_dir_missing", project_id, True))
        self.assertIsNone(issue.remedy)
        told = {"code": "left_behind", "message": "x", "path": "/x", "fixable": False, "remedy": "unmount it"}
        self.assertEqual(client.RegistryIssue.from_dict(told).remedy, "unmount it")
        self.assertEqual([fixed.code for fixed in self.registry.repair_registry()], ["project_dir_missing"])
        self.assertEqual(self.registry.validate_registry(), [])

    def test_the_file_is_what_the_module_that_kept_it_reads(self):
        project_id = self.registry.register_project("payments", self.codebase("payments"))
        with ProjectRegistry(self.data_dir / "registry.json", gardener=GARDENER) as registry:
            written = json.loads(registry.registry_file.read_text(encoding="utf-8"))
            self.assertEqual(
                client.ProjectMetadata.from_dict(written["projects"][project_id]).created_at,
                registry.get_project(project_id).created_at,
            )
        with self.assertRaises(ValueError):
            ProjectRegistry(self.data_dir / "other.json")

    def test_other_clients_see_changes_at_once(self):
        self.registry.register_project("payments", self.codebase("payments"))
        self.assertEqual([each["name"] for each in self.gardener("ls")["projects"]], ["payments"])
        self.gardener("edit", "payments", "--tag", "urgent")
        self.assertEqual(self.registry.get_project("payments").tags, ["urgent"])

    def test_the_registry_of_the_process(self):
        os.environ["CODEBASE_GARDENER_DATA_DIR"] = str(self.data_dir)
        self.addCleanup(os.environ.pop, "CODEBASE_GARDENER_DATA_DIR")
        os.environ["GARDENER"] = shlex.join(GARDENER)
        self.addCleanup(os.environ.pop, "GARDENER")
        registry = client.get_project_registry()
        self.addCleanup(registry.close)
        self.assertIs(registry, client.get_project_registry())
        self.assertEqual(registry.get_project_count(), 0)


class Errors(DaemonTest):
    def test_each_kind_has_its_class(self):
        registry = self.registry
        registry.register_project("payments", self.codebase("payments"))
        for error, code, attempt in [
            (client.ProjectExistsError, 1002, lambda: registry.register_project("Payments", self.home)),
            (client.InvalidNameError, 1003, lambda: registry.register_project("a/b", self.home)),
            (client.SourcePathMissingError, 1004, lambda: registry.register_project("b", self.home / "no")),
            (client.ProjectNotFoundError, 1001, lambda: registry.update_project_status("no", "failed")),
            (client.EtagMismatchError, 1005, lambda: registry.update_project_metadata("payments", if_etag="x")),
            (client.BackupNotFoundError, 1014, lambda: registry.call("registry.restore", name="registry-x.json")),
            (client.InvalidParamsError, -32602, lambda: registry.update_project_metadata("payments", colour=1)),
            (client.ProjectRegistryError, -32601, lambda: registry.call("projects.sing")),
        ]:
            with self.subTest(error.__name__), self.assertRaises(error) as caught:
                attempt()
            self.assertEqual(caught.exception.code, code)
            self.assertIsInstance(caught.exception, client.ProjectRegistryError)

    def test_what_comes_with_them(self):
        self.registry.register_project("payments", self.codebase("payments"))
        with self.assertRaises(client.ProjectNotFoundError) as caught:
            self.registry.touch_project("paymnets")
        self.assertEqual((caught.exception.kind, caught.exception.suggestions), ("project_not_found", ["payments"]))
        with self.assertRaises(client.InvalidParamsError) as caught:
            self.registry.update_project_metadata("payments", file_count=-1)
        self.assertEqual([path for path, _ in caught.exception.issues], ["file_count"])
        with self.assertRaises(client.EtagMismatchError) as caught:
            self.registry.update_project_status("payments", "failed", if_etag="old")
        self.assertEqual(caught.exception.project.name, "payments")
        with self.assertRaises(ValueError):
            self.registry.update_project_status("payments", "tired")

    def test_no_daemon_and_none_to_be_started(self):
        with self.assertRaises(RegistryConnectionError) as caught:
            self.open(auto_start=False).get_project_count()
        self.assertEqual((caught.exception.reason, caught.exception.sent), ("not_running", False))

    def test_nothing_is_started_for_a_socket_that_is_given_alone(self):
        os.environ.pop("CODEBASE_GARDENER_DATA_DIR", None)
        registry = ProjectRegistry(socket=self.home / "tunnel.sock", gardener=GARDENER)
        self.addCleanup(registry.close)
        with self.assertRaises(RegistryConnectionError) as caught:
            registry.get_project_count()
        self.assertEqual(caught.exception.reason, "not_running")
        self.assertIn("it may lead to another machine", str(caught.exception))
        self.assertEqual(list(self.home.iterdir()), [])

    def test_a_start_that_fails_says_why(self):
        for program, text in [
            (["/nowhere/gardener"], "No such file"),
            (["sh", "-c", "echo out of tulips >&2; exit 3"], "out of tulips"),
        ]:
            with self.assertRaisesRegex(RegistryConnectionError, text) as caught:
                self.open(gardener=program).get_project_count()
            self.assertEqual(caught.exception.reason, "start_failed")


class Carried(unittest.TestCase):
    """Errors go from one process to another, as out of a pool."""

    DATA = {"kind": "k", "suggestions": ["a"], "project": {"project_id": "p"}}

    def test_each_comes_out_of_a_pickle_and_of_a_copy_as_it_was(self):
        def all_of(kind):
            return {kind}.union(*map(all_of, kind.__subclasses__()))

        made = {
            client.RegistryConnectionError: lambda: client.RegistryConnectionError("hung", "m", True),
            client.TrainingCancelledError: lambda: client.TrainingCancelledError("payments", "nap"),
        }
        kinds = {kind for kind in all_of(client.ProjectRegistryError) if kind.__module__.startswith(client.__name__)}
        self.assertLess({*client._ERRORS.values(), *made, client.CommandLineError}, kinds)
        for kind in sorted(kinds, key=str):
            error = made.get(kind, lambda kind=kind: kind("m", 1000, self.DATA))()
            pickles = [pickle.dumps(error, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
            for same in [*map(pickle.loads, pickles), copy.copy(error), copy.deepcopy(error)]:
                with self.subTest(kind.__name__):
                    self.assertIs(type(same), kind)
                    self.assertEqual((str(same), same.args, vars(same)), (str(error), error.args, vars(error)))


class Connections(DaemonTest):
    def test_many_threads_share_a_registry(self):
        paths = [self.codebase(f"p{number}") for number in range(24)]
        failures = []

        def work(number):
            try:
                self.registry.register_project(f"p{number}", paths[number])
                for _ in range(20):
                    if self.registry.get_project(f"p{number}").name != f"p{number}":
                        failures.append("the answer to somebody else")
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(len(paths))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(self.registry.get_project_count(), len(paths))
        self.assertLessEqual(self.registry.call("daemon.status")["connections"], client._MAX_IDLE)

    def test_projects_follow_a_directory(self):
        repository = {"root_commit": "1" * 40, "remote": "github.com/ada/one"}
        self.registry.register_project("one", self.codebase("old/one"), repository=repository)
        new = self.codebase("new")
        (moved,) = self.registry.move_projects(self.home / "src" / "old", new)
        self.assertEqual((moved.source_path, moved.repository), (new / "one", repository))

    def test_projects_of_another_registry_are_taken(self):
        stored = {"name": "one", "source_path": "/src/one"}
        project_id = "0b7f6a52-6d4c-4f5e-9a6e-1c2d3e4f5a6b"
        file = self.home / "other.json"
        file.write_text(json.dumps({"projects": {project_id: stored}}))
        new = [{"project_id": project_id, "name": "one"}]
        found = self.registry.import_projects(file, dry_run=True)
        self.assertEqual((found["new"], found["imported"], self.registry.list_projects()), (new, 0, []))
        self.assertEqual(self.registry.import_projects(file)["imported"], 1)
        self.assertEqual(self.registry.get_project(project_id).name, "one")
        self.assertEqual(self.registry.undo(dry_run=True)["effect"]["goes"], new)
        self.assertEqual(self.registry.undo()["operation"], "import")
        self.assertEqual((self.registry.list_projects(), self.registry.undo()), ([], None))

    @unittest.skipUnless(shutil.which("git"), "needs git")
    def test_the_repository_of_a_codebase_is_noted_as_gardener_add_does(self):
        path = self.codebase("payments")

        def git(*words):
            identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
            return subprocess.run(["git", "-C", path, *identity, *words], capture_output=True, check=True, text=True)

        git("init", "-q")
        git("commit", "-q", "--allow-empty", "-m", "first")
        git("remote", "add", "fork", "https://example.com/bob/payments")
        git("remote", "add", "origin", "ssh://git@GitHub.com:22/ada/payments.git/")
        # A program that the codebase names is not run.
        trace = self.home / "trace"
        git("config", "core.fsmonitor", f"touch {trace}")
        root = git("rev-parse", "HEAD").stdout.strip()
        expected = {"root_commit": root, "remote": "github.com/ada/payments"}
        with unittest.mock.patch.dict(os.environ, {"GIT_DIR": str(self.home)}):
            self.registry.register_project("payments", path)
        self.assertEqual(self.registry.get_project("payments").repository, expected)
        self.assertEqual(self.gardener("add", str(path), "--name", "again")["repository"], expected)
        self.registry.register_project("none", path, repository=None)
        self.assertIsNone(self.registry.get_project("none").repository)
        self.registry.register_project("no-repository", self.home)
        self.assertIsNone(self.registry.get_project("no-repository").repository)
        self.assertFalse(trace.exists())
        # A daemon of another machine has other codebases.
        with unittest.mock.patch("socket.gethostname", return_value="build7"):
            self.registry.register_project("elsewhere", path)
        self.assertIsNone(self.registry.get_project("elsewhere").repository)

    @unittest.skipUnless(shutil.which("git"), "needs git")
    def test_a_git_that_hangs_keeps_nobody_from_registering(self):
        path = self.codebase("payments")
        git = shutil.which("git")
        for words in (["init", "-q"], ["remote", "add", "origin", "https://example.com/ada/payments"]):
            subprocess.run([git, "-C", path, *words], check=True)
        programs = self.codebase("programs")
        for question, expected in (
            ("rev-parse", None),
            ("config", None),
            ("rev-list", {"root_commit": None, "remote": "example.com/ada/payments"}),
        ):
            with self.subTest(question):
                script = f'#!/bin/sh\ncase "$*" in *" {question} "*) exec sleep 600 ;; esac\nexec {git} "$@"\n'
                (programs / "git").write_text(script)
                (programs / "git").chmod(0o755)
                with unittest.mock.patch.dict(os.environ, {"PATH": f"{programs}:{os.environ['PATH']}"}):
                    self.registry.register_project(question, path)
                self.assertEqual(self.registry.get_project(question).repository, expected)

    def test_remotes_are_told_in_one_spelling(self):
        for url, place in (
            ("https://ada:secret@GitHub.com:443/ada/Payments.git/", "github.com/ada/Payments"),
            ("git@github.com:ada/payments.git", "github.com/ada/payments"),
            ("git+ssh://git@host/~ada/x.git", "host/~ada/x"),
            ("git://[::1]:9418/x.git", "[::1]/x"),
            ("https://host/x.git?token=secret#y", "host/x"),
            ("https://user:p@ss@example.com/o/r.git", "example.com/o/r"),
            *((url, None) for url in ("/srv/x.git", "../x", "./a:b", "file:///srv/x.git", "https://host/.git", "")),
            *((url, None) for url in ("codecommit::eu-west-1://p@r", "ext::sh -c secret", "C:/x/y", f"h:{'x' * 2000}")),
        ):
            self.assertEqual(client._remote_place(url), place, url)

    def test_what_a_removal_leaves_elsewhere_is_told(self):
        self.registry.register_project("payments", self.codebase("payments"))
        adapter = self.home / "adapter"
        adapter.write_text("weights")
        self.registry.update_project_metadata("payments", lora_adapter_path=adapter)
        (kept,) = self.registry.remove_project("payments")
        self.assertEqual(kept["path"], str(adapter))
        self.assertIn("outside", kept["reason"])

    def test_reads_and_changes_go_on_after_a_restart(self):
        self.registry.register_project("payments", self.codebase("payments"))
        self.restart()
        self.assertEqual(self.registry.get_project_count(), 1)
        self.restart()
        self.registry.update_project_metadata("payments", file_count=3)
        self.gardener("daemon", "stop")
        # Started again by this call.
        self.assertEqual(self.registry.get_project("payments").file_count, 3)

    def test_a_child_does_not_share_its_parents_connection(self):
        self.registry.register_project("payments", self.codebase("payments"))
        child = os.fork()
        if child == 0:
            os._exit(0 if self.registry.get_project_count() == 1 else 1)
        self.assertEqual(self.registry.get_project("payments").name, "payments")
        _, status = os.waitpid(child, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0)
        self.assertEqual(self.registry.get_project_count(), 1)

    def test_longer_than_the_system_can_wait_is_without_end(self):
        # 3e6 s fit into a time of the system, and not into the milliseconds of poll(2).
        for seconds in (3e6, 1e12, float("inf")):
            registry = self.open(timeout=seconds, start_timeout=seconds)
            self.assertEqual(registry.get_project_count(), 0)
            self.assertEqual(registry.call("daemon.ping", timeout=seconds), "pong")
            with registry.watch() as watch:
                self.assertEqual(watch.poll(seconds).type, "resync")
                registry.register_project("a", self.codebase("a"))
                self.assertEqual(watch.poll(seconds).type, "registered")
                registry.remove_project("a")
            with self.assertRaisesRegex(client.InvalidParamsError, "stall_ms: (too big|is NaN or infinite)"):
                registry.training("a", stall=seconds)

    def test_closed_is_closed(self):
        self.registry.get_project_count()
        self.registry.close()
        with self.assertRaises(RegistryConnectionError) as caught:
            self.registry.get_project_count()
        self.assertEqual(caught.exception.reason, "closed")


class StandIn:
    """Listens in the daemon's place and answers as it is told, a function a connection."""

    def __init__(self, test, *behaviours):
        (test.data_dir / "run").mkdir(parents=True)
        self.seen = []
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(test.data_dir / "run" / "registry.sock"))
        self._server.listen()
        threading.Thread(target=self._serve, args=(behaviours,), daemon=True).start()
        test.addCleanup(self._server.close)

    def _serve(self, behaviours):
        for behave in behaviours:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return  # The test is over, and nobody has called.
            with connection, connection.makefile("r", encoding="utf-8") as lines:
                for line in lines:
                    request = json.loads(line)
                    self.seen.append(request["method"])
                    result = {} if request["method"] == "daemon.hello" else behave(request["method"])
                    if result == "hang":
                        continue
                    if result == "close":
                        break
                    answer = {"jsonrpc": "2.0", "id": request["id"], "result": result}
                    if isinstance(result, dict) and "code" in result:
                        answer = {"jsonrpc": "2.0", "id": request["id"], "error": result}
                    if result == "last word":
                        error = {"code": 1011, "message": "ended", "data": {"kind": "shutting_down"}}
                        answer = {"jsonrpc": "2.0", "id": None, "error": error}
                    connection.sendall(json.dumps(answer).encode() + b"\n")


class Deadlines(Home):
    def ask(self, *behaviours, **options):
        daemon = StandIn(self, *behaviours)
        registry = ProjectRegistry(data_dir=self.data_dir, auto_start=False, **options)
        self.addCleanup(registry.close)
        return daemon, registry

    def test_a_call_that_is_not_answered_ends(self):
        _, registry = self.ask(lambda _: "hang", timeout=0.2)
        with self.assertRaises(RegistryConnectionError) as caught:
            registry.set_active_project("payments")
        self.assertEqual((caught.exception.reason, caught.exception.sent), ("timeout", True))

    def test_an_answer_that_comes_late_is_not_the_next_ones(self):
        daemon, registry = self.ask(lambda _: "hang", lambda _: 7, timeout=0.2)
        with self.assertRaises(RegistryConnectionError):
            registry.get_project_count()
        self.assertEqual(registry.call("projects.count", timeout=PATIENCE), 7)
        self.assertEqual(daemon.seen, ["daemon.hello", "projects.count"] * 2)

    def test_a_read_is_repeated_after_a_lost_connection(self):
        daemon, registry = self.ask(lambda _: "close", lambda _: 7)
        self.assertEqual(registry.get_project_count(), 7)
        self.assertEqual(daemon.seen, ["daemon.hello", "projects.count"] * 2)

    def test_a_change_is_not(self):
        daemon, registry = self.ask(lambda _: "close", lambda _: {"active_project": None})
        with self.assertRaises(RegistryConnectionError) as caught:
            registry.set_active_project(None)
        self.assertEqual((caught.exception.reason, caught.exception.sent), ("lost", True))
        self.assertEqual(daemon.seen, ["daemon.hello", "projects.activate"])

    def test_but_for_one_that_the_daemon_says_it_has_not_made(self):
        daemon, registry = self.ask(lambda _: "last word", lambda _: {"active_project": None})
        registry.set_active_project(None)
        self.assertEqual(daemon.seen, ["daemon.hello", "projects.activate"] * 2)

    def test_it_does_so_once(self):
        _, registry = self.ask(lambda _: "last word", lambda _: "last word")
        with self.assertRaises(client.ShuttingDownError) as caught:
            registry.set_active_project(None)
        self.assertEqual((caught.exception.code, caught.exception.sent), (1011, False))

    def test_a_socket_that_nobody_answers_is_a_hung_daemon(self):
        (self.data_dir / "run").mkdir(parents=True)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(self.data_dir / "run" / "registry.sock"))
            server.listen()
            with ProjectRegistry(data_dir=self.data_dir, gardener=["false"]) as registry:
                with self.assertRaises(RegistryConnectionError) as caught:
                    registry.get_project_count()
        self.assertEqual(caught.exception.reason, "hung")
        # Nobody knows whose it is, and no command of gardener's ends a daemon that does not listen.
        self.assertIn("ps ax | grep gardenerd", str(caught.exception))
        self.assertNotIn("restart", str(caught.exception))


class Hanging(DaemonTest):
    def test_whoever_is_interrupted_does_not_wait_for_it(self):
        self.registry.register_project("payments", self.codebase("payments"))
        pid = self.registry.call("daemon.status")["pid"]
        try:
            with self.assertRaises(KeyboardInterrupt), self.registry.training("payments") as lease:
                os.kill(pid, signal.SIGSTOP)
                reporting = threading.Thread(target=lambda: self.assertRaises(RegistryConnectionError, lease.report))
                reporting.start()
                self.until(lease._lock.locked, "another thread waits, too")
                interrupted = time.monotonic()
                raise KeyboardInterrupt
            self.assertLess(time.monotonic() - interrupted, client.HELLO_TIMEOUT + 5)
            reporting.join()
        finally:
            os.kill(pid, signal.SIGCONT)

    def test_a_daemon_that_hangs_is_named_and_what_ends_it(self):
        self.registry.get_project_count()
        pid = int((self.data_dir / "run" / "registry.sock.pid").read_text())
        # One that has just been started may be coming up yet, and is waited for.
        os.utime(self.data_dir / "logs" / "daemon-start.log", (0, 0))
        os.kill(pid, signal.SIGSTOP)
        try:
            with self.assertRaises(RegistryConnectionError) as caught:
                self.open().get_project_count()
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertEqual(caught.exception.reason, "hung")
        self.assertIn(f"the daemon (process {pid}) hangs", str(caught.exception))
        self.assertTrue(str(caught.exception).endswith(f"; if it stays like this, end it: kill -9 {pid}"))


class Starting(DaemonTest):
    def hold(self):
        """Keeps a daemon from coming up, as another one that is just starting does; gives what lets it go on."""
        lock = self.data_dir / "run" / "registry.sock.lock"
        os.makedirs(lock)
        os.chmod(self.data_dir, 0o700)
        os.chmod(lock.parent, 0o700)
        held = threading.Event()

        def keep_young():
            while not held.wait(0.2):
                os.utime(lock)
            os.rmdir(lock)

        keeper = threading.Thread(target=keep_young)
        keeper.start()

        def let_go():
            held.set()
            keeper.join()

        self.addCleanup(let_go)
        return let_go

    def starting(self):
        log = self.data_dir / "logs" / "daemon-start.log"
        words = log.read_text().split() if log.exists() else []
        return next((int(pid) for pid, rest in zip(words, words[1:]) if rest == "is"), None)

    def is_there(self, pid):
        try:
            os.kill(pid, 0)
            return True
        except ProcessLookupError:
            return False

    def test_one_that_takes_longer_is_left_to_come_up(self):
        let_go = self.hold()
        with self.assertRaisesRegex(RegistryConnectionError, "still at it; call again in a while") as caught:
            self.open(start_timeout=5).get_project_count()
        self.assertEqual(caught.exception.reason, "start_failed")
        let_go()
        self.assertEqual(self.registry.get_project_count(), 0)
        self.assertEqual(self.registry.call("daemon.status")["pid"], self.starting())

    def test_one_that_stands_still_is_ended(self):
        self.hold()
        stopped = []

        def stop():
            self.until(self.starting, "it says that it starts")
            stopped.append(self.starting())
            os.kill(stopped[0], signal.SIGSTOP)

        stopper = threading.Thread(target=stop)
        stopper.start()
        with self.assertRaises(RegistryConnectionError) as caught:
            self.open(start_timeout=9).get_project_count()
        stopper.join()
        self.assertEqual(caught.exception.reason, "start_failed")
        self.until(lambda: not self.is_there(stopped[0]), "the daemon is gone")

    def test_one_that_is_interrupted_is_ended(self):
        self.hold()

        def interrupt():
            self.until(self.starting, "it says that it starts")
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

        interrupter = threading.Thread(target=interrupt)
        interrupter.start()
        with self.assertRaises(KeyboardInterrupt):
            self.registry.get_project_count()
        interrupter.join()
        self.until(lambda: not self.is_there(self.starting()), "the daemon is gone")

    @unittest.skipUnless(os.path.isdir("/proc/self"), "needs /proc, to look at an environment")
    def test_it_gets_nothing_that_is_set_for_other_programs(self):
        others = {"NODE_DEBUG": "net", "UV_THREADPOOL_SIZE": "1", "GIT_DIR": "/nonexistent", "npm_config_a": "b"}
        with unittest.mock.patch.dict(os.environ, {**others, "LC_ALL": "C.UTF-8"}):
            pid = self.registry.call("daemon.status")["pid"]
        text = pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode()
        names = [each.partition("=")[0] for each in text.split("\0")]
        self.assertIn("LC_ALL", names)
        self.assertIn("PATH", names)
        self.assertEqual([name for name in others if name in names], [])


class Watching(DaemonTest):
    def test_a_snapshot_and_then_every_change(self):
        self.registry.register_project("a", self.codebase("a"))
        with self.registry.watch() as changes:
            first = changes.poll(PATIENCE)
            self.assertEqual((first.type, [each.name for each in first.projects]), ("resync", ["a"]))
            project_id = self.registry.register_project("b", self.codebase("b"))
            event = changes.poll(PATIENCE)
            self.assertEqual((event.type, event.project_id, event.project.name), ("registered", project_id, "b"))
            self.registry.update_project_metadata("b", file_count=1)
            event = next(changes)
            self.assertEqual((event.type, event.previous.file_count, event.project.file_count), ("updated", 0, 1))
            self.assertIsNone(changes.poll(0.01))

    def test_the_end_of_a_lease_says_what_came_of_it(self):
        self.registry.register_project("a", self.codebase("a"))
        with self.registry.watch() as changes:
            self.assertIsNone(changes.poll(PATIENCE).outcome)
            for end, outcome in (("complete", "completed"), ("release", "released")):
                with self.registry.training("a") as lease:
                    getattr(lease, end)()
                self.assertEqual([changes.poll(PATIENCE).outcome for _ in range(2)], [None, outcome])

    def test_what_is_wrong_with_the_file_is_told_whenever_a_watch_begins(self):
        self.registry.register_project("a", self.codebase("a"))
        with self.registry.watch() as changes:
            first = changes.poll(PATIENCE)
            self.assertEqual((first.problem, first.read_only), (None, False))
            (self.data_dir / "registry.json").write_text("oops")
            event = changes.poll(PATIENCE)
            self.assertEqual((event.type, event.problem["kind"], event.read_only), ("problem", "invalid_file", True))
        with self.registry.watch() as changes:
            first = changes.poll(PATIENCE)
            self.assertEqual((first.type, first.problem["kind"], first.read_only), ("resync", "invalid_file", True))
        with self.registry.watch(cursor=first.cursor) as changes:
            self.assertEqual(changes.poll(PATIENCE).type, "problem")

    def test_it_goes_on_where_it_was_in_another_watch(self):
        with self.registry.watch() as changes:
            cursor = changes.poll(PATIENCE).cursor
        self.registry.register_project("a", self.codebase("a"))
        with self.registry.watch(cursor=cursor) as changes:
            self.assertEqual(changes.poll(PATIENCE).type, "registered")

    def test_it_outlives_the_daemon(self):
        with self.registry.watch() as changes:
            self.assertEqual(changes.poll(PATIENCE).type, "resync")
            self.restart()
            types = []
            while "resync" not in types:
                types.append(changes.poll(PATIENCE).type)
            self.registry.register_project("a", self.codebase("a"))
            self.assertEqual(changes.poll(PATIENCE).type, "registered")

    def test_closing_it_from_another_thread_ends_it(self):
        changes = self.registry.watch()
        seen = []
        thread = threading.Thread(target=lambda: seen.extend(event.type for event in changes))
        thread.start()
        self.until(lambda: seen, "the snapshot has come")
        self.registry.close()
        thread.join(PATIENCE)
        self.assertEqual((thread.is_alive(), seen), (False, ["resync"]))


class Applied(Home):
    """A change that stands, although the daemon could not make sure that it survives a power cut."""

    PROJECT = {"project_id": "0b7f6a52-6d4c-4f5e-9a6e-1c2d3e4f5a6b", "name": "payments", "source_path": "/src"}

    def train(self, refused):
        def answer(method):
            if method == refused:
                data = {"kind": "storage_failed", "applied": True}
                if method == "training.begin":
                    data.update(token=7, project=self.PROJECT)
                return {"code": 1010, "message": "cannot write the registry", "data": data}
            return {"token": 7, "project": self.PROJECT} if method == "training.resume" else begun(method)

        def begun(method):
            return {"token": 7, "project": self.PROJECT} if method == "training.begin" else self.PROJECT

        daemon = StandIn(self, answer)
        registry = ProjectRegistry(data_dir=self.data_dir, auto_start=False)
        self.addCleanup(registry.close)
        return daemon, registry.training("payments", source=None)

    def test_a_lease_is_taken_up(self):
        daemon, lease = self.train("training.begin")
        with lease:
            self.assertEqual((lease.token, lease.project.name), (7, "payments"))
        self.assertEqual(daemon.seen[1:], ["training.begin", "training.resume", "training.complete"])

    def test_its_end_is_its_end_and_is_told(self):
        daemon, lease = self.train("training.complete")
        with self.assertRaises(client.StorageFailedError) as caught, lease:
            pass
        self.assertEqual((caught.exception.applied, lease.ended), (True, True))
        self.assertEqual(daemon.seen[1:], ["training.begin", "training.complete"])

    def test_an_end_within_the_block_is_not_taken_for_a_failure(self):
        daemon, lease = self.train("training.complete")
        with self.assertRaises(client.StorageFailedError), lease:
            lease.complete()
        self.assertEqual(daemon.seen[1:], ["training.begin", "training.complete"])


class Troubles(Home):
    """What may pass, and what does not, while a project is trained."""

    TOKEN = 7
    READ_ONLY = {"code": 1009, "message": "cannot change the registry", "data": {"kind": "registry_read_only"}}
    FULL = {"code": 1010, "message": "cannot write the registry", "data": {"kind": "storage_failed"}}
    LOST = {"code": 1007, "message": "cannot go on", "data": {"kind": "lease_lost"}}

    def train(self, *answers, connections=1, status="completed", holder=None):
        """A lease, with what the daemon says to reports and ends, one after the other."""
        left = list(answers)
        training = {"token": self.TOKEN, "holder": holder}
        project = {**Applied.PROJECT, "training_status": status, "training": training}

        def answer(method):
            if method == "training.begin":
                return {"token": self.TOKEN, "project": project}
            if method == "training.resume":
                return self.LOST
            if method == "projects.get":
                return project
            return left.pop(0) if left else project

        daemon = StandIn(self, *[answer] * connections)
        registry = ProjectRegistry(data_dir=self.data_dir, auto_start=False, timeout=0.5)
        self.addCleanup(registry.close)
        return daemon, registry.training("payments", source=None)

    def test_what_passes_leaves_out_a_report_and_is_told(self):
        for answer, told in [(self.READ_ONLY, "cannot change"), (self.FULL, "cannot write"), ("hang", "no answer in time")]:
            with self.subTest(told), tempfile.TemporaryDirectory(dir="/tmp", prefix="gardener-") as directory:
                self.data_dir = pathlib.Path(directory)
                daemon, lease = self.train(answer)
                with lease, self.assertLogs("codebase_gardener_registry", "WARNING") as log:
                    lease.report(progress=0.1)
                    lease.report(progress=0.2)
                self.assertRegex("".join(log.output), f"a report was left out: .*{told}")
                # On the connection that holds the lease: another would have to take it over in time.
                reports = ["training.progress"] * 2
                self.assertEqual(daemon.seen, ["daemon.hello", "training.begin", *reports, "training.complete"])

    def test_an_end_is_tried_until_it_is_written(self):
        for end, method in [
            (lambda lease: lease.complete(), "complete"),
            (lambda lease: lease.fail("x"), "fail"),
            (lambda lease: lease.release(), "release"),
            (lambda lease: lease.__exit__(None, None, None), "complete"),
            (lambda lease: lease.__exit__(ValueError, ValueError("x"), None), "fail"),
        ]:
            with self.subTest(method), tempfile.TemporaryDirectory(dir="/tmp", prefix="gardener-") as directory:
                self.data_dir = pathlib.Path(directory)
                daemon, lease = self.train(self.FULL, self.READ_ONLY)
                end(lease)
                self.assertTrue(lease.ended)
                self.assertEqual(daemon.seen[2:], [f"training.{method}"] * 3)

    def test_but_not_where_the_program_is_to_end(self):
        daemon, lease = self.train(self.FULL)
        with self.assertRaises(KeyboardInterrupt), lease:
            raise KeyboardInterrupt
        self.assertEqual(daemon.seen[2:], ["training.release"])

    def test_nor_for_ever(self):
        daemon, lease = self.train(self.FULL)
        with unittest.mock.patch.object(client, "END_TIMEOUT", 0), self.assertRaises(client.StorageFailedError), lease:
            lease.complete()
        # The error of the first attempt has left the block, and fails the training.
        self.assertEqual(daemon.seen[2:], ["training.complete", "training.fail"])

    def test_an_end_whose_answer_was_lost_is_known_again(self):
        for first, connections in [("hang", 1), ("close", 2)]:
            with self.subTest(first), tempfile.TemporaryDirectory(dir="/tmp", prefix="gardener-") as directory:
                self.data_dir = pathlib.Path(directory)
                _, lease = self.train(first, self.LOST, connections=connections)
                # The stand-in takes one connection after the other.
                lease._registry._project = lambda method, project: client.ProjectMetadata.from_dict(
                    lease._ask(method, {})
                )
                self.assertEqual(lease.complete().training_status, TrainingStatus.COMPLETED)

    def test_an_end_of_somebody_else_is_not(self):
        for status, holder in [("failed", None), ("training", {"pid": 1})]:
            with self.subTest(status), tempfile.TemporaryDirectory(dir="/tmp", prefix="gardener-") as directory:
                self.data_dir = pathlib.Path(directory)
                _, lease = self.train("hang", self.LOST, status=status, holder=holder)
                lease._registry._project = lambda method, project: client.ProjectMetadata.from_dict(
                    lease._ask(method, {})
                )
                with self.assertRaises(client.LeaseLostError), lease:
                    lease.complete()


class Reports(Home):
    """Without a daemon: what it would be sent."""

    def reported(self, given):
        """What the registry is sent of a report, and what is told of the rest."""
        registry = ProjectRegistry(data_dir=self.data_dir, auto_start=False)
        project = {"project_id": "id", "name": "payments", "source_path": "/"}
        lease = client.TrainingLease(registry, unittest.mock.Mock(), 1, client.ProjectMetadata.from_dict(project))
        sent, told = {}, []
        lease._tell = told.append

        def ask(method, params):
            sent.update(params)
            return project

        lease._ask = ask
        ends = {"error": lease.fail, "details": lease.report, "progress": lease.report}
        next((ends[name] for name in given if name in ends), lease.complete)(**given)
        self.assertEqual(sent.pop("token"), 1)
        return sent, told

    def test_a_trifle_is_left_out_or_converted_and_told(self):
        class Index:
            def __index__(self):
                return 412

        class Item:
            def __init__(self, value):
                self.value = value

            def item(self):
                return self.value

            def __float__(self):
                return float(self.value)

        class Mute:
            def __str__(self):
                raise RuntimeError("no text")

        loop = {"a": 1}
        loop["loops"] = [loop, loop]
        deep = {}
        for _ in range(70):
            deep = {"x": deep}
        whole = "file_count is no whole number"
        gone = "lora_adapter_path"
        for given, sent, told in [
            ({"file_count": 412.0}, {"file_count": 412}, None),
            ({"file_count": Index()}, {"file_count": 412}, None),
            ({"file_count": Item(412.0)}, {"file_count": 412}, None),
            ({"file_count": Item(412.5)}, {}, whole),
            ({"file_count": float("nan"), "metadata": {"a": 1}}, {"metadata": {"a": 1}}, whole),
            ({"file_count": float("inf")}, {}, whole),
            ({"file_count": "412"}, {}, whole),
            ({"file_count": True}, {}, whole),
            ({"file_count": -1}, {}, whole),
            ({"file_count": 2**53}, {}, whole),
            ({"metadata": [1]}, {}, "metadata is no object"),
            ({"metadata": "x"}, {}, "metadata is no object"),
            ({"metadata": {"x": "x" * 16384}}, {}, "metadata has 16392 bytes, 16384 are allowed"),
            ({"metadata": loop}, {"metadata": {"a": 1, "loops": [None, None]}}, "metadata.loops.0 holds itself"),
            ({"metadata": {"s": {1}, None: 1}}, {"metadata": {"null": 1}}, "metadata.s is a set"),
            ({"metadata": {"n": Item(float("nan"))}}, {"metadata": {}}, "metadata.n is NaN or infinite"),
            ({"lora_adapter_path": "/a\0b"}, {}, f"{gone} has a NUL character"),
            ({"lora_adapter_path": "/" + "é" * 2048}, {}, f"{gone} has 4097 bytes, 4096 are allowed"),
            ({"lora_adapter_path": b"/a\xff"}, {}, f"{gone} is no UTF-8"),
            ({"lora_adapter_path": ""}, {}, f"{gone} is empty"),
            ({"lora_adapter_path": 7}, {}, f"{gone} is no path"),
            ({"lora_adapter_path": b"/a"}, {"lora_adapter_path": "/a"}, None),
            ({"details": [1, 2], "message": 7}, {"message": "7"}, "details is no object"),
            ({"details": deep}, None, f"details{'.x' * 62} is nested too deep"),
            ({"progress": [1]}, {}, "progress is no finite number"),
            ({"error": ValueError("x")}, {"error": "ValueError: x"}, None),
            ({"error": Mute()}, {"error": "a Mute that has no text"}, None),
        ]:
            with self.subTest(given=str(given)[:80]):
                found, heard = self.reported(given)
                if sent is not None:
                    self.assertEqual(found, sent)
                    json.dumps(found, allow_nan=False)
                if told is None:
                    self.assertEqual(heard, [])
                else:
                    self.assertRegex(heard[0], f"^{told}.*; it was left out$")


class Leases(DaemonTest):
    def setUp(self):
        super().setUp()
        self.registry.register_project("payments", self.codebase("payments"))

    def status(self):
        return self.registry.get_project("payments").training_status.value

    def test_leaving_the_block_completes_it(self):
        with self.registry.training("payments", holder="lora-trainer") as lease:
            self.assertEqual(self.status(), "training")
            lease.report(progress=0.5, phase="epochs")
            training = self.registry.get_project("payments").training
            self.assertEqual((training.progress, training.phase, training.token), (0.5, "epochs", lease.token))
            self.assertEqual((training.holder.name, training.holder.pid), ("lora-trainer", os.getpid()))
            with self.assertRaises(client.LeaseHeldError) as caught:
                self.registry.training("payments")
            self.assertEqual(caught.exception.holder.name, "lora-trainer")
        self.assertEqual((self.status(), lease.ended), ("completed", True))

    def test_an_exception_fails_it(self):
        with self.assertRaises(MemoryError), self.registry.training("payments"):
            raise MemoryError("no room")
        self.assertEqual(self.registry.get_project("payments").training.error, "MemoryError: no room")
        self.assertEqual(self.status(), "failed")

    def test_an_interruption_gives_it_back(self):
        with self.assertRaises(KeyboardInterrupt), self.registry.training("payments"):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(PATIENCE)
        self.assertEqual(self.status(), "not_started")

    def test_whoever_trains_is_asked_to_stop(self):
        with self.registry.claim_training() as lease:
            self.assertFalse(lease.cancel_requested())
            self.registry.call("training.cancel", project="payments")
            self.assertTrue(lease.cancel_requested())
            lease.release()
        self.assertEqual(self.status(), "not_started")

    def test_one_that_is_closed_is_not_taken_up_again(self):
        with self.assertRaisesRegex(RegistryConnectionError, "training.complete: this lease was closed"):
            with self.registry.training("payments") as lease:
                lease.close()
                with self.assertRaisesRegex(RegistryConnectionError, "training.progress: this lease was closed") as caught:
                    lease.report(progress=0.5)
                self.assertEqual((caught.exception.reason, caught.exception.sent), ("closed", False))
        self.assertEqual((self.status(), lease.ended), ("training", False))

    def test_nothing_to_train(self):
        self.registry.update_project_status("payments", "completed")
        self.assertIsNone(self.registry.claim_training(wait=0.05))

    def test_a_lease_outlives_its_connection_and_the_daemon(self):
        with self.registry.training("payments") as lease:
            lease._connection.close()
            lease.report(progress=0.1)
            self.restart()
            lease.report(progress=0.2)
            self.restart()
            self.assertFalse(lease.cancel_requested())
            self.restart()
        self.assertEqual(self.status(), "completed")

    def test_no_trifle_in_a_report_costs_the_training(self):
        class Scalar:
            def item(self):
                return 0.25

        with self.registry.training("payments", holder="h" * 101) as lease:
            with self.assertLogs("codebase_gardener_registry", "WARNING") as log:
                for _ in range(2):
                    lease.report(1.0000000000000002, "p" * 101, "m" * 999 + "\U0001f331", {"x": "é" * 2045})
                training = self.registry.get_project("payments").training
                self.assertEqual((training.progress, training.details), (1, None))
                self.assertEqual((training.phase, training.message), ("p" * 100, "m" * 999))
                lease.report(float("nan"), details={"loss": float("inf"), "losses": [0.5, float("nan")], "s": Scalar()})
                training = self.registry.get_project("payments").training
                self.assertEqual((training.progress, training.details), (1, {"losses": [0.5, None], "s": 0.25}))
                lease.report(progress=40)
                loop = {"base": "small", "loss": float("nan"), "when": {1, 2}, "path": self.home, "big": 10**400}
                loop["self"] = loop
                lease.complete(file_count=3, metadata=loop)
        project = self.registry.get_project("payments")
        self.assertEqual((project.training_status.value, project.file_count), ("completed", 3))
        self.assertEqual((project.metadata["base"], project.metadata["path"]), ("small", str(self.home)))
        self.assertFalse({"loss", "when", "big"} & set(project.metadata))
        told = [record.getMessage() for record in log.records]
        self.assertEqual(
            told[:5],
            [
                "training payments: details has 4098 bytes, 4096 are allowed; it was left out",
                "training payments: progress is no finite number; it was left out",
                "training payments: details.loss is NaN or infinite, which JSON cannot carry; it was left out",
                "training payments: details.losses.1 is NaN or infinite, which JSON cannot carry; it was left out",
                "training payments: progress goes from 0 to 1: 40 was taken for 1",
            ],
        )
        self.assertIn("training payments: metadata.when is a set, which JSON cannot carry; it was left out", told)

    def test_a_training_that_went_well_is_completed_whatever_it_tells(self):
        deep = {}
        for _ in range(70):
            deep = {"x": deep}
        self.registry.update_project_metadata("payments", metadata={"kept": "k" * 10000})
        with self.registry.training("payments") as lease:
            with self.assertLogs("codebase_gardener_registry", "WARNING") as log:
                lease.report(details=[1, 2], message=7)
                lease.report(details=deep)
                self.assertEqual(self.registry.get_project("payments").training.message, "7")
                lease.output.lora_adapter_path.touch()
                # Each is small enough, and both together are not: only the registry can tell.
                lease.complete(7.0, "", {"more": "m" * 10000})
        self.assertRegex(log.output[-1], "metadata: is 200.* bytes long and 16384 are allowed; metadata was left out")
        project = self.registry.get_project("payments")
        self.assertEqual((self.status(), project.file_count, list(project.metadata)), ("completed", 7, ["kept"]))

    def test_an_exception_may_be_given_to_fail(self):
        with self.registry.training("payments") as lease, self.assertLogs("codebase_gardener_registry", "WARNING"):
            lease.fail(MemoryError("no room"), details="none")
        self.assertEqual(self.registry.get_project("payments").training.error, "MemoryError: no room")

    def test_what_is_no_report_is_refused_with_its_field_before_it_is_sent(self):
        nan = float("nan")
        registry = self.registry
        loop = {}
        loop["self"] = loop
        before = registry.update_project_metadata("payments", metadata={"loss": 0.5}).etag
        for call, path, why in [
            (lambda: registry.update_project_metadata("payments", metadata={"loss": nan}), "metadata.loss", "is NaN"),
            (lambda: registry.update_project_metadata("payments", metadata={"a": [{"b": nan}]}), "metadata.a.0.b", ""),
            (lambda: registry.update_project_metadata("payments", metadata={"s": {1}}), "metadata.s", "is a set"),
            (lambda: registry.update_project_metadata("payments", metadata=loop), "metadata.self", "holds itself"),
            (lambda: registry.update_project_metadata("payments", file_count=nan), "file_count", "is NaN"),
            (lambda: registry.register_project("b", self.home, metadata={"loss": nan}), "metadata.loss", "is NaN"),
            (lambda: registry.training("payments", stall=nan), "stall_ms", "is NaN"),
            (lambda: registry.claim_training(wait=float("inf")), "wait_ms", "is NaN or infinite"),
            (lambda: registry.call("projects.list", limit=nan), "limit", "is NaN or infinite"),
        ]:
            with self.subTest(path=path), self.assertRaises(client.InvalidParamsError) as caught:
                call()
            (found,) = caught.exception.issues
            self.assertEqual((found[0], caught.exception.code), (path, -32602))
            self.assertRegex(found[1], f"^{why}.*, which JSON cannot carry$")
        self.assertEqual(registry.get_project("payments").etag, before)
        self.assertEqual(registry.get_project_count(), 1)

    def test_bytes_that_are_no_text_are_replaced_in_reports_and_refused_elsewhere(self):
        registry = self.registry
        project_id = registry.get_project("payments").project_id
        half = os.fsdecode(b"\xff")
        with registry.training(project_id) as lease:
            with self.assertLogs("codebase_gardener_registry", "WARNING") as log:
                lease.report(phase=half, message="\ud83c\udf31" + half, details={half: [half]})
                lease.complete(lora_adapter_path="/" + half, metadata={"x": half})
        self.assertIn("lora_adapter_path is no UTF-8; it was left out", str(log.output))
        project = registry.get_project(project_id)
        training = project.training
        self.assertEqual((training.phase, training.message), ("\ufffd", "\U0001f331\ufffd"))
        self.assertEqual((training.details, project.metadata), ({"\ufffd": ["\ufffd"]}, {"x": "\ufffd"}))
        with self.assertRaisesRegex(client.ProjectRegistryError, "tags.0"):
            registry.update_project_metadata(project_id, tags=[half])
        json.dumps(json.loads((self.data_dir / "registry.json").read_text("utf-8")), ensure_ascii=False).encode("utf-8")

    def test_an_error_is_cut_between_characters(self):
        with self.assertRaises(ValueError), self.registry.training("payments"):
            raise ValueError("\U0001f331" * 4096)
        error = self.registry.get_project("payments").training.error
        self.assertEqual(error, "ValueError: " + "\U0001f331" * 2042)

    def test_a_file_that_somebody_is_mending_costs_no_training(self):
        file = self.data_dir / "registry.json"

        def spoil():
            good = file.read_text("utf-8")
            file.write_text(good.replace('"name"', '"name" TYPO', 1), "utf-8")
            self.until(lambda: self.registry.get_registry_info()["read_only"], "the typo is seen")
            return good

        with self.registry.training("payments") as lease, self.assertLogs("codebase_gardener_registry") as log:
            good = spoil()
            lease.report(progress=0.1, phase="epochs")
            self.assertFalse(lease.cancel_requested())
            file.write_text(good, "utf-8")
            self.until(lambda: not self.registry.get_registry_info()["read_only"], "it is mended")
            lease.report(progress=0.2)
            self.assertEqual(self.registry.get_project("payments").training.progress, 0.2)
            good = spoil()
            tell = lease._tell

            def mend(what):
                # When the end has been refused a few times.
                tell(what)
                file.write_text(good, "utf-8")

            lease._tell = mend
            lease.output.lora_adapter_path.touch()
            lease.complete(file_count=3)
        self.assertRegex(log.output[0], "payments: a report was left out: ")
        self.assertRegex(log.output[-1], "payments: the end cannot be written yet, and is tried for 120 s: ")
        self.assertEqual((self.status(), lease.project.file_count), ("completed", 3))

    def test_one_that_somebody_else_has_taken_is_lost(self):
        with self.assertRaises(client.LeaseLostError), self.registry.training("payments") as lease:
            other = self.registry.training("payments", force=True)
            lease.report(progress=0.1)
        self.assertEqual(self.status(), "training")
        other.complete(file_count=3)
        self.assertEqual((self.status(), other.project.file_count), ("completed", 3))


class Places(Home):
    def find(self, **environment):
        """The data directory and the socket with nothing in the environment but this."""
        with unittest.mock.patch.dict(os.environ, environment, clear=True):
            registry = ProjectRegistry(auto_start=False)
            self.addCleanup(registry.close)
            return str(registry.data_dir)

    def test_a_tilde_in_the_environment_is_the_home_directory(self):
        home = str(self.home)
        self.assertEqual(self.find(HOME=home, CODEBASE_GARDENER_DATA_DIR="~/x"), f"{home}/x")

    def test_a_home_that_is_empty_or_relative_is_none(self):
        entry = pwd.getpwuid(os.getuid()).pw_dir
        for home in ("", "x"):
            self.assertEqual(self.find(HOME=home), f"{entry}/.codebase-gardener")

    def test_a_relative_path_in_the_environment_is_refused(self):
        for name in ("CODEBASE_GARDENER_DATA_DIR", "CODEBASE_GARDENER_SOCKET"):
            with self.assertRaisesRegex(ValueError, f"cannot use {name}=x: "):
                self.find(HOME=str(self.home), **{name: "x"})

    def test_a_name_that_is_no_utf_8_is_refused(self):
        odd = os.fsdecode(os.fsencode(self.home) + b"/\xff")
        for name in ("HOME", "CODEBASE_GARDENER_DATA_DIR", "CODEBASE_GARDENER_SOCKET"):
            for place in (odd, f"{self.home}/\ufffd"):
                with self.assertRaisesRegex(ValueError, "^cannot use .*its name is no UTF-8"):
                    self.find(**{"HOME": str(self.home), name: place})
        long = f"{self.home}/{'d' * 120}"
        with self.assertRaisesRegex(ValueError, "^cannot use XDG_RUNTIME_DIR=.*no UTF-8"):
            self.find(HOME=long, XDG_RUNTIME_DIR=odd)
        # What does not count says nothing.
        self.assertEqual(self.find(HOME=odd, CODEBASE_GARDENER_DATA_DIR="/x"), "/x")

    def refusal(self, environment, **arguments):
        """What is said where nobody listens."""
        with unittest.mock.patch.dict(os.environ, {"HOME": str(self.home), **environment}, clear=True):
            with ProjectRegistry(gardener="false", **arguments) as registry:
                with self.assertRaises(RegistryConnectionError) as caught:
                    registry.list_projects()
        return caught.exception

    def test_a_socket_and_a_data_directory_of_two_places_do_not_belong_together(self):
        data_dir, path = f"{self.home}/data", f"{self.home}/tunnel.sock"
        directory, tunnel = {"CODEBASE_GARDENER_DATA_DIR": data_dir}, {"CODEBASE_GARDENER_SOCKET": path}
        for environment, arguments in (
            (directory, {"socket": path}),
            ({**directory, **tunnel}, {"socket": path}),
            (tunnel, {"data_dir": data_dir}),
            (tunnel, {"registry_path": f"{data_dir}/registry.json"}),
            (tunnel, {}),
        ):
            error = self.refusal(environment, **arguments)
            self.assertEqual(error.reason, "not_running", error)
            self.assertIn("may lead to another machine", str(error))
        for environment, arguments in (({**directory, **tunnel}, {}), (tunnel, {"socket": path, "data_dir": data_dir})):
            self.assertEqual(self.refusal(environment, **arguments).reason, "start_failed")

    def test_a_socket_that_no_daemon_has_left_may_be_the_end_of_a_tunnel(self):
        data_dir, path = f"{self.home}/data", f"{self.home}/tunnel.sock"
        environment = {"CODEBASE_GARDENER_DATA_DIR": data_dir, "CODEBASE_GARDENER_SOCKET": path}
        with socket.socket(socket.AF_UNIX) as ended:
            ended.bind(path)
        error = self.refusal(environment)
        self.assertEqual(error.reason, "not_allowed", error)
        self.assertIn("it may be the end of a tunnel", str(error))
        self.assertEqual(self.refusal(environment, data_dir=data_dir, socket=path).reason, "start_failed")
        pathlib.Path(f"{path}.pid").write_text("1\n")
        self.assertEqual(self.refusal(environment).reason, "start_failed")

    def test_a_tunnel_without_a_daemon_behind_it_is_not_waited_for_like_one_that_ends(self):
        data_dir, path = f"{self.home}/data", f"{self.home}/tunnel.sock"
        tunnel = socket.create_server(path, family=socket.AF_UNIX)

        def close_all():
            while True:
                try:
                    tunnel.accept()[0].close()
                except OSError:
                    return

        thread = threading.Thread(target=close_all)
        thread.start()
        # A thread that waits for somebody keeps the socket.
        self.addCleanup(thread.join)
        self.addCleanup(tunnel.close)
        self.addCleanup(tunnel.shutdown, socket.SHUT_RDWR)
        for directory in ({}, {"CODEBASE_GARDENER_DATA_DIR": data_dir}):
            error = self.refusal({"CODEBASE_GARDENER_SOCKET": path, **directory})
            self.assertEqual(error.reason, "lost", error)
            self.assertTrue(str(error).endswith("; start the daemon there"), error)

    def test_the_command_that_starts_a_daemon_works_as_it_stands(self):
        data_dir, path = f"{self.home}/my data", f"{self.home}/s"
        flags = f"--data-dir '{data_dir}'"
        directory, socket = {"CODEBASE_GARDENER_DATA_DIR": data_dir}, {"CODEBASE_GARDENER_SOCKET": path}
        for environment, arguments, command in (
            ({}, {}, "gardener daemon start"),
            ({}, {"data_dir": data_dir}, f"gardener daemon start {flags}"),
            (directory, {}, f"gardener daemon start {flags}"),
            ({}, {"data_dir": data_dir, "socket": path}, f"gardener daemon start {flags} --socket {path}"),
            ({**directory, **socket}, {}, f"gardener daemon start {flags} --socket {path}"),
        ):
            error = self.refusal(environment, auto_start=False, **arguments)
            self.assertTrue(str(error).endswith(f'; start it with "{command}"'), error)

    def test_a_user_without_a_home_is_told_what_to_set(self):
        with unittest.mock.patch("pwd.getpwuid", side_effect=KeyError):
            with self.assertRaisesRegex(ValueError, "set HOME, or CODEBASE_GARDENER_DATA_DIR"):
                self.find()
            self.assertEqual(self.find(CODEBASE_GARDENER_DATA_DIR="/x"), "/x")


class TheFile(unittest.TestCase):
    def test_it_is_python_3_9(self):
        ast.parse(pathlib.Path(client.__file__).read_text(encoding="utf-8"), feature_version=(3, 9))

    def test_copied_alone_it_has_no_asyncio_and_says_so(self):
        program = (
            "import sys, codebase_gardener_registry as c; "
            "print([n for n in c._FOR_ASYNCIO if hasattr(c, n) or n in dir(c)], 'ProjectRegistry' in dir(c)); c.AsyncWatch"
        )
        with tempfile.TemporaryDirectory() as place:
            shutil.copyfile(client.__file__, f"{place}/codebase_gardener_registry.py")
            words = [sys.executable, "-B", "-c", program]
            ended = subprocess.run(words, cwd=place, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True)
        self.assertEqual(ended.stdout, "[] True\n", ended.stderr)
        self.assertRegex(ended.stderr, r"AttributeError: module .* has no attribute 'AsyncWatch': copied alone, .* take the package\n$")
        self.assertLess({*client._FOR_ASYNCIO, *client.__all__}, set(dir(client)))

    def test_what_is_found_out_reads_as_that(self):
        told = str(inspect.signature(ProjectRegistry.register_project))
        self.assertIn("repository: 'Optional[Repository]' = <asked of git>", told)

    def test_everything_public_is_exported(self):
        self.assertEqual([name for name in client.__all__ if not hasattr(client, name)], [])
        self.assertEqual(client.__all__, sorted(client.__all__))
        missing = {each.__name__ for each in client._ERRORS.values()} - set(client.__all__)
        self.assertEqual(missing, set())


if __name__ == "__main__":
    unittest.main()
