"""A stand-in for launchd: real processes and sockets, launchctl's exit codes and texts.

    launchd.py serve DIRECTORY    be launchd for the home in DIRECTORY, which holds `settings.json`
    launchd.py ask ARGUMENT...    be launchctl, asking the one that STAND_IN_LAUNCHD names

What it knows of launchd: `bootout` answers before the job is gone, and `bootstrap` meanwhile fails; a disabled job
cannot be bootstrapped; a missing program does not fail the bootstrap but ends the job with 78; a job that ends too soon
is started again only after its throttle interval; a job with sockets starts with the first connection. Seconds of the
property list are multiplied by the setting `scale`. The setting `fail` is a list of [verb, code] for calls that are
to fail.
"""
import json, os, socket, sys

if sys.argv[1:2] == ["serve"]:
    # Asking has to be quick.
    import plistlib, resource, select, signal, subprocess, time

TEXTS = {
    3: "No such process", 5: "Input/output error", 36: "Operation now in progress",
    37: "Operation already in progress", 112: "Could not find specified domain",
    113: "Could not find specified service", 119: "Service is disabled",
    125: "Domain does not support specified action",
}
VERBS = {"bootstrap": "Bootstrap", "bootout": "Boot-out", "kickstart": "Kickstart", "enable": "Enable"}


class Failure(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Job:
    def __init__(self, path, scale, home):
        with open(path, "rb") as file:
            self.plist = plistlib.load(file)
        self.path, self.scale, self.home = path, scale, home
        self.label = self.plist["Label"]
        self.program = self.plist["ProgramArguments"]
        self.process = self.last_exit = self.last_signal = self.started = self.due = self.gone_at = None
        self.runs = 0
        self.ending = False
        self.listener = None
        for entry in self.plist.get("Sockets", {}).values():
            where = entry["SockPathName"]
            if os.path.lexists(where):
                os.unlink(where)
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(where)
            os.chmod(where, entry.get("SockPathMode", 0o700))
            self.listener.listen(128)
        if self.plist.get("RunAtLoad") or "KeepAlive" in self.plist:
            self.start()

    def seconds(self, key, default):
        return self.plist.get(key, default) * self.scale

    def ask_start(self):
        """Starts now, or when the throttle lets it."""
        ready = 0 if self.started is None else self.started + self.seconds("ThrottleInterval", 10)
        if time.monotonic() < ready:
            self.due = ready
        else:
            self.start()

    def start(self):
        self.due, self.started = None, time.monotonic()
        self.runs += 1
        environment = {
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": self.home, "XPC_SERVICE_NAME": self.label,
            "XPC_FLAGS": "0x0", "TMPDIR": "/tmp",
        }
        def settle():
            os.umask(self.plist.get("Umask", 0o022))
            files = self.plist.get("SoftResourceLimits", {}).get("NumberOfFiles", 256)
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        out = os.open(self.plist.get("StandardOutPath", os.devnull), flags, 0o600)
        err = os.open(self.plist.get("StandardErrorPath", os.devnull), flags, 0o600)
        waits = self.plist.get("inetdCompatibility", {}).get("Wait")
        given = self.listener if waits else subprocess.DEVNULL
        try:
            self.process = subprocess.Popen(
                self.program, stdin=given, stdout=out, stderr=err, env=environment, cwd="/", preexec_fn=settle,
                start_new_session=True)
        except OSError:
            self.last_exit = 78
        finally:
            os.close(out)
            os.close(err)

    def end(self):
        """Begins to end the job; it is gone some time after its process."""
        self.ending, self.due = True, None
        if self.listener:
            self.listener.close()
            self.listener = None
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.kill_at = time.monotonic() + max(self.seconds("ExitTimeOut", 5), 5)
        else:
            self.gone_at = time.monotonic() + 0.3

    def tick(self):
        now = time.monotonic()
        if self.process and self.process.poll() is not None:
            code, self.process = self.process.returncode, None
            self.last_exit, self.last_signal = (code, None) if code >= 0 else (None, -code)
            if self.ending:
                self.gone_at = now + 0.3
            else:
                keep = self.plist.get("KeepAlive", False)
                again = not keep["SuccessfulExit"] and code != 0 if isinstance(keep, dict) else keep
                if again:
                    self.ask_start()
        if self.ending and self.process and now > self.kill_at:
            self.process.kill()
        if self.due is not None and now >= self.due and not self.process:
            self.start()

    def watched(self):
        """The listening socket, while nobody serves it and nobody is about to."""
        return self.listener if self.listener and not self.process and self.due is None else None

    def describe(self, domain):
        state = "running" if self.process else "spawn scheduled" if self.due else "not running"
        lines = [
            f"{domain}/{self.label} = {{", f"\tactive count = {1 if self.process else 0}", f"\tpath = {self.path}",
            "\ttype = LaunchAgent", f"\tstate = {state}", "", f"\tprogram = {self.program[0]}", "\targuments = {",
            *[f"\t\t{word}" for word in self.program], "\t}", "", f"\truns = {self.runs}",
        ]
        if self.process:
            lines.append(f"\tpid = {self.process.pid}")
        if self.last_signal:
            lines.append(f"\tlast terminating signal = {signal.strsignal(self.last_signal)}: {self.last_signal}")
        elif self.last_exit is None:
            lines.append("\tlast exit code = (never exited)")
        else:
            lines.append(f"\tlast exit code = {self.last_exit}{': EX_CONFIG' if self.last_exit == 78 else ''}")
        return "\n".join([*lines, "}", ""])


class Launchd:
    def __init__(self, directory):
        self.directory = directory
        self.jobs = {}
        self.disabled_file = os.path.join(directory, "disabled.json")
        for name in sorted(os.listdir(self.agents) if os.path.isdir(self.agents) else []):
            path = os.path.join(self.agents, name)
            with open(path, "rb") as file:
                label = plistlib.load(file)["Label"]
            if label not in self.disabled():
                self.jobs["gui", label] = Job(path, self.settings["scale"], self.home)

    @property
    def settings(self):
        with open(os.path.join(self.directory, "settings.json")) as file:
            return {"scale": 0.02, "gui": True, "fail": [], **json.load(file)}

    @property
    def home(self):
        return self.settings["home"]

    @property
    def agents(self):
        return os.path.join(self.home, "Library", "LaunchAgents")

    def disabled(self):
        if not os.path.exists(self.disabled_file):
            return []
        with open(self.disabled_file) as file:
            return json.load(file)

    def tick(self):
        for key, job in list(self.jobs.items()):
            job.tick()
            if job.gone_at is not None and time.monotonic() >= job.gone_at:
                del self.jobs[key]

    def domain(self, text):
        kind, _, uid = text.partition("/")
        if uid.split("/")[0] != str(os.getuid()) or kind not in ("gui", "user"):
            raise Failure(112)
        if kind == "gui" and not self.settings["gui"]:
            raise Failure(125)
        return kind

    def target(self, text):
        """Domain and label; only a loaded job will do."""
        domain, label = self.domain(text), text.split("/")[2]
        return domain, label, self.jobs.get((domain, label))

    def fail_as_told(self, verb):
        settings = self.settings
        for entry in settings["fail"]:
            if entry[0] == verb:
                settings["fail"].remove(entry)
                with open(os.path.join(self.directory, "settings.json"), "w") as file:
                    json.dump(settings, file)
                raise Failure(entry[1])

    def ask(self, words):
        verb, *rest = words
        with open(os.path.join(self.directory, "calls.log"), "a") as file:
            file.write(" ".join(words) + "\n")
        try:
            self.fail_as_told(verb)
            return [0, getattr(self, "do_" + verb.replace("-", "_"))(*rest) or "", ""]
        except Failure as failure:
            text = TEXTS.get(failure.code, "Unknown error")
            if verb == "print":
                return [failure.code, "", f"Bad request.\n{text}\n"]
            return [failure.code, "", f"{VERBS.get(verb, verb)} failed: {failure.code}: {text}\n"]

    def do_bootstrap(self, domain, path):
        kind = self.domain(domain)
        with open(path, "rb") as file:
            label = plistlib.load(file)["Label"]
        there = self.jobs.get((kind, label))
        if there:
            raise Failure(5 if there.process and there.ending else 37)
        if label in self.disabled():
            raise Failure(5)
        self.jobs[kind, label] = Job(path, self.settings["scale"], self.home)

    def do_bootout(self, text):
        _, _, job = self.target(text)
        if not job:
            raise Failure(3)
        if job.ending:
            raise Failure(36)
        job.end()

    def do_kickstart(self, *words):
        _, label, job = self.target(words[-1])
        if label in self.disabled():
            raise Failure(119)
        if not job or job.ending:
            raise Failure(113)
        if "-k" in words and job.process:
            job.process.send_signal(signal.SIGTERM)
            job.process.wait()
            job.last_exit, job.process = job.process.returncode, None
        if not job.process:
            job.start()

    def do_enable(self, text, disabled=False):
        self.domain(text)
        label = text.split("/")[2]
        labels = [other for other in self.disabled() if other != label] + ([label] if disabled else [])
        with open(self.disabled_file, "w") as file:
            json.dump(labels, file)

    def do_disable(self, text):
        self.do_enable(text, True)

    def do_print_disabled(self, text):
        self.domain(text)
        return "\n".join(["disabled services = {", *[f'\t"{label}" => disabled' for label in self.disabled()], "}", ""])

    def do_print(self, text):
        domain, _, job = self.target(text)
        if not job:
            raise Failure(113)
        return job.describe(f"{domain}/{os.getuid()}")

    def serve(self):
        control = socket.socket(socket.AF_UNIX)
        control.bind(os.path.join(self.directory, "control"))
        control.listen(128)
        print("ready", flush=True)
        while True:
            watched = {job.watched(): job for job in self.jobs.values() if job.watched()}
            readable, _, _ = select.select([control, *watched], [], [], 0.02)
            self.tick()
            for ready in readable:
                if ready is not control:
                    watched[ready].ask_start()
                    continue
                peer, _ = control.accept()
                with peer, peer.makefile("rw") as lines:
                    lines.write(json.dumps(self.ask(json.loads(lines.readline()))) + "\n")

    def log_out(self):
        for job in self.jobs.values():
            if job.process:
                job.process.terminate()
        for job in self.jobs.values():
            if job.process:
                job.process.wait()
        os.unlink(os.path.join(self.directory, "control"))


def main():
    if sys.argv[1] == "serve":
        launchd = Launchd(sys.argv[2])
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            launchd.serve()
        finally:
            launchd.log_out()
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(os.path.join(os.environ["STAND_IN_LAUNCHD"], "control"))
    with peer.makefile("rw") as lines:
        lines.write(json.dumps(sys.argv[2:]) + "\n")
        lines.flush()
        code, out, err = json.loads(lines.readline())
    sys.stdout.write(out)
    sys.stderr.write(err)
    sys.exit(code)


main()
