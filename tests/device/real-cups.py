#!/usr/bin/env python3
"""Proves with CUPS that five jobs sent at once by lp are printed whole and
once, one of them after a long pause for paper, by a printer that takes its next
connection only 1 s after the last; that status bytes come back; that a job for
a printer that is off is printed when it is switched on; and that a job whose
printer dies is seen to have failed, and is printed whole when it is back. The
pause is of 75 s in check-long."""
import os

from rig import (IS_LONG, Program, Stand, before, check, check_equal, dial,
                 folder, needs, own_network, run, until, write)

own_network(needed=True)
needs("cupsd", "lp", "lpadmin", "lpstat")
PAPER_S = 75 if IS_LONG else 4
HOME = folder()
os.chmod(HOME, 0o755)
for name in ("cups", "run", "spool", "spool/tmp", "cache"):
    os.mkdir(os.path.join(HOME, name))
    os.chmod(os.path.join(HOME, name), 0o777)
os.environ["CUPS_SERVER"] = HOME + "/run/cups.sock"

CUPSD_CONF = write(HOME + "/cups/cupsd.conf", f"""\
Listen {HOME}/run/cups.sock
LogLevel warn
JobRetryInterval 1
JobRetryLimit 100
ErrorPolicy retry-job
<Location />
Order allow,deny
Allow all
</Location>
<Policy default>
<Limit All>
Order deny,allow
</Limit>
</Policy>""")
FILES_CONF = write(HOME + "/cups/cups-files.conf", f"""\
ServerRoot {HOME}/cups
RequestRoot {HOME}/spool
TempDir {HOME}/spool/tmp
CacheDir {HOME}/cache
StateDir {HOME}/run
ErrorLog {HOME}/cups.log
AccessLog {HOME}/access.log
PageLog {HOME}/page.log
SystemGroup root""")


def lp(size):
    job = write(HOME + "/job", "x" * (size - 1))
    run("lp", "-d", "office", "-o", "raw", job)


def printed(printer, jobs, size, **more):
    """All jobs in full, as the printer counts at its end."""
    counts = printer.end()
    wanted = {"jobs": jobs, "cut_jobs": 0, "job_bytes": size, **more}
    check_equal({name: counts[name] for name in wanted}, wanted, "printed")


dev = Stand("printer", "--paper-after", 50000, "--paper-seconds", PAPER_S)
proxy = before(dev, profile="printer")
cupsd = Program("cupsd", "-f", "-c", CUPSD_CONF, "-s", FILES_CONF)
until("cupsd listens", lambda: os.path.exists(os.environ["CUPS_SERVER"]))
run("lpadmin", "-p", "office", "-E", "-v", "socket://" + proxy.listen, "-m",
    "raw", "-o", "printer-error-policy=retry-job")
for size in (3000, 4000, 60000, 5000, 6000):
    lp(size)
until("all jobs are done", lambda: not run("lpstat", "-o"), 60 + PAPER_S)
check_equal(len(run("lpstat", "-W", "completed", "-o").splitlines()), 5,
            "completed jobs")
status = dial(proxy, b"~HS").fin()
status.outcome()
check(b"0123" in status.got, "no status", status.got)
printed(dev, 6, 78003, max_active=1, silent=0)

# So short that CUPS has handed it over before it could be told.
lp(3000)
until("a job has come", proxy.to_client)
dev = Stand("printer", "--listen", dev.listen)
dev.wait("jobs>=1", 60000)
printed(dev, 1, 3000)

# More than the kernel keeps: what is handed over counts as printed.
dev = Stand("printer", "--listen", dev.listen, "--rate", 2000000)
lp(40000000)
dev.wait("job_bytes>=500000", 60000)
dev.stop()
proxy.logged(1, "cause=device-reset")
dev = Stand("printer", "--listen", dev.listen)
dev.wait("jobs>=1", 60000)
printed(dev, 1, 40000000)
