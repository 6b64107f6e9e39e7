"""A disk whose server has stopped answering: says what it is asked, and nothing ever comes back. Gone with this process.

usage: dead_disk.py DIRECTORY, which must exist; needs the right to mount and /dev/fuse
"""

import ctypes
import os
import struct
import sys

INIT = 26
INTERRUPT = 36
# struct fuse_in_header begins with length, operation and number; struct fuse_init_in follows after 40 bytes.
HEADER_BYTES = 40
REQUEST_BYTES = 1 << 17


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
    os.write(device, struct.pack("<IiQ", 16 + len(body), 0, number) + body)


device = mount(sys.argv[1])
greet(device)
print("mounted", flush=True)
while True:
    _, operation, _ = struct.unpack_from("<IIQ", os.read(device, REQUEST_BYTES))
    if operation != INTERRUPT:
        print("asked", flush=True)
