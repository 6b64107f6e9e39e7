"""What workers of test_python_fork.py do; a module of its own, because those that are not forked import it anew."""

import os

from codebase_gardener_registry import ProjectRegistry


def sockets():
    """The sockets that this process holds; Linux only."""
    held = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            held.add(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:
            continue  # It was that of the listing.
    return {name for name in held if name.startswith("socket:")}


def tell_sockets(answers):
    answers.put(sockets())


def count_projects(data_dir, answers):
    with ProjectRegistry(data_dir=data_dir, auto_start=False) as registry:
        answers.put(registry.get_project_count())
