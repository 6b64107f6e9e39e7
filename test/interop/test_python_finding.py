"""What starts a daemon for the Python client: the command line, wherever it is found; run as test_python_client.py is."""

import os
import pathlib
import unittest.mock

from codebase_gardener_registry import ProjectRegistry, RegistryConnectionError
from test_python_client import GARDENER, PATIENCE, DaemonTest

NODE, SCRIPT = GARDENER
DIST = pathlib.Path(SCRIPT).parent


class Finding(DaemonTest):
    def setUp(self):
        super().setUp()
        self.tools = self.directory("tools")
        # What a program begins with is looked for on PATH.
        (self.tools / "node").symlink_to(NODE)

    def directory(self, name):
        path = self.home / name
        path.mkdir()
        return path

    def program(self, path, text):
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    def count(self, *places, gardener=None, **variables):
        """Asks a registry in a home of this test, with nothing else on PATH, and ends its daemon."""
        path = os.pathsep.join(map(str, (self.tools, *places)))
        env = {"HOME": str(self.home), "PATH": path, **variables}
        with unittest.mock.patch.dict(os.environ, env, clear=True):
            with self.open(gardener=gardener) as registry:
                count = registry.get_project_count()
        self.gardener("daemon", "stop")
        return count

    def test_it_is_beside_the_daemon_that_the_environment_names(self):
        linked = self.directory("linked") / "gardenerd"
        linked.symlink_to(DIST / "gardenerd.js")
        for named in (DIST / "gardenerd.js", linked):
            self.assertEqual(self.count(CODEBASE_GARDENER_DAEMON=str(named)), 0)
        self.assertEqual(self.count(CODEBASE_GARDENER_DAEMON="~/linked/gardenerd"), 0)

    def test_it_is_on_path_or_beside_the_daemon_there(self):
        on_path = self.directory("bin")
        (on_path / "gardenerd").symlink_to(DIST / "gardenerd.js")
        self.assertEqual(self.count(on_path), 0)
        self.program(on_path / "gardener", f'exec "{NODE}" "{SCRIPT}" "$@"')
        self.assertEqual(self.count(on_path, CODEBASE_GARDENER_DAEMON=""), 0)

    def test_it_starts_the_daemon_that_the_environment_names_unless_it_was_given_itself(self):
        noted = self.home / "noted"
        daemon = self.program(self.home / "daemon", f'echo >"{noted}"; exec "{NODE}" "{DIST / "gardenerd.js"}" "$@"')
        self.count(gardener=GARDENER, CODEBASE_GARDENER_DAEMON=daemon)
        self.assertFalse(noted.exists())
        on_path = self.directory("bin")
        self.program(on_path / "gardener", f'exec "{NODE}" "{SCRIPT}" "$@"')
        self.count(on_path, CODEBASE_GARDENER_DAEMON=daemon)
        self.assertTrue(noted.exists())

    def test_a_daemon_that_cannot_be_started_is_no_matter_while_one_runs(self):
        (self.home / "shop").mkdir()
        on_path = self.directory("bin")
        self.program(on_path / "gardener", f'exec "{NODE}" "{SCRIPT}" "$@"')
        self.registry.get_project_count()
        env = {"HOME": str(self.home), "PATH": f"{self.tools}{os.pathsep}{on_path}", "CODEBASE_GARDENER_DAEMON": "/none"}
        with unittest.mock.patch.dict(os.environ, env, clear=True):
            self.assertEqual(self.open(gardener=None).add_project(self.home / "shop").name, "shop")

    def test_gardener_is_a_path_or_the_words_of_a_shell(self):
        self.program(self.directory("with a space") / "g", f'[ "$1" = x ] && shift; exec "{NODE}" "{SCRIPT}" "$@"')
        for written in ("~/with a space/g", "'~/with a space/g' x"):
            self.assertEqual(self.count(GARDENER=written), 0)
            self.assertEqual(self.count(gardener=written), 0)
        with unittest.mock.patch.dict(os.environ, GARDENER="'g"):
            with self.assertRaisesRegex(ValueError, "^cannot use GARDENER='g: .*No closing quotation.*; set it to"):
                ProjectRegistry(data_dir=self.data_dir)

    def test_where_it_is_not_found_the_error_names_the_ways(self):
        on_path = self.directory("bin")
        (on_path / "gardenerd").symlink_to(DIST / "gardenerd.js")
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(on_path)
        with self.assertRaisesRegex(RegistryConnectionError, "GARDENER names .* CODEBASE_GARDENER_DAEMON .* PATH; install"):
            self.count(".", "")
        for places in ([], [on_path]):
            with self.assertRaisesRegex(RegistryConnectionError, "_DAEMON leads to /none, where no executable") as caught:
                self.count(*places, CODEBASE_GARDENER_DAEMON="/none")
            self.assertEqual(caught.exception.reason, "start_failed")
        with unittest.mock.patch.dict(os.environ, CODEBASE_GARDENER_DAEMON="bin/gardenerd"):
            with self.assertRaisesRegex(ValueError, "cannot use CODEBASE_GARDENER_DAEMON=bin/gardenerd: a relative path"):
                ProjectRegistry(data_dir=self.data_dir, timeout=PATIENCE)
