# SPDX-License-Identifier: ISC
#
# service.py PROGRAM [CASE...] - the service from the outside, as its manager
# and its clients see it: how it starts, which events end it, and that valid
# requests never do.
import contextlib
import fcntl
import os
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import service_box
from service_box import (BODY, ONE, RESOURCE, TIMEOUT, TWO, WRITE, answer,
                         check, record, status, wait_until)

program = sys.argv[1]
GENERATE = RESOURCE.replace("v1.0", "beta") + \
    "/generateApplePushNotificationCertificateSigningRequest"


def box(*lines):
    return service_box.box(program, *lines)


# --- the start --------------------------------------------------------------

def systemd(b, count, listener, words, pid=None):
    """Starts a service like systemd: sockets from descriptor 3 on."""
    def prepare():
        os.environ["LISTEN_PID"] = str(os.getpid() if pid is None else pid)
        os.environ["LISTEN_FDS"] = str(count)
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)
        os.execv(program, [program, *words])
    child = os.fork()
    if child == 0:
        null = os.open("/dev/null", os.O_RDWR)
        log = os.open(b.errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(null, 0)
        os.dup2(null, 1)
        os.dup2(log, 2)
        prepare()
    return child


def wait_status(child, seconds=TIMEOUT):
    """The exit status, or None if the process does not end in time."""
    found = []

    def ended():
        pid, how = os.waitpid(child, os.WNOHANG)
        if pid:
            found.append(os.waitstatus_to_exitcode(how))
        return found
    return found[0] if wait_until(ended, seconds) else None


def takes_the_socket_of_systemd():
    for words in (["serve"], []):
        with box() as b, b.listener() as listener:
            child = systemd(b, 1, listener, words + ["--config", b.conf])
            check("a socket at descriptor 3 is served",
                  status(b.ask()) == "404", b.log())
            os.kill(child, signal.SIGTERM)
            check("and ends well", wait_status(child) == 0, b.log())


def refuses_other_sockets_of_systemd():
    with box() as b, b.listener() as listener, socket.socket(
            socket.AF_UNIX) as deaf:
        words = ["serve", "--config", b.conf]
        for count, at_three, named in (
                (2, listener, "LISTEN_FDS"), ("x", listener, "LISTEN_FDS"),
                (1, deaf, "descriptor 3")):
            child = systemd(b, count, at_three, words)
            check("is refused", wait_status(child) == 1, (count, b.log()))
            check("and named", named in b.log(), b.log())
            os.truncate(b.errors, 0)
        child = systemd(b, 1, listener, words, pid=1)
        check("the socket of another process is not taken",
              wait_status(child) != 0 and "the socket is missing" in b.log(),
              b.log())


def starts_with_closed_descriptors():
    for closed in ((0,), (1,), (2,), (0, 1, 2)):
        with box() as b:
            def close():
                for fd in closed:
                    os.close(fd)
            p = b.serve(preexec_fn=close)
            for fd in closed:
                target = os.readlink(f"/proc/{p.pid}/fd/{fd}")
                check("is /dev/null", target == "/dev/null", (fd, target))
            check("a change", status(b.ask("PATCH", body=BODY)) == "200",
                  b.log())
            check("a refusal is logged elsewhere or nowhere",
                  status(b.ask(token="no")) == "401", b.log())
            check("ends well", b.end(p) == 0, b.log())
            check("the store is sound", b.tool("verify") != "")


def a_tool_without_output_fails():
    with box() as b:
        p = b.start([program, "token", "create", "--config", b.conf,
                     "--tenant", ONE, "--scope", WRITE],
                    preexec_fn=lambda: os.close(1))
        check("a token that was not printed is a failure",
              p.wait(TIMEOUT) != 0, b.log())


def names_the_descriptors_it_needs():
    def limit(n):
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))
    with box() as b:
        p = b.start(preexec_fn=limit(12))
        check("too few descriptors end it", p.wait(TIMEOUT) == 1, b.log())
        words = b.log().replace(",", " ").split()
        check("the limit is named", "12" in words, b.log())
        numbers = [int(w) for w in words if w.isdigit() and int(w) > 12]
        check("and the number needed", len(numbers) == 1, b.log())
        needed = numbers[0]
        p = b.start(preexec_fn=limit(needed - 1))
        check("one fewer ends it", p.wait(TIMEOUT) == 1, b.log())
        p = b.serve(preexec_fn=limit(needed))
        check("so many are enough", status(
            b.ask("PATCH", body=BODY)) == "200", b.log())
        check("ends well", b.end(p) == 0, b.log())


# --- the vendor's files -----------------------------------------------------

def make_vendor(directory):
    """The text of each file of a vendor: a certificate, its root, its key."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=directory, check=True,
                       capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca",
            "-out", "root", "-subj", "/CN=root", "-days", "30")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out",
            "request", "-subj", "/CN=vendor")
    openssl("x509", "-req", "-in", "request", "-CA", "root", "-CAkey", "ca",
            "-CAcreateserial", "-out", "leaf", "-days", "30")
    texts = {}
    for name in ("leaf", "root", "key"):
        with open(f"{directory}/{name}", encoding="ascii") as f:
            texts[name] = f.read()
    return texts


def put(path, text):
    with open(path, "w", opener=lambda p, flags: os.open(p, flags, 0o600),
              encoding="ascii") as f:
        f.write(text)


def a_vendor_file_may_come_later():
    """Each file has a directory of its own, which is outside of all others
    that the sandbox leaves open."""
    if shutil.which("openssl") is None:
        print("skipped: there is no openssl")
        return
    with tempfile.TemporaryDirectory() as top:
        texts = make_vendor(top)
        paths = {name: f"{top}/{name}.d/{name}" for name in texts}
        for path in paths.values():
            os.mkdir(os.path.dirname(path), 0o700)
        lines = (f"vendor_certificate = {paths['leaf']}, {paths['root']}",
                 f"vendor_key = {paths['key']}")
        for late in [*texts, "all", "a good leaf", "the key file"]:
            for name, path in paths.items():
                put(path, texts[name])
                if late in (name, "all"):
                    os.unlink(path)
            if late == "a good leaf":
                put(paths["leaf"], "\0")
            with box(*lines) as b:
                if late == "the key file":
                    os.rename(b.key, b.key + ".away")
                p = b.serve()
                check("no key is made", status(b.ask("POST", GENERATE)) ==
                      "503", (late, b.log()))
                check("the file is named", any(
                    path + ": " in b.log() for path in
                    [*paths.values(), b.key]), (late, b.log()))
                check("reads go on", status(b.ask()) == "404", b.log())
                for name, path in paths.items():
                    put(path, texts[name])
                if late == "the key file":
                    os.rename(b.key + ".away", b.key)
                check("a key is made", status(b.ask("POST", GENERATE)) ==
                      "200", (late, b.log()))
                check("ends well", b.end(p) == 0, b.log())


# --- requests ---------------------------------------------------------------

def has_ended(connection):
    try:
        return connection.recv(4096) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def a_parameter_larger_than_memory_ends_the_process():
    """libfcgi takes memory for a parameter before it arrives. Versions from
    2.4.5 on (Debian 13) end the connection."""
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))
    if subprocess.run([program, "--version"], capture_output=True,
                      preexec_fn=limit).returncode != 0:
        print("skipped: the program needs 2 GiB of address space to start")
        return
    with box("map_size = 16M") as b:
        p = b.serve(preexec_fn=limit)
        check("a change", status(b.ask("PATCH", body=BODY)) == "200", b.log())
        with b.connect() as s:
            s.sendall(record(1, struct.pack(">HB5x", 1, 0)) +
                      record(4, struct.pack(">II", 0xfffffff0, 1 << 31)))
            s.settimeout(0.1)
            check("the process or the connection ends", wait_until(
                lambda: p.poll() is not None or has_ended(s)), b.log())
        # The process logs its end before the kernel closes the connection.
        if p.poll() is not None or "ended by a fault of memory" in b.log():
            check("the process ends", wait_until(
                lambda: p.poll() is not None), b.log())
            check("by a signal", p.returncode < 0, p.returncode)
            check("the log says so", "ended by a fault of memory" in b.log(),
                  b.log())
            p = b.serve()
        check("the change is there", status(b.ask()) == "200", b.log())
        check("the store is sound", b.tool("verify") != "")
        check("ends well", b.end(p) == 0, b.log())


def refuses_a_url_that_is_too_long():
    with box() as b:
        p = b.serve()
        for n in (9000, 60000, 300000):
            for uri in ("/" + "x" * n + RESOURCE, RESOURCE + "?" + "x" * n):
                got = b.ask(uri=uri)
                check("a long URL", status(got) == "414", (n, got[:200]))
        check("a URL that is not too long", status(
            b.ask(uri=RESOURCE + "?x=" + "x" * 7000)) == "404")
        check("a mount path that does not fit into a context",
              status(b.ask(uri="/" + "x" * 7000 + RESOURCE)) == "414")
        check("a long URL is 414 without a token too",
              status(b.ask(uri="/" + "x" * 9000, token="no")) == "414")
        check("ends well", b.end(p) == 0, b.log())


def passes_over_one_early_end_of_a_body():
    """mod_fcgid sends this for a request over HTTP/2."""
    with box() as b:
        p = b.serve()
        s = b.begin()
        s.sendall(record(5, b"") + record(5, BODY) + record(5, b""))
        check("a body after an early end", status(answer(s)) == "200",
              b.log())
        check("ends well", b.end(p) == 0, b.log())


def a_body_has_its_time():
    with box("queue_timeout = 1", "worker_timeout = 2") as b:
        p = b.serve()
        for sent in (b"", BODY[:5]):
            began = time.monotonic()
            s = b.begin(sent=sent)
            s.sendall(record(5, b""))
            check("a body that does not come is 400",
                  status(answer(s)) == "400", b.log())
            check("after its time", time.monotonic() - began >= 2)
        check("nothing hangs", "hangs" not in b.log(), b.log())
        check("ends well", b.end(p) == 0, b.log())


def a_lawful_wait_is_no_hang():
    """A body arrives late; later another process writes."""
    with box("queue_timeout = 7", "worker_timeout = 8") as b:
        p = b.serve()
        conns = []
        for _ in range(3):
            conns.append(b.begin(sent=BODY[:5]))
        time.sleep(5)
        with contextlib.ExitStack() as stack:
            fd = os.open(b.dir + "/data", os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, fd)
            fcntl.flock(fd, fcntl.LOCK_EX)
            for s in conns:
                s.sendall(record(5, BODY[5:]) + record(5, b""))
            for s in conns:
                got = answer(s)
                check("a change that waited too long", status(got) == "503"
                      and "Retry-After" in got, (got, b.log()))
            time.sleep(2.5)
            check("the service goes on", p.poll() is None, b.log())
            check("a read beside it", status(b.ask()) == "404", b.log())
        check("a change after it", status(b.ask("PATCH", body=BODY)) == "200",
              b.log())
        check("nothing hangs", "hangs" not in b.log(), b.log())
        check("ends well", b.end(p) == 0, b.log())


def flood(b, method, uri, until, clients):
    """Starts a process whose clients send requests all the time; its pid."""
    child = os.fork()
    if child:
        return child

    def ask():
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                b.ask(method, uri)
    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    os._exit(0)


def median_beside(b, method, uri, other, seconds):
    until = time.monotonic() + seconds
    child = flood(b, method, uri, until, 64)
    times = []
    time.sleep(0.3)
    while time.monotonic() < until - 0.2:
        began = time.monotonic()
        check("a GET", status(b.ask(token=other)) == "404", b.log()[-500:])
        times.append(time.monotonic() - began)
        time.sleep(0.01)
    check("the clients end", wait_status(child) == 0)
    return sorted(times)[len(times) // 2]


def keys_do_not_delay_other_tenants():
    """While 64 clients of a tenant request keys all the time, another
    tenant's GET takes less than twice as long as while they send GETs."""
    with box("log_level = error") as b:
        p, other = b.serve(), b.new_token(TWO)
        ratios = []
        for _ in range(5):
            gets = median_beside(b, "GET", RESOURCE, other, 2)
            keys = median_beside(b, "POST", GENERATE, other, 2)
            ratios.append(keys / gets)
            if min(ratios) < 2:
                break
        print("     the median GET beside keys and beside GETs:",
              f"{keys * 1e3:.1f} and {gets * 1e3:.1f} ms")
        check("the ratio of medians", min(ratios) < 2, ratios)
        check("ends well", b.end(p) == 0, b.log())


def keys_of_many_are_made_in_turn():
    with box("log_level = error") as b:
        p, other = b.serve(), b.new_token(TWO)
        until = time.monotonic() + 20
        child = flood(b, "POST", GENERATE, until, 8)
        time.sleep(0.3)
        got = refused = ""
        while time.monotonic() < until and status(got) != "200":
            got = b.ask("POST", GENERATE, token=other)
            refused = got if status(got) == "503" else refused
            time.sleep(0.05)
        check("another tenant gets a key too", status(got) == "200", got)
        check("a refusal has a Retry-After",
              not refused or "Retry-After: " in refused, refused)
        os.kill(child, signal.SIGKILL)
        wait_status(child)
        check("the service still makes keys", wait_until(
            lambda: status(b.ask("POST", GENERATE)) == "200"), b.log())
        check("ends well", b.end(p) == 0, b.log())


# --- the end ----------------------------------------------------------------

def stop_while_bodies_arrive(body):
    """The responses to a body that arrives after the signal and to two
    bodies that do not arrive; the exit status."""
    with box() as b:
        p = b.serve()
        conns = [b.begin(body=body, sent=body[:5]), b.begin(body=body)]
        late = b.begin(body=body, sent=body[:5])
        time.sleep(0.3)
        p.terminate()
        time.sleep(0.2)
        with contextlib.suppress(OSError):
            late.sendall(record(5, body[5:]) + record(5, b""))
        return answer(late), [answer(s) for s in conns], p.wait(TIMEOUT)


def a_stop_while_a_body_arrives_is_503():
    # The late body must arrive within a second, even on a busy machine.
    for _ in range(5):
        late, cut, how = stop_while_bodies_arrive(BODY)
        for got in cut:
            check("a body that does not arrive", status(got) == "503" and
                  "Retry-After" in got, got)
        check("it ends well", how == 0, how)
        if status(late) == "200":
            break
    check("a body that still arrives", status(late) == "200", late)


def sighup_ends_nothing():
    with box() as b:
        p = b.serve()
        s = b.begin(sent=BODY[:5])
        p.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        s.sendall(record(5, BODY[5:]) + record(5, b""))
        check("a request under way", status(answer(s)) == "200", b.log())
        check("and one after it", status(b.ask()) == "200", b.log())
        check("the service goes on", p.poll() is None)
        check("ends well", b.end(p) == 0, b.log())


cases = [f for f in list(globals().values())
         if callable(f) and getattr(f, "__module__", "") == "__main__" and
         "_" in f.__name__ and f.__code__.co_argcount == 0]
wanted = sys.argv[2:]
failed = 0
for case in cases:
    if wanted and case.__name__ not in wanted:
        continue
    began = time.monotonic()
    try:
        case()
        print(f"ok   {case.__name__} ({time.monotonic() - began:.1f} s)")
    except (AssertionError, OSError, subprocess.SubprocessError) as e:
        failed += 1
        print(f"NOT: {case.__name__}: {e}")
print(f"service: {service_box.count()} checks passed, {failed} cases failed")
sys.exit(failed > 0)
