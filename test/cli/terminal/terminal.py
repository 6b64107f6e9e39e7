"""terminal.py PROGRAM...: runs a program at a terminal of its own, and closes the terminal when it reads a line.

All that are in the foreground have had their SIGHUP when it ends.
"""

import os
import pty
import sys

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
sys.stdin.readline()
os.close(terminal)
