# SPDX-License-Identifier: ISC
#
# files.py PROGRAM SOURCE [CASE...] - files that are removed, replaced, full,
# read-only or not regular files, while a service or the tool uses them.
import datetime
import fcntl
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

import service_box
from service_box import ONE, TIMEOUT, TWO, WRITE, check, status, wait_until

program, source = sys.argv[1:3]
GENERATE = service_box.RESOURCE.replace("v1.0", "beta") + \
    "/generateApplePushNotificationCertificateSigningRequest"


class Box(service_box.Box):
    def ask(self, *request, **more):
        """The status of the response, or "" without one."""
        try:
            return status(super().ask(*request, **more))
        except (ConnectionError, FileNotFoundError):
            return ""

    def set(self, value):
        return self.ask("PATCH", body=b'{"appleIdentifier":"%s"}' %
                        value.encode())

    def empty(self, *lines):
        """Makes a new store with these lines of configuration."""
        self.close()
        self.__init__(self.program, *lines)


# --- the store's files ------------------------------------------------------

def lock_removed(b):
    """A cron job removes lock.mdb: no acknowledged change is lost."""
    p = b.serve()
    check("before", b.set("before") == "200")
    # Stop the service, or it might notice the missing lock and end before the
    # tool runs.
    p.send_signal(signal.SIGSTOP)
    os.unlink(b.data + "/lock.mdb")
    r = b.run("token", "create", "--tenant", TWO, "--scope", WRITE)
    check("the tool refuses", r.returncode == 1 and r.stdout == "", r.stdout)
    check("and names the process", f"process {p.pid} " in r.stderr, r.stderr)
    check("for verify too", b.run("verify").returncode == 1)
    p.send_signal(signal.SIGCONT)
    check("a change is refused", b.set("lost?") in ("503", ""))
    check("the service ends", wait_until(lambda: p.poll() is not None))
    check("with a failure", p.returncode == 1, p.returncode)
    check("and says why", b.data + "/lock.mdb was removed" in b.log(), b.log())
    b.new_token(TWO, "--name", "after")
    check("nothing is lost", "after" in b.tool("token", "list"))
    b.serve()
    check("what was there is there", b.ask() == "200")
    check("and it goes on", b.set("after") == "200")
    b.tool("verify")


def lock_removed_while_idle(b):
    """The service ends even if it receives no request."""
    p = b.serve()
    os.unlink(b.data + "/lock.mdb")
    check("the service ends", wait_until(lambda: p.poll() is not None))
    check("with a failure", p.returncode == 1, p.returncode)


def data_replaced(b):
    """rsync replaces data.mdb by an older one, which becomes the store."""
    p = b.serve()
    copy = b.dir + "/copy"
    check("one", b.set("one") == "200")
    shutil.copy(b.data + "/data.mdb", copy)
    later = b.new_token(ONE, "--name", "later")
    check("the later token is good", b.ask(token=later) == "200")
    os.rename(copy, b.data + "/data.mdb")
    check("it is gone", wait_until(lambda: b.ask(token=later) == "401"))
    check("a change is made", b.set("three") == "200")
    check("in the new file", "three" in b.tool("show"))
    check("the log says so", "data.mdb was replaced" in b.log(), b.log())
    check("the service runs", p.poll() is None)
    b.tool("verify")


def directory_replaced(b):
    """mv, init and restore: the service does not use the old place."""
    p = b.serve()
    check("one", b.set("one") == "200")
    b.tool("backup", b.dir + "/backup")
    os.rename(b.data, b.dir + "/old")
    b.tool("init")
    b.tool("restore", b.dir + "/backup")
    check("a change is refused", b.set("two") in ("503", ""))
    check("the service ends", wait_until(lambda: p.poll() is not None))
    check("with a failure", p.returncode == 1, p.returncode)
    check("and says why", b.data + " was removed or replaced" in b.log())


def directory_by_a_link(b):
    """A link in the path of the directory points elsewhere now."""
    os.mkdir(b.dir + "/v1")
    os.rename(b.data, b.dir + "/v1/data")
    shutil.copytree(b.dir + "/v1", b.dir + "/v2")
    os.symlink("v1", b.dir + "/now")
    with open(b.conf, "a") as f:
        print(f"data = {b.dir}/now/data", file=f)
    text = open(b.conf).read().replace(f"data = {b.data}\n", "")
    open(b.conf, "w").write(text)
    p = b.serve()
    check("one", b.set("one") == "200")
    os.symlink("v2", b.dir + "/new")
    os.rename(b.dir + "/new", b.dir + "/now")
    check("the service ends", wait_until(lambda: p.poll() is not None))


# --- the log ----------------------------------------------------------------

def log_unread(b):
    """A full pipe, or the socket of a stopped journal."""
    for what in (os.pipe, socket.socketpair):
        theirs, ours = what()
        p = b.serve(stderr=ours)
        for i in range(600):
            check("refused", b.ask(token="bad") in ("401", "429"))
        check("read", b.ask() in ("200", "404"))
        check("changed", b.set("x") == "200")
        p.terminate()
        check("it ends", p.wait(TIMEOUT) == 0)
        text = os.read(theirs, 1 << 20) if what is os.pipe else \
            theirs.recv(1 << 20)
        check("lines are whole", text.startswith(b"pushcert: "))
        for end in (theirs, ours):
            os.close(end) if what is os.pipe else end.close()


# --- readers ----------------------------------------------------------------

def fill(b, n):
    """Makes n changes of 20,000 bytes each; returns a count per status."""
    answers = {}
    for i in range(n):
        body = b'{"certificate":"%s"}' % (bytes([97 + i % 26]) * 20000)
        got = b.ask("PATCH", body=body)
        answers[got] = answers.get(got, 0) + 1
    return answers


def pager_is_open(b):
    """A command whose output is not read keeps no transaction open."""
    b.empty("map_size = 16M", "history_keep = 150")
    b.serve()
    for i in range(30):
        b.new_token(ONE, "--name", "x" * 64)
        check("filled", fill(b, 5) == {"200": 5})
    fifo = b.dir + "/fifo"
    os.mkfifo(fifo)
    pagers = []
    for words in (["history", "--json"], ["list", "--json"],
                  ["show", "--json"], ["token", "list"], ["tenant", "list"],
                  ["verify"], ["metrics", "--output", fifo],
                  ["upload", "-", "--tenant", ONE]):
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        # A command that waits for its standard input must not keep a
        # transaction either.
        p = subprocess.Popen(
            [program, *words, "--config", b.conf], stdin=subprocess.PIPE,
            stdout=writer, stderr=subprocess.STDOUT)
        os.close(writer)
        b.running.append(p)
        pagers.append((words, p, os.fdopen(reader)))
    check("history waits for its reader",
          not wait_until(lambda: pagers[0][1].poll() is not None, 1))
    answers = fill(b, 600)
    check("the store has room", answers == {"200": 600},
          f"{answers} {b.run('doctor').stdout} {b.log()[-300:]}")
    r = b.run("doctor")
    check("nothing to cure", "process" not in r.stdout, r.stdout)
    t = threading.Thread(target=lambda: open(fifo).read())
    t.start()
    for words, p, out in pagers:
        p.stdin.close()
        with out:
            text = out.read()
        p.wait(TIMEOUT)
        check("all is printed", p.returncode == 0 or words[0] == "upload",
              f"{words} {p.returncode} {text[-200:]}")
    t.join()


def reader_is_stopped(b):
    """doctor and the log name the process that keeps old pages in use."""
    b.empty("map_size = 16M", "history_keep = 150")
    b.serve()
    check("filled", fill(b, 200) == {"200": 200})
    # A process that is stopped while it reads the store.
    reader = None
    for _ in range(200):
        p = subprocess.Popen([program, "verify", "--config", b.conf],
                             stdout=subprocess.DEVNULL, start_new_session=True)
        b.running.append(p)
        time.sleep(0.01)
        os.killpg(p.pid, signal.SIGSTOP)
        check("filled", set(fill(b, 3)) <= {"200", "507"})
        r = b.run("doctor")
        if "still reads" in r.stdout:
            reader = r.stdout.split("process ")[1].split(",")[0]
            break
        os.killpg(p.pid, signal.SIGKILL)
        p.wait()
    check("doctor names it", reader is not None, r.stdout)
    check("and its age", "was started" in r.stdout, r.stdout)
    check("it is full", "507" in fill(b, 600))
    check("the log names it", f"the oldest reader, process {reader}, " in
          b.log(), b.log()[-2000:])
    os.killpg(p.pid, signal.SIGKILL)
    p.wait()
    check("there is room again",
          wait_until(lambda: fill(b, 1) == {"200": 1}, 90))


# --- files of the tool ------------------------------------------------------

def output_is_no_file(b):
    """Devices, FIFOs and links are not replaced by files."""
    d = b.dir + "/"
    os.symlink("/dev/null", d + "null")
    os.symlink("target", d + "link")
    os.symlink(d + "link", d + "links")
    # Not /dev/stdout itself, which a faulty program would replace for the whole
    # machine.
    os.symlink("/proc/self/fd/1", d + "stdout")
    os.symlink("loop", d + "loop")
    os.mkfifo(d + "fifo")
    for words in (["metrics", "--output"], ["calendar", "--output"],
                  ["backup", "--force"]):
        for name in ("null", "link", "links", "stdout", "fifo"):
            got = []
            if name == "fifo":
                t = threading.Thread(target=lambda: got.append(
                    open(d + "fifo", "rb").read()))
                t.start()
            r = b.run(*words, d + name, text=False)
            about = f"{words} {name}"
            check(about, r.returncode == 0, r.stderr)
            if name == "fifo":
                t.join()
                check("the FIFO's reader has it", len(got[0]) > 100)
                check("a FIFO", stat.S_ISFIFO(os.lstat(d + "fifo").st_mode))
            else:
                check("a link", os.path.islink(d + name), about)
            check("stdout", (len(r.stdout) > 100) == (name == "stdout"), about)
            if name.startswith("link"):
                check("a file", os.path.getsize(d + "target") > 100)
                check("alone", not [n for n in os.listdir(d)
                                    if n.startswith(name + ".")])
                os.unlink(d + "target")
        for name in ("loop", "data", "nowhere/x"):
            r = b.run(*words, d + name)
            check("refused", r.returncode == 1 and r.stderr != "", name)
    if os.geteuid() == 0:
        os.mknod(d + "device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
        b.tool("backup", d + "device", "--force")
        check("a device", stat.S_ISCHR(os.lstat(d + "device").st_mode))


def output_into_a_file(b):
    """The tool appends to a file that the shell has written to."""
    path = b.dir + "/out"
    os.symlink("/proc/self/fd/1", b.dir + "/stdout")
    with open(path, "w") as f:
        f.write("first\n")
        f.flush()
        r = b.run("metrics", "--output", b.dir + "/stdout",
                  capture_output=False, stdout=f, stderr=subprocess.PIPE)
    check("metrics", r.returncode == 0, r.stderr)
    text = open(path).read()
    check("both", text.startswith("first\n#") and len(text) > 100, text)


def backup_keeps_what_is_there(b):
    """Without --force an existing file stays unchanged."""
    for make in (lambda p: open(p, "w").close(), os.mkfifo,
                 lambda p: os.symlink("/dev/null", p),
                 lambda p: os.symlink("nowhere", p)):
        path = b.dir + "/there"
        make(path)
        r = b.run("backup", path)
        check("refused", r.returncode == 1 and "--force" in r.stderr, r.stderr)
        os.unlink(path)


def jwks_import_follows(b):
    """The link stays, the file that it names is replaced."""
    key, real, link = (b.dir + n for n in ("/key.pem", "/real", "/jwks"))
    made = subprocess.run(["openssl", "genrsa", "-out", key, "2048"],
                          capture_output=True)
    if made.returncode != 0:
        print("skipped: there is no openssl")
        return
    subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-out",
                    key + ".pub"], check=True, capture_output=True)
    os.symlink("real", link)
    with open(b.conf, "a") as f:
        print(f"jwks_file = {link}\njwt_issuer = https://x.example/\n"
              "jwt_audience = a", file=f)
    b.tool("jwks", "import", key + ".pub")
    check("a link", os.path.islink(link))
    check("a file", '"keys"' in open(real).read())


def hook_gets_no_file(b):
    """Neither the store nor the open files of the caller of check."""
    soon = datetime.datetime.now(datetime.timezone.utc) + \
        datetime.timedelta(days=5)
    b.serve()
    body = b'{"expirationDateTime":"%s"}' % \
        soon.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    check("a date", b.ask("PATCH", body=body) == "200")
    kept = os.open(b.conf, os.O_RDONLY)
    seen = b.dir + "/seen"
    r = b.run("check", "--hook", f"ls /proc/$$/fd >{seen}", pass_fds=[kept])
    check("the hook ran", os.path.exists(seen), r.stdout + r.stderr)
    # Some shells keep one descriptor open for their redirection.
    names = {int(n) for n in open(seen).read().split()}
    check("0 to 2", {0, 1, 2} <= names, names)
    check("no more", not {n for n in names if 2 < n < 10}, names)


# --- the key, the configuration, tokens ---------------------------------------

def key_replaced(b):
    """Each request is sealed with the current key of the file."""
    b.serve()
    old = open(b.key).read()
    os.unlink(b.key)
    check("no key", b.ask("POST", GENERATE) == "503")
    check("and a line", b.key + ": No such file" in b.log(), b.log())
    with open(b.key + ".new", "w") as f:
        os.fchmod(f.fileno(), 0o600)
        print("12" * 32, file=f)
    os.rename(b.key + ".new", b.key)
    check("sealed", b.ask("POST", GENERATE) == "200")
    r = b.run("verify")
    check("by the new key", r.returncode == 0, r.stderr)
    # Overwrite the file, as an editor does. The old key does not open the new
    # request.
    open(b.key, "w").write(old)
    check("it opens nothing", b.run("verify").returncode == 1)
    check("but seals", b.ask("POST", GENERATE) == "200")
    os.chmod(b.key, 0o644)
    check("not by an open one", b.ask("POST", GENERATE) == "503")


def init_is_whole(b):
    """After init every file is complete and on the disk."""
    if shutil.which("strace") is None:
        print("init_is_whole: skipped: there is no strace")
        return
    d = b.dir + "/new"
    os.mkdir(d)
    r = subprocess.run(["strace", "-f", "-y", "-e", "trace=fsync,fdatasync",
                        program, "init", "--data", d + "/data", "--config",
                        d + "/x.conf"], capture_output=True, text=True)
    if r.returncode != 0 and "ptrace" in r.stderr:
        print("init_is_whole: skipped:", r.stderr[:80])
        return
    check("init", r.returncode == 0, r.stderr)
    for name in ("/x.conf", "/x.key", "/data/data.mdb", "/data>", ">"):
        check("synced: " + name, f"<{d}{name}" in r.stderr, r.stderr)
    check("nothing else", sorted(os.listdir(d)) ==
          ["data", "x.conf", "x.key"], os.listdir(d))


def configuration_empty(b):
    """A crash may leave this: the defaults would be another store."""
    for text in ("", "\n \t\r\n", "\0" * 4096):
        open(b.conf, "w").write(text)
        for words in (["list"], ["init"], ["serve", "--socket", b.socket]):
            r = b.run(*words)
            check("refused", r.returncode == 1 and b.conf in r.stderr,
                  f"{words} {r.returncode} {r.stderr}")


def token_not_printed(b):
    """A token that could not be printed is revoked."""
    before = b.tool("token", "list")
    reader, writer = os.pipe()
    os.close(reader)
    full = os.open("/dev/full", os.O_WRONLY)
    for out in (full, writer):
        r = b.run("token", "create", "--tenant", ONE, "--scope", WRITE,
                  capture_output=False, stdout=out, stderr=subprocess.PIPE)
        check("it fails", r.returncode == 1, r.returncode)
        check("and says so", "revoked" in r.stderr, r.stderr)
        check("no token is left", b.tool("token", "list") == before)
        os.close(out)


def postinst_again(b):
    """A failed configure is repeated and then makes the store."""
    d = b.dir + "/tree"
    os.makedirs(d + "/bin")
    os.makedirs(d + "/etc")
    os.makedirs(d + "/var/lib")
    text = open(source + "/conf/debian/postinst").read()
    for a, c in (("/etc", d + "/etc"), ("/var/lib", d + "/var/lib"),
                 ("/run/systemd/system", d + "/none"),
                 ("-o pushcert -g pushcert", ""),
                 ("chown pushcert:pushcert", "true"),
                 ("/usr/share/pushcert/old-processes", "true"),
                 ("runuser -u pushcert -- /usr/bin/pushcert", "init_it")):
        text = text.replace(a, c)
    open(d + "/postinst", "w").write(text)
    for name, does in (("adduser", "exit 0"), ("init_it",
                       f'echo "$@" >>{d}/ran; [ -e {d}/well ]')):
        with open(f"{d}/bin/{name}", "w") as f:
            f.write(f"#!/bin/sh\n{does}\n")
            os.fchmod(f.fileno(), 0o755)
    run = lambda: subprocess.run(
        ["sh", d + "/postinst", "configure", ""], capture_output=True,
        env={**os.environ, "PATH": d + "/bin:" + os.environ["PATH"]})
    check("init fails", run().returncode != 0)
    key = open(d + "/etc/pushcert.key").read()
    open(d + "/well", "w").close()
    for _ in range(2):
        r = run()
        check("init runs", r.returncode == 0, r.stderr)
    check("each time", open(d + "/ran").read().count("init ") == 3)
    check("the key stays", open(d + "/etc/pushcert.key").read() == key)


# --- a disk that is read-only ------------------------------------------------

def disk_is_read_only(b):
    """Commands that only read work there, even without a lock.mdb."""
    words = [["show"], ["list"], ["history"], ["token", "list"],
             ["tenant", "list"], ["verify"], ["metrics"], ["calendar"],
             ["backup", b.dir + "/backup", "--force"]]
    p = b.serve()
    check("one", b.set("one") == "200")
    expected = [b.tool(*w) for w in words]
    mount = ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
             'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; shift; '
             'exec "$@"', "sh", b.data]
    if os.geteuid() != 0 or subprocess.run(
            [*mount, "true"], capture_output=True).returncode != 0:
        print("disk_is_read_only: skipped: mounts are for root")
        return

    def there(*words):
        return subprocess.run([*mount, program, *words, "--config", b.conf],
                              capture_output=True, text=True)
    # A service writes the store through another mount, so reading without a
    # lock is unsafe.
    r = there("list")
    check("refused", r.returncode == 1 and f"process {p.pid} " in r.stderr,
          r.stderr)
    p.terminate()
    p.wait()
    expected = [b.tool(*w) for w in words]
    for lock in (True, False):
        if not lock:
            os.unlink(b.data + "/lock.mdb")
        for w, text in zip(words, expected):
            r = there(*w)
            check("works", r.returncode == 0, f"{w} {r.stderr}")
            check("the same", r.stdout.strip() == text, f"{w} {r.stdout}")
        for w in (["init"], ["serve", "--socket", b.socket],
                  ["token", "create", "--tenant", ONE, "--scope", WRITE]):
            r = there(*w)
            check("not writable", r.returncode == 1 and
                  "Read-only file system" in r.stderr, f"{w} {r.stderr}")
    r = there("doctor")
    check("doctor says so", "read-only" in r.stdout, r.stdout)
    check("no lock is left", os.listdir(b.data) == ["data.mdb"])
    b.tool("restore", b.dir + "/backup", "--force")


# --- all ---------------------------------------------------------------------

CASES = [lock_removed, lock_removed_while_idle, data_replaced,
         directory_replaced, directory_by_a_link, log_unread,
         pager_is_open, reader_is_stopped, output_is_no_file,
         output_into_a_file, backup_keeps_what_is_there,
         jwks_import_follows, hook_gets_no_file, key_replaced, init_is_whole,
         configuration_empty, token_not_printed, postinst_again,
         disk_is_read_only]


def main():
    failed = 0
    for case in CASES:
        if sys.argv[3:] and case.__name__ not in sys.argv[3:]:
            continue
        b = Box(program)
        try:
            case(b)
        except (AssertionError, OSError,
                subprocess.SubprocessError) as e:
            print(f"NOT: {case.__name__}: {e}")
            failed += 1
        finally:
            b.close()
    print(f"files: {service_box.count()} passed, {failed} failed")
    return failed > 0


sys.exit(main())
