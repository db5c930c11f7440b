#!/usr/bin/env python3
"""Proves that a test which fails, is killed or hangs is shown with its output
and why, that one which is skipped gives its reason, and that whatever happens
to it, and to the runner, no temporary file is left."""
import os
import signal
import subprocess
import sys

sys.path.insert(0, "tests/lib")
from sallyport import folder, until

FILE = 'echo made >"$TMPDIR/file"\n'


class Place:
    """A folder with tests of one line, and one for their temporary files."""

    def __init__(self):
        self.tests = folder()
        self.temporary = folder()

    def command(self, line, script):
        test = os.path.join(self.tests, "a test.sh")
        with open(test, "w", encoding="utf-8") as f:
            f.write(FILE + line + "\n")
        return ["sh", "tests/" + script, test]

    def environment(self, **more):
        return dict(os.environ, TMPDIR=self.temporary, **more)

    def plays(self, line, status, *said, **more):
        done = subprocess.run(
            self.command(line, "run.sh"), env=self.environment(**more),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert (done.returncode != 0) == status, done.stdout
        for text in said:
            assert text in done.stdout, f"no {text!r} in:\n{done.stdout}"
        if status:
            assert said[-1] in done.stdout.split("Result: FAIL")[1]
        assert not os.listdir(self.temporary), os.listdir(self.temporary)

    def is_told_to_end(self):
        go = os.path.join(self.tests, "go")
        runner = subprocess.Popen(
            self.command(f'echo >"{go}" && read line <"{go}.fifo"', "tap.sh"),
            env=self.environment(FAILURES="/dev/null"),
            stdout=subprocess.DEVNULL)
        os.mkfifo(go + ".fifo")
        until("the test runs", lambda: os.path.exists(go))
        runner.send_signal(signal.SIGTERM)
        with open(go + ".fifo", "w", encoding="utf-8") as f:
            f.write("go on\n")
        assert runner.wait() != 0
        assert not os.listdir(self.temporary), os.listdir(self.temporary)


def main():
    place = Place()
    place.plays("exit 0", False, "ok")
    place.plays("echo why; exit 3", True, "# why", "exit 3")
    place.plays("kill -9 $$", True, "exit 137: killed")
    place.plays("echo no such thing here; exit 77", False,
                "skipped: no such thing here")
    place.plays("sleep 1000", True, "stopped after 1 s", TEST_TIMEOUT="1")
    place.is_told_to_end()


if __name__ == "__main__":
    main()
