"""seen.py COLUMNS ROWS PROGRAM...: runs a program at a terminal of that size, and writes what it shows to standard output.

A line that the program shows, "now resize", makes the terminal ten columns wider.
"""

import fcntl
import os
import pty
import struct
import sys
import termios


def resize(columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


columns, rows = int(sys.argv[1]), int(sys.argv[2])
ready, go = os.pipe()
pid, terminal = pty.fork()
if pid == 0:
    os.read(ready, 1)
    os.execvp(sys.argv[3], sys.argv[3:])
resize(columns, rows)
os.write(go, b".")
shown = b""
while True:
    try:
        some = os.read(terminal, 65536)
    except OSError:
        break
    if not some:
        break
    if b"now resize" not in shown and b"now resize" in shown + some:
        resize(columns + 10, rows)
    shown += some
sys.stdout.buffer.write(shown)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
