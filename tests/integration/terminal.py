# SPDX-License-Identifier: ISC
#
# terminal.py FIRST SECOND COMMAND... - runs the command on a terminal of its
# own, types these answers to its questions, and prints the output of the
# terminal. The exit status is that of the command, or 90 if the command left
# the terminal without echo.
import os
import pty
import select
import sys
import termios
import time

answers = sys.argv[1:3]
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[3], sys.argv[3:])
shown = b""
until = time.monotonic() + 60
while time.monotonic() < until:
    if not select.select([terminal], [], [], 1)[0]:
        continue
    try:
        shown += os.read(terminal, 4096)
    except OSError:  # the other end of the terminal is closed
        break
    if shown.endswith(b": ") and answers:
        os.write(terminal, answers.pop(0).encode() + b"\n")
else:
    sys.exit("no end")
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
if not termios.tcgetattr(terminal)[3] & termios.ECHO:
    status = 90
sys.stdout.write(shown.decode().replace("\r\n", "\n"))
sys.exit(status)
