# SPDX-License-Identifier: ISC
#
# run_units.py NAME.socket - does what systemd does with a socket unit and the
# service of the same name beside it: it makes the socket with the owner and the
# mode of the unit and its drop-ins (NAME.socket.d), waits for the first
# connection, and becomes the program of the service, as the user of the
# service, with the socket as standard input. Only root can change users;
# another user keeps its own.
import grp
import os
import pwd
import select
import shlex
import socket
import sys


def lines(path):
    """The settings of a unit and of its drop-ins, in this order."""
    drop_ins = []
    if os.path.isdir(path + ".d"):
        drop_ins = [os.path.join(path + ".d", name)
                    for name in sorted(os.listdir(path + ".d"))]
    for name in [path, *drop_ins]:
        with open(name) as f:
            for line in f:
                if "=" in line and line[0] not in "#;[":
                    yield line.strip().split("=", 1)


def listen(unit):
    path = unit["ListenStream"]
    os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
    if os.path.exists(path):
        os.unlink(path)
    s = socket.socket(socket.AF_UNIX)
    # The socket has its final mode and owner before anybody can connect.
    old = os.umask(0o777 & ~int(unit.get("SocketMode", "0666"), 8))
    s.bind(path)
    os.umask(old)
    if os.geteuid() == 0:
        user = pwd.getpwnam(unit.get("SocketUser", "root"))
        group = unit.get("SocketGroup")
        os.chown(path, user.pw_uid,
                 grp.getgrnam(group).gr_gid if group else user.pw_gid)
    s.listen(int(unit.get("Backlog", "128")))
    return s


def become(unit):
    if os.geteuid() == 0:
        user = pwd.getpwnam(unit["User"])
        os.setgroups([])
        os.setgid(grp.getgrnam(unit["Group"]).gr_gid)
        os.setuid(user.pw_uid)
    os.umask(int(unit.get("UMask", "0022"), 8))
    command = shlex.split(unit["ExecStart"])
    os.execv(command[0], command)


path = sys.argv[1]
listener = listen(dict(lines(path)))
select.select([listener], [], [])
os.dup2(listener.fileno(), 0)
listener.close()
become(dict(lines(path[:-len(".socket")] + ".service")))
