#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/campaign against a real Slurm: submit, run, cancel, resume, a node that dies, merge, page, and
what a user may get wrong.

    scripts/slurm/test.py SOFTMARK        exit 77: Slurm is not installed, or this is not root

It starts and ends daemons of its own (cluster.py) and takes about three minutes, ten at most."""
import contextlib
import json
import pathlib
import re
import signal
import subprocess
import sys
import time

import cluster
from cluster import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIP, LIMIT = 77, 570
# Six kernels at one small shape: seconds of verification and of timing.
WORK = ["--", "--kernel", "naive", "--kernel", "simd", "--op", "softmax", "--rows", "8", "--cols", "64",
        "--processes", "2", "--min-time", "0.001"]


class Test:
    def __init__(self, slurm, softmark):
        self.slurm, self.build = slurm, softmark.parent
        self.folder = slurm.folder / "results"
        self.folder.mkdir()

    def campaign(self, *arguments, **more):
        began = time.monotonic()
        ran = self.slurm.run(ROOT / "scripts" / "campaign", *arguments, **{"BUILD": str(self.build), **more})
        assert time.monotonic() - began < 70, f"{arguments} took {time.monotonic() - began:.0f} s"
        return ran

    def submit(self, *arguments):
        ran = self.campaign("-o", self.folder, "--constraint", "alpha", "--constraint", "beta", *arguments, *WORK)
        assert ran.returncode == 0 and not ran.stderr, ran
        return dict(re.findall(r"^(\w+): job (\d+)", ran.stdout, re.M))

    def status(self):
        """The exit code, and the line of each."""
        ran = self.campaign("--status", "-o", self.folder)
        assert ran.returncode in (0, 1) and not ran.stderr, ran
        lines = dict(re.match(r"(\w+):?\s+(.*)", line).groups() for line in ran.stdout.splitlines())
        assert set(lines) == {"alpha", "beta", "merge"}, ran.stdout
        return ran.returncode, lines

    def wait_for(self, name, begins, seconds):
        return wait_until(f"{name} is '{begins}'", seconds, lambda: self.status()[1][name].startswith(begins))

    def refused(self, code, part, *arguments, **more):
        """One clear line, and nothing left in the queue."""
        ran = self.campaign(*arguments, **more)
        assert (ran.returncode, ran.stdout) == (code, ""), ran
        assert ran.stderr.startswith("campaign: ") and part in ran.stderr and ran.stderr.count("\n") == 1, ran
        assert self.queue() == "", self.queue()

    def queue(self):
        return self.slurm.run("squeue", "-h").stdout

    def document(self, kind):
        return json.loads((self.folder / f"{kind}.json").read_text())

    def file(self, name):
        return (self.folder / name).read_text()

    def bad_use(self):
        to, kind = ["-o", self.folder], ["--constraint", "alpha"]
        self.refused(2, "--bogus", *to, *kind, "--bogus")
        self.refused(2, "--constraint FEATURE", *to)
        self.refused(2, "--output", *kind)
        self.refused(2, "files of the same name", *to, *kind, *kind)
        self.refused(2, "stand alone", *to, "--status", "--resume")
        self.refused(2, "did you mean --effort", *to, *kind, "--", "--efort", "quick")
        self.refused(2, "Invalid feature specification", *to, "--constraint", "gamma", *WORK)
        self.refused(2, "cancelled the jobs already submitted", *to, *kind, "--constraint", "gamma", *WORK)
        self.refused(2, "invalid partition", *to, *kind, "--partition", "none", *WORK)
        self.refused(2, "Invalid --time", *to, *kind, "--time", "soon", *WORK)
        self.refused(4, "create it first", "-o", self.folder / "absent", *kind)
        self.refused(4, "cannot write into /proc", "-o", "/proc", *kind)
        self.refused(3, "holds no campaign", *to, "--status")
        self.refused(3, "holds no campaign", *to, "--merge")
        self.refused(2, "run scripts/build first", *to, *kind, BUILD="/nowhere")
        self.refused(2, "does not run here", *to, *kind, BUILD=self.build_that_does_not_run())
        self.refused(2, "sbatch is not on PATH", *to, *kind, *WORK, PATH=str(self.path_without_slurm()))
        assert not (self.folder / "campaign.json").exists()

    def build_that_does_not_run(self):
        folder = self.slurm.folder / "build"
        folder.mkdir()
        (folder / "softmark").write_bytes(b"\x7fELF of another machine")
        (folder / "softmark").chmod(0o755)
        return str(folder)

    def path_without_slurm(self):
        folder = self.slurm.folder / "bin"
        folder.mkdir()
        (folder / "python3").symlink_to(sys.executable)
        (folder / "env").symlink_to("/usr/bin/env")
        return folder

    def read_only_folder(self):
        """Root may write everywhere but on a file system that is mounted read-only."""
        folder = self.slurm.folder / "read_only"
        folder.mkdir()
        mounted = self.slurm.run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder)
        if mounted.returncode != 0:
            print(f"  left out: mount: {mounted.stderr.strip()}")
            return
        try:
            self.refused(4, "Read-only file system", "-o", folder, "--constraint", "alpha")
        finally:
            self.slurm.run("umount", folder)

    def one_is_cancelled(self):
        """alpha runs; beta, which waits for the node, is cancelled; the page has alpha."""
        jobs = self.submit()
        self.refused_again()
        assert self.status()[1]["beta"].startswith("queued"), self.status()
        again = self.submit("--resume")  # jobs in the queue stay, the merge waits anew
        assert set(again) == {"merge"}, again
        assert {line.split()[0] for line in self.queue().splitlines()} == {jobs["alpha"], jobs["beta"], again["merge"]}
        self.slurm.run("scancel", jobs["beta"])
        code, lines = self.status()
        assert code == 1 and re.match("queued|running", lines["alpha"]), lines
        assert lines["beta"].startswith("cancelled") and "no page yet" in lines["merge"], lines
        self.wait_for("merge", "failed", 240)  # it exits with 1 because a document is missing
        code, lines = self.status()
        assert code == 1 and lines["alpha"].startswith("document") and lines["beta"].startswith("cancelled"), lines
        log = self.file("campaign.log")
        assert "1 of 2 documents; missing: beta" in log and re.search(r"^beta +cancelled", log, re.M), log
        assert not (self.folder / "beta.json").exists()
        assert self.document("alpha")["run"]["complete"] is True and "naive/softmax/f32" in self.file("campaign.html")

    def slurm_forgets(self):
        """How a job ended is known also when Slurm no longer knows the job, as the merge kept it."""
        job = json.loads(self.file("campaign.json"))["kinds"]["beta"]["job"]
        wait_until("Slurm forgets the job", 120,
                   lambda: job not in self.slurm.run("squeue", "-h", "-t", "all", "-o", "%i").stdout.split())
        assert self.status()[1]["beta"].startswith("cancelled"), self.status()
        ended = self.folder / "campaign.ended.json"
        kept = ended.read_text()
        ended.unlink()
        assert "unknown" in self.status()[1]["beta"] and "Slurm has forgotten it" in self.status()[1]["beta"]
        ended.write_text(kept)

    def a_job_fails(self):
        """What only the node can find: no such plugin there."""
        folder = self.slurm.folder / "failing"
        folder.mkdir()
        ran = self.campaign("-o", folder, "--constraint", "alpha&beta", "--", "--plugin", "/nowhere/x.so")
        assert ran.returncode == 0, ran
        wait_until("the end of it", 60, lambda: self.queue() == "")
        ran = self.campaign("--status", "-o", folder)
        assert ran.returncode == 1 and re.match("alpha-beta  failed +job .*; see alpha-beta.log\n", ran.stdout), ran
        assert "/nowhere/x.so" in (folder / "alpha-beta.log").read_text()
        assert "no document is whole, so there is no page" in (folder / "campaign.log").read_text()
        assert not (folder / "campaign.html").exists()

    def refused_again(self):
        ran = self.campaign("-o", self.folder, "--constraint", "alpha", *WORK)
        assert ran.returncode == 2 and "--resume submits what is missing" in ran.stderr, ran
        ran = self.campaign("-o", self.folder, "--constraint", "alpha", "--resume", *WORK, "--seed", "1")
        assert ran.returncode == 2 and "give the same flags" in ran.stderr, ran

    def resumed_and_cancelled(self):
        """Only beta is submitted; it is cancelled while it runs, and leaves what it did."""
        before = (self.folder / "alpha.json").stat().st_mtime_ns
        jobs = self.submit("--resume")
        assert set(jobs) == {"beta", "merge"}, jobs
        self.journal_has_a_kernel()
        assert self.status()[1]["beta"].startswith("running"), self.status()
        self.slurm.run("scancel", jobs["beta"])
        self.wait_for("beta", "cancelled", 60)
        assert "beta.json is of an interrupted run" in self.status()[1]["beta"], self.status()
        assert self.document("beta")["run"]["complete"] is False
        wait_until("the merge after it", 90, lambda: self.queue() == "")
        assert (self.folder / "alpha.json").stat().st_mtime_ns == before
        return self.verified()

    def journal_has_a_kernel(self):
        journal = self.folder / "beta.json.journal"
        wait_until("a verified kernel", 90, lambda: journal.exists() and journal.stat().st_size > 20000)

    def verified(self):
        """Seconds that each kernel's verification took: no two of them are the same."""
        return {kernel["id"]: kernel["verify_seconds"] for kernel in self.document("beta")["kernels"]
                if kernel.get("verdict") not in (None, "incomplete")}

    def node_dies(self, verified):
        """beta runs again, its node dies; Slurm starts the job again when the node is back."""
        assert verified, "the cancelled run verified no kernel"
        self.submit("--resume")
        self.wait_for("beta", "running", 60)
        wait_until("softmark runs", 60, lambda: "start 1" in self.file("beta.log").split("CANCELLED")[-1])
        self.slurm.kill_node()
        self.wait_for("beta", "queued", 120)
        assert "started again 1x" in self.status()[1]["beta"], self.status()
        assert self.document("beta")["run"]["complete"] is False  # as it was, and readable
        self.slurm.start_node()
        wait_until("all jobs end", 240, lambda: self.queue() == "")
        code, lines = self.status()
        assert code == 0 and re.fullmatch("document +beta.json", lines["beta"]), lines
        assert "start 2" in self.file("beta.log")
        after = self.verified()
        assert len(after) == 6 and after.items() & verified.items(), (verified, after)  # one was kept
        assert not (self.folder / "beta.json.journal").exists()

    def node_dies_for_good(self):
        """Slurm may not start the job again: the campaign goes on without it, and says why."""
        folder = self.slurm.folder / "unlucky"
        folder.mkdir()
        ran = self.campaign("-o", folder, "--constraint", "alpha", *WORK, SBATCH_NO_REQUEUE="1")
        assert ran.returncode == 0, ran
        wait_until("softmark runs", 60, (folder / "alpha.json.journal").exists)
        self.slurm.kill_node()
        wait_until("the node failed", 120,
                   lambda: "node failed" in self.campaign("--status", "-o", folder).stdout)
        self.slurm.start_node()
        wait_until("the merge", 90, lambda: self.queue() == "")
        log = (folder / "campaign.log").read_text()
        assert re.match("alpha +node failed .*see alpha.log\n", log) and "no document is whole" in log, log

    def merged(self):
        log = self.file("campaign.log")
        assert log.rstrip().endswith("2 of 2 documents"), log
        sections = self.file("campaign.md").count("\n## softmark on") + self.file("campaign.md").startswith("## softmark on")
        assert sections == 2, self.file("campaign.md")[:2000]
        assert not list(self.folder.glob("*.tmp")), list(self.folder.iterdir())
        jobs = self.submit("--resume")
        assert set(jobs) == {"merge"}, jobs
        wait_until("the merge", 60, lambda: self.queue() == "")

    def no_controller(self):
        """Slurm does not answer: a line, and no hang."""
        self.slurm.children["slurmctld"].kill()
        self.slurm.children["slurmctld"].wait(20)
        (self.folder / "beta.json").unlink()
        for arguments in (["--status"], ["--constraint", "beta", "--resume", *WORK]):
            ran = self.campaign("-o", self.folder, *arguments)
            assert ran.returncode == 4 and ran.stderr.count("\n") == 1 and not ran.stdout, ran
            print(f"  {ran.stderr.strip()}")


@contextlib.contextmanager
def step(name):
    began = time.monotonic()
    print(name, flush=True)
    yield
    print(f"  {time.monotonic() - began:.0f} s", flush=True)


def all_of(test):
    with step("bad use"):
        test.bad_use()
        test.read_only_folder()
    with step("submit two kinds, cancel the one that waits"):
        test.one_is_cancelled()
    with step("a job that fails"):
        test.a_job_fails()
    with step("Slurm forgets the cancelled job"):
        test.slurm_forgets()
    with step("resume, cancel the one that runs"):
        verified = test.resumed_and_cancelled()
    with step("resume, the node dies"):
        test.node_dies(verified)
    with step("merge"):
        test.merged()
    with step("the node dies, and its job is not started again"):
        test.node_dies_for_good()
    with step("no controller"):
        test.no_controller()


def give_up(number, _):
    raise TimeoutError(f"stopped by signal {number} (14: {LIMIT} s are over)")


def main(softmark):
    reason = cluster.missing()
    if reason:
        print(f"skipped: {reason}")
        return SKIP
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, give_up)
    signal.alarm(LIMIT)
    slurm = cluster.Cluster()
    try:
        with slurm:
            all_of(Test(slurm, pathlib.Path(softmark).resolve()))
    except BaseException:
        for log in sorted([*slurm.folder.glob("*.log"), *slurm.folder.glob("results/*.log")]):
            print(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}")
        raise
    finally:
        left = slurm.processes()
        slurm.remove()
        assert not left, f"still running: {left}"
    print("no daemon is left")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
