# SPDX-License-Identifier: Apache-2.0
"""A Slurm of one node on this machine, for tests: munged, slurmctld and slurmd of their own, with all
their files in one temporary folder. Nothing of the system's Slurm is read or touched."""
import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")
PR_SET_PDEATHSIG = 1

CONF = """ClusterName=softmark
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SwitchType=switch/none
MpiDefault=none
JobCompType=jobcomp/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
SlurmdTimeout=10
MessageTimeout=5
KillWait=20
MinJobAge=30
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=512 Features=alpha,beta State=UNKNOWN
PartitionName=test Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """Why there can be no such cluster here, or None."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    lacking = [name for name in PROGRAMS if not shutil.which(name, path=path)]
    if lacking:
        return f"no {', '.join(lacking)} (Debian: slurmctld slurmd slurm-client munge)"
    return None if os.geteuid() == 0 else "slurmd needs root"


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def wait_until(what, seconds, condition):
    """The first true value of condition(); AssertionError after so many seconds."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.2)
    return value


def dies_with_us():
    """A child is killed when this process dies, however it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Cluster:
    """Use with `with`: it starts the daemons, and always ends them and every job."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="softmark_slurm."))
        self.folder.chmod(0o755)  # munge's socket is for all
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        (self.folder / "munge.key").write_bytes(os.urandom(128))
        (self.folder / "munge.key").chmod(0o600)
        self.host = socket.gethostname().split(".")[0]
        (self.folder / "slurm.conf").write_text(CONF.format(
            host=self.host, ports=free_ports(2), folder=self.folder, cpus=len(os.sched_getaffinity(0))))
        self.env = {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}
        self.env["PATH"] = os.environ["PATH"] + ":/usr/sbin:/sbin"
        self.children = {}

    def __enter__(self):
        try:
            self.start("munged", "--foreground", "--force", f"--key-file={self.folder}/munge.key",
                       f"--socket={self.folder}/munge.socket", f"--pid-file={self.folder}/munged.pid",
                       f"--log-file={self.folder}/munged.log", f"--seed-file={self.folder}/munge.seed")
            wait_until("the socket of munged", 20, (self.folder / "munge.socket").exists)
            self.start("slurmctld", "-D")
            self.start_node()
            return self
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()

    def start(self, name, *arguments):
        out = open(self.folder / f"{name}.out", "ab")
        program = shutil.which(name, path=self.env["PATH"])
        self.children[name] = subprocess.Popen([program, *arguments], env=self.env, stdin=subprocess.DEVNULL,
                                               stdout=out, stderr=out, preexec_fn=dies_with_us)
        out.close()

    def start_node(self):
        self.start("slurmd", "-D", "-N", self.host)
        wait_until("a node that is up", 60,
                   lambda: self.run("sinfo", "-h", "-o", "%t").stdout.strip() in ("idle", "alloc", "mix"))

    def run(self, *command, seconds=100, **more):
        """A command that must end; what it printed."""
        return subprocess.run([str(word) for word in command], env={**self.env, **more}, text=True, timeout=seconds,
                              capture_output=True, check=False)

    def processes(self, but=()):
        """Ids of the processes that were started here: they and their children know the folder by their
        environment. Those that ended and wait to be reaped have none."""
        mark, found = str(self.folder).encode(), []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) in (os.getpid(), *but):
                continue
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
        return found

    def kill_node(self):
        """As if its power failed: slurmd and all jobs are gone at once."""
        kept = [self.children["munged"].pid, self.children["slurmctld"].pid]
        for pid in self.processes(but=kept):
            with contextlib.suppress(OSError):
                # slurmctld's own helper has its command line
                if b"slurmscriptd" not in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)
        self.children["slurmd"].wait(20)

    def stop(self):
        end = time.monotonic() + 30
        while (left := self.processes()) and time.monotonic() < end:
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)
        for child in self.children.values():
            child.wait(20)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
