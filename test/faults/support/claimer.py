"""Trains like the example, for a short while a project, and writes down what it does before it does it.

    claimer.py SOCKET LOG SECONDS

Lines go to the log with O_APPEND, so that those of many processes stand in the order in which they were written:
`begin`, `stop` (the work is done, success not claimed yet), `completed` and `lost`, each with project, token and pid.
"""

import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples"))
import trainer

path, log, seconds = sys.argv[1], os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND), float(sys.argv[3])


def note(what, lease):
    os.write(log, f"{what} {lease.project['project_id']} {lease.token} {os.getpid()}\n".encode())


def train(lease):
    note("begin", lease)
    steps = random.randint(3, 6)
    try:
        for step in range(steps):
            lease.report(progress=step / steps, phase="late" if step > 2 else "early")
            time.sleep(seconds / steps)
        lease.report(message="done")
    except trainer.Refused:
        note("lost", lease)
        raise
    note("stop", lease)
    return {"metadata": {"trained_by": os.getpid(), "token": lease.token}}


class Lease(trainer.Lease):
    def end(self, how, **results):
        try:
            super().end(how, **results)
        except trainer.Refused:
            note("lost", self)
            raise
        note("completed", self)


trainer.Lease, trainer.STALL = Lease, 2.0
trainer.work(path, train)
