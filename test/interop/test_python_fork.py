"""The Python client in a process that forks: a child owns nothing of its parent's, and is in nobody's way."""

import multiprocessing
import os
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
from codebase_gardener_registry import RegistryConnectionError
from test_python_client import GARDENER, PATIENCE, DaemonTest


def fork(work):
    """Runs `work` in a child, whose exit code is what it gives; gives the child's id."""
    with warnings.catch_warnings():
        # A process with threads may deadlock in its child, says Python 3.12: that it does not is what is tested.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = 99
        try:
            code = work() or 0
        finally:
            os._exit(code)
    return child


#: What this process was given before it had anything of the registry's.
STANDARD = workers.sockets() if sys.platform == "linux" else set()


class ForkTest(DaemonTest):
    def ended(self, child, within=PATIENCE):
        """The exit code of a child, which is killed when it takes too long."""
        end = time.monotonic() + within
        while True:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > end:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                self.fail("the child hangs")
            time.sleep(0.01)


class Forking(ForkTest):
    def setUp(self):
        super().setUp()
        self.registry.register_project("payments", self.codebase("payments"))

    def status(self):
        return self.registry.get_project("payments").training_status.value

    def lives_on(self, work):
        """Takes a lease, lets a child do something with it, and trains to the end."""
        with self.registry.training("payments") as lease:
            lease.report(progress=0.1)
            self.assertEqual(self.ended(fork(lambda: work(lease))), 0)
            lease.report(progress=0.2)
            training = self.registry.get_project("payments").training
            self.assertEqual((training.progress, training.token), (0.2, lease.token))
            self.assertEqual(self.status(), "training")
        self.assertEqual(self.status(), "completed")

    def test_a_child_that_leaves_the_block_ends_nothing(self):
        def leave(error):
            def work(lease):
                try:
                    with lease:
                        if error is not None:
                            raise error
                except BaseException as caught:
                    return 0 if caught is error else 1

            return work

        for error in (None, ValueError("x"), SystemExit(0), KeyboardInterrupt()):
            with self.subTest(error=error):
                self.lives_on(leave(error))

    def test_nor_does_one_that_closes_all_it_can_close(self):
        def work(lease):
            lease.close()
            self.registry.close()

        self.lives_on(work)

    def test_a_child_cannot_use_the_lease(self):
        def work(lease):
            for attempt in (
                lambda: lease.report(progress=0.9),
                lease.cancel_requested,
                lease.complete,
                lease.release,
                lambda: lease.fail("x"),
            ):
                try:
                    attempt()
                    return 1
                except RegistryConnectionError as error:
                    if error.reason != "closed" or "forked" not in str(error):
                        return 2

        self.lives_on(work)

    def test_a_child_has_connections_and_leases_of_its_own(self):
        self.registry.register_project("other", self.codebase("other"))

        def work(_):
            with self.registry.training("other") as lease:
                lease.report(progress=0.5)
                holder = self.registry.get_project("other").training.holder
                if holder.pid != os.getpid():
                    return 1
                grandchild = fork(lambda: lease.__exit__(None, None, None))
                if self.ended(grandchild) != 0:
                    return 2
                lease.report(progress=0.6)

        self.lives_on(work)
        self.assertEqual(self.registry.get_project("other").training_status.value, "completed")

    def test_a_child_that_stays_does_not_keep_the_lease_alive(self):
        ready, told = os.pipe()

        def trainer():
            lease = self.registry.training("payments")
            os.write(told, b"%d\n" % fork(lambda: time.sleep(PATIENCE)))
            # Gone without a word; its worker is not.
            os.kill(os.getpid(), signal.SIGKILL if lease else 0)

        self.assertEqual(self.ended(fork(trainer)), -signal.SIGKILL)
        worker = int(os.read(ready, 100))
        self.addCleanup(os.kill, worker, signal.SIGKILL)
        self.until(lambda: self.status() == "failed", "the project is given up")
        os.kill(worker, 0)

    def test_a_watch_goes_on_in_both(self):
        changes = self.registry.watch()
        self.assertEqual(changes.poll(PATIENCE).type, "resync")

        def work():
            event = changes.poll(PATIENCE)
            changes.close()
            return 0 if event.type == "registered" else 1

        child = fork(work)
        self.registry.register_project("other", self.codebase("other"))
        self.assertEqual(self.ended(child), 0)
        self.assertEqual(changes.poll(PATIENCE).type, "registered")
        self.registry.register_project("third", self.codebase("third"))
        self.assertEqual(changes.poll(PATIENCE).type, "registered")
        changes.close()

    @unittest.skipUnless(sys.platform == "linux", "looks into /proc")
    def test_a_child_holds_nothing_of_its_parents(self):
        with self.registry.training("payments"), self.registry.watch() as changes:
            changes.poll(PATIENCE)
            self.registry.get_project_count()
            mine = workers.sockets()
            for start in multiprocessing.get_all_start_methods():
                with self.subTest(start), warnings.catch_warnings():
                    warnings.simplefilter("ignore", DeprecationWarning)
                    context = multiprocessing.get_context(start)
                    answers = context.Queue()
                    worker = context.Process(target=workers.tell_sockets, args=(answers,))
                    worker.start()
                    theirs = answers.get(timeout=PATIENCE)
                    worker.join(PATIENCE)
                    answers.close()
                    answers.join_thread()
                    self.assertEqual((mine & theirs) - STANDARD, set())
            # Nor does a program that it starts.
            words = [sys.executable, "-c", "import workers; print(*workers.sockets())"]
            env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
            shown = subprocess.run(words, env=env, capture_output=True, text=True, check=True, close_fds=False)
            self.assertEqual((mine & set(shown.stdout.split())) - STANDARD, set())

    def test_pools_of_workers_in_a_training(self):
        for start in multiprocessing.get_all_start_methods():
            with self.subTest(start), warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context = multiprocessing.get_context(start)
                with self.registry.training("payments") as lease:
                    answers = context.Queue()
                    pool = [
                        context.Process(target=workers.count_projects, args=(self.data_dir, answers)) for _ in range(3)
                    ]
                    for worker in pool:
                        worker.start()
                    self.assertEqual([answers.get(timeout=PATIENCE) for _ in pool], [1, 1, 1])
                    lease.report(progress=0.5)
                    for worker in pool:
                        worker.join(PATIENCE)
                    answers.close()
                    answers.join_thread()
                self.assertEqual(self.status(), "completed")


class ForkingAtABadMoment(ForkTest):
    def test_while_another_thread_starts_a_daemon(self):
        # A program that starts nothing, and takes its time for it.
        slow = self.home / "slow"
        slow.write_text('#!/bin/sh\necho >"$0.begun"\nwhile [ ! -e "$0.go" ]; do sleep 0.05; done\nexit 3\n')
        slow.chmod(0o755)
        registry = self.open(gardener=[str(slow)])
        starter = threading.Thread(target=lambda: self.assertRaises(RegistryConnectionError, registry.get_project_count))
        starter.start()
        self.until((self.home / "slow.begun").exists, "the start has begun")
        registry._dialer._program = GARDENER
        child = fork(lambda: 0 if registry.get_project_count() == 0 else 1)
        code = self.ended(child)
        (self.home / "slow.go").write_text("")
        starter.join(PATIENCE)
        self.assertEqual((code, starter.is_alive()), (0, False))

    @unittest.skipUnless(os.path.exists("/bin/ps"), "needs ps")
    def test_no_fork_comes_while_a_program_is_started(self):
        start = subprocess.Popen
        started = []

        def watched(words, **options):
            # As a fork does it, which any other thread may begin now.
            could = []
            other = threading.Thread(target=lambda: could.append(client._no_fork.acquire(blocking=False)))
            other.start()
            other.join()
            started.append((os.path.basename(words[0]), *could))
            return start(words, **options)

        with unittest.mock.patch("subprocess.Popen", watched):
            self.registry.register_project("payments", self.codebase("payments"))
            with unittest.mock.patch("os.path.isdir", return_value=False):
                # As on macOS.
                uid, words, _ = client._process(os.getpid())
        self.assertEqual((uid, bool(words)), (os.getuid(), True))
        self.assertEqual(set(started), {(os.path.basename(GARDENER[0]), False), ("git", False), ("ps", False)})

    def test_while_other_threads_call_connect_and_ask_for_the_registry(self):
        os.environ["CODEBASE_GARDENER_DATA_DIR"] = str(self.data_dir)
        self.addCleanup(os.environ.pop, "CODEBASE_GARDENER_DATA_DIR")
        self.registry.get_project_count()
        over = threading.Event()

        def work():
            while not over.is_set():
                client.get_project_registry()
                with self.open() as registry:
                    registry.get_project_count()
                self.registry.get_project_count()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(30):
                child = fork(
                    lambda: 0
                    if self.registry.get_project_count() == 0 and client.get_project_registry().get_project_count() == 0
                    else 1
                )
                self.assertEqual(self.ended(child), 0)
        finally:
            over.set()
            for thread in threads:
                thread.join(PATIENCE)
            client.get_project_registry().close()

