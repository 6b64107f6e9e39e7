#!/usr/bin/env python3
"""A trainer for the Codebase Gardener registry, with nothing but Python's standard library.

    python3 trainer.py [--once] [socket]

It claims one waiting project after the other, trains it, says how far it is and how it ended. The registry sees to
it that no two trainers have the same project; a trainer keeps its side of that:

- A lease belongs to a connection. When that is lost, because the daemon was restarted or killed, `training.resume`
  takes the lease over to a new one. There are 10 seconds for it.
- `lease_lost` says that the project may be somebody else's by now: stop, and claim no success. What is made is
  written into the output of the lease, a directory of its own. It comes into service when the training completes, so
  that whoever fails or is late spoils nothing; before that it is synced to the disk, or a power cut might.
- Whoever is asked to stop gives the project back as it was.

To train for real, call `work` with a function of your own in place of `train`.
"""

import json
import os
import socket
import sys
import time

GRACE = 10.0  # seconds in which a lease can be resumed
WAIT = 30.0  # seconds to wait for a project before asking again
STALL = 600.0  # seconds without a report after which somebody else may have the project


class Lost(Exception):
    """The connection is gone; whether the last request was carried out is not known."""


class Refused(Exception):
    """The registry said no; `kind` says why, as in `lease_lost`."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.kind = (error.get("data") or {}).get("kind")


class Cancelled(Exception):
    """Somebody asked for this training to stop."""


class Connection:
    """JSON-RPC 2.0 with the daemon: one request a line, one answer a line."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(WAIT + GRACE)
        self._socket.connect(path)
        self._lines = self._socket.makefile("rb")
        self.call("daemon.hello", client={"name": "trainer.py", "pid": os.getpid()})

    def call(self, method, **params):
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            line = self._lines.readline()
        except OSError as error:
            raise Lost(str(error)) from error
        answer = json.loads(line) if line.endswith(b"\n") else {"error": {"code": 1011}}
        if "error" not in answer:
            return answer["result"]
        if answer["error"]["code"] == 1011:  # shutting down: the same as gone
            raise Lost("the daemon has ended")
        raise Refused(answer["error"])

    def close(self):
        self._lines.close()
        self._socket.close()


def connect(path):
    """Connects, trying again for a while: a daemon that was killed may be on its way up."""
    deadline = time.monotonic() + GRACE
    while True:
        try:
            return Connection(path)
        except (OSError, Lost) as error:
            if time.monotonic() > deadline:
                raise Lost(f"cannot reach {path}: {error}; start the registry: gardener daemon start") from error
            time.sleep(0.05)


class Lease:
    """The right to train one project, kept through lost connections."""

    def __init__(self, path, connection, claimed):
        self.path, self.connection = path, connection
        self.token, self.project, self.output = claimed["token"], claimed["project"], claimed["output"]
        self._whose = {"project": self.project["project_id"], "token": self.token}

    def report(self, **progress):
        """Says how far training is: `progress` from 0 to 1, `phase`, `message`, `details`. May raise Cancelled."""
        self._call("training.progress", **progress)
        if self._record()["cancel_requested"]:
            raise Cancelled()

    def end(self, how, **results):
        """Ends the lease: `complete`, `fail` or `release`."""
        try:
            self._call(f"training.{how}", **results)
        except Refused as refusal:
            # If the connection was lost before the answer, the first attempt may have gone through.
            record = self._record()
            lost = record["token"] != self.token or record["error"] in ("trainer disconnected", "stalled")
            if refusal.kind != "lease_lost" or lost or record["holder"] is not None:
                raise

    def _record(self):
        return self.connection.call("projects.get", project=self._whose["project"])["training"]

    def _call(self, method, **params):
        try:
            return self.connection.call(method, **self._whose, **params)
        except Lost:
            self.connection.close()
            self.connection = connect(self.path)
            self.connection.call("training.resume", **self._whose)
            return self.connection.call(method, **self._whose, **params)


def train(lease):
    """Stands for training: looks at every file, and writes down what it saw. Gives the results."""
    files = [os.path.join(at, name) for at, _, names in os.walk(lease.project["source_path"]) for name in names]
    lease.report(phase="reading", progress=0.0, message=f"{len(files)} files")
    size = 0
    for done, file in enumerate(files, 1):
        size += os.path.getsize(file)
        lease.report(progress=done / len(files))
    lease.report(phase="saving")
    with open(lease.output["lora_adapter_path"], "w") as out:
        json.dump({"token": lease.token, "bytes": size}, out)
    return {"file_count": len(files)}


def sync(directory):
    """Makes what was written survive a power cut."""
    for at, _, names in os.walk(directory):
        for path in (at, *(os.path.join(at, name) for name in names)):
            if os.path.isdir(path) or os.path.isfile(path):
                file = os.open(path, os.O_RDONLY)
                os.fsync(file)
                os.close(file)


def work(path, train=train, once=False):
    """Trains one project after the other; with `once` until none is waiting."""
    connection = connect(path)
    while True:
        try:
            wait_ms = 0 if once else int(WAIT * 1000)
            claimed = connection.call("training.claim", wait_ms=wait_ms, stall_ms=int(STALL * 1000))
        except Lost:  # if it was given a project with its last breath, that waits again after the grace
            connection.close()
            connection = connect(path)
            continue
        if claimed is None and once:
            return
        if claimed is None:
            continue
        lease = Lease(path, connection, claimed)
        name = lease.project["name"]
        try:
            try:
                results = train(lease)
                sync(lease.output["directory"])
                lease.end("complete", **results)
                print(f"{name}: completed", flush=True)
            except Cancelled:
                lease.end("release")
                return print(f"{name}: given back", flush=True)
            except (Refused, Lost):
                raise
            except Exception as error:
                lease.end("fail", error=f"{type(error).__name__}: {error}")
                print(f"{name}: failed: {error}", flush=True)
        except Refused as refusal:
            print(f"{name}: {refusal}", flush=True)
        connection = lease.connection


def default_socket():
    data = os.environ.get("CODEBASE_GARDENER_DATA_DIR") or os.path.expanduser("~/.codebase-gardener")
    return os.environ.get("CODEBASE_GARDENER_SOCKET") or os.path.join(data, "run", "registry.sock")


if __name__ == "__main__":
    given = [argument for argument in sys.argv[1:] if argument != "--once"]
    work(given[0] if given else default_socket(), once="--once" in sys.argv)
