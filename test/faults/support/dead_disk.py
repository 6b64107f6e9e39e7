"""A disk whose server has stopped answering: says what it is asked, and nothing ever comes back. Gone with this process.

usage: dead_disk.py DIRECTORY [alive], which must exist; needs the right to mount and /dev/fuse

alive: it answers before SIGUSR1. Directories can be made on it, and the system may remember for an hour what they are, as
those who mount a disk of another machine let it.
"""

import ctypes
import errno
import os
import signal
import struct
import sys

LOOKUP = 1
FORGET = 2
GETATTR = 3
MKDIR = 9
INIT = 26
OPENDIR = 27
READDIR = 28
RELEASEDIR = 29
INTERRUPT = 36
BATCH_FORGET = 42
# struct fuse_in_header begins with length, operation, number and node; what belongs to the operation follows.
HEADER_BYTES = 40
MKDIR_BYTES = 8
REQUEST_BYTES = 1 << 17
REMEMBERED_S = 3600


def mount(place: str) -> int:
    device = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()},allow_other"
    if libc.mount(b"dead", place.encode(), b"fuse.dead", 0, options.encode()) != 0:
        sys.exit(f"cannot mount: {os.strerror(ctypes.get_errno())}")
    return device


def greet(device: int) -> None:
    request = os.read(device, REQUEST_BYTES)
    _, operation, number = struct.unpack_from("<IIQ", request)
    if operation != INIT:
        sys.exit(f"the system began with operation {operation}")
    _, minor, read_ahead, _ = struct.unpack_from("<IIII", request, HEADER_BYTES)
    # struct fuse_init_out, with nothing that is optional.
    body = struct.pack("<IIIIHHIIHHIIIIII", 7, min(minor, 31), read_ahead, 0, 12, 9, 1 << 16, 1, *[0] * 8)
    reply(device, number, body)


def reply(device: int, number: int, body: bytes = b"", error: int = 0) -> None:
    os.write(device, struct.pack("<IiQ", 16 + len(body), -error, number) + body)


class Directories:
    """All that is on the disk while it answers: the number of each, by the number of what it is in and its name."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[int, bytes], int] = {}

    def answer(self, device: int, operation: int, number: int, node: int, rest: bytes) -> None:
        if operation in (LOOKUP, MKDIR):
            name = rest[MKDIR_BYTES if operation == MKDIR else 0 :].rstrip(b"\0")
            if operation == MKDIR:
                self._nodes[node, name] = len(self._nodes) + 2
            found = self._nodes.get((node, name))
            if found is None:
                reply(device, number, error=errno.ENOENT)
            else:
                # struct fuse_entry_out
                entry = struct.pack("<4Q2I", found, 0, REMEMBERED_S, REMEMBERED_S, 0, 0)
                reply(device, number, entry + attributes(found))
        elif operation == GETATTR:
            reply(device, number, struct.pack("<QII", REMEMBERED_S, 0, 0) + attributes(node))
        elif operation == OPENDIR:
            reply(device, number, struct.pack("<QII", 1, 0, 0))
        elif operation in (READDIR, RELEASEDIR):
            reply(device, number)
        elif operation not in (FORGET, BATCH_FORGET, INTERRUPT):
            reply(device, number, error=errno.ENOSYS)


def attributes(node: int) -> bytes:
    """struct fuse_attr of a directory that is the user's alone."""
    times = [0] * 6
    return struct.pack("<6Q10I", node, 0, 0, *times[:3], *times[3:], 0o40700, 2, os.getuid(), os.getgid(), 0, 4096, 0)


is_dead = "alive" not in sys.argv[2:]


def die(*_: object) -> None:
    global is_dead
    is_dead = True
    print("dead", flush=True)


signal.signal(signal.SIGUSR1, die)
device = mount(sys.argv[1])
greet(device)
print("mounted", flush=True)
directories = Directories()
while True:
    request = os.read(device, REQUEST_BYTES)
    _, operation, number, node = struct.unpack_from("<IIQQ", request)
    if not is_dead:
        directories.answer(device, operation, number, node, request[HEADER_BYTES:])
    elif operation not in (FORGET, BATCH_FORGET, INTERRUPT):
        print("asked", flush=True)
