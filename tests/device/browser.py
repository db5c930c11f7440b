"""A headless Chromium for tests, driven over its debugging pipe (descriptors
3 and 4, one JSON message and a NUL each way), so that no port is needed."""
import atexit
import base64
import fcntl
import json
import os
import shutil
import signal
import subprocess
import time

from rig import check, folder, ready, skip

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-dev-shm-usage", "--disable-background-networking",
         "--disable-component-update", "--disable-default-apps",
         "--disable-sync", "--mute-audio", "--no-proxy-server",
         "--remote-debugging-pipe"]
PATIENCE_S = 60


def program():
    """Chromium's path; without one the test is skipped."""
    names = "chromium", "chromium-browser", "google-chrome"
    return next(filter(None, map(shutil.which, names)), None) or skip(
        "chromium is not installed")


class Browser:
    """One process with a profile of its own; tabs are its targets."""

    def __init__(self, *flags):
        home = folder()
        to_it, self.to = os.pipe()
        self.of, of_it = os.pipe()
        # The pipes' ends become its descriptors 3 and 4.
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (to_it, of_it)]
        self.process = subprocess.Popen(
            ["bash", "-c", 'exec 3<&%d 4>&%d; exec "$@"' % tuple(high),
             "bash", program(), *FLAGS, "--user-data-dir=" + home, *flags],
            pass_fds=high, stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "HOME": home})
        for fd in (to_it, of_it, *high):
            os.close(fd)
        atexit.register(self.end)
        self.buffer = b""
        self.number = 0
        self.events = []
        self.send("Target.getTargets")

    def _message(self, end):
        """The next message; None when time is up."""
        while b"\0" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not ready(self.of, within_s=left):
                return None
            more = os.read(self.of, 1 << 16)
            check(more, "the browser is gone")
            self.buffer += more
        text, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(text)

    def send(self, method, session=None, **params):
        """Its result."""
        answer = self.try_send(method, session, **params)
        check("error" not in answer, method, answer)
        return answer["result"]

    def try_send(self, method, session=None, **params):
        """The whole answer; events that come meanwhile are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE_S
        while True:
            answer = self._message(end)
            check(answer is not None, "no answer to", method)
            if answer.get("id") == self.number:
                return answer
            self.events.append(answer)

    def event(self, session, method, seconds):
        """The next such event; None when it does not come."""
        end = time.monotonic() + seconds
        while True:
            for i, e in enumerate(self.events):
                if e.get("sessionId") == session and e["method"] == method:
                    return self.events.pop(i)
            answer = self._message(end)
            if answer is None:
                return None
            self.events.append(answer)

    def tab(self, url="about:blank"):
        return Tab(self, url)

    def end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            os.close(self.to)
            os.close(self.of)


class Tab:
    def __init__(self, browser, url):
        self.browser = browser
        self.target = browser.send("Target.createTarget",
                                   url="about:blank")["targetId"]
        self.session = browser.send("Target.attachToTarget", flatten=True,
                                    targetId=self.target)["sessionId"]
        self.send("Page.enable")
        if url != "about:blank":
            self.go(url)

    def send(self, method, **params):
        return self.browser.send(method, self.session, **params)

    def go(self, url, seconds=PATIENCE_S):
        """Loads a page; why it failed, or "" when it is there."""
        self.browser.events = [e for e in self.browser.events
                               if e.get("sessionId") != self.session]
        error = self.send("Page.navigate", url=url).get("errorText", "")
        if not error and not self.browser.event(
                self.session, "Page.loadEventFired", seconds):
            error = "not loaded in time"
        return error

    def evaluate(self, expression):
        return self.send("Runtime.evaluate", expression=expression,
                         returnByValue=True)["result"].get("value")

    def becomes(self, expression, seconds):
        """Whether a JavaScript expression becomes true in time."""
        end = time.monotonic() + seconds
        while not self.evaluate(expression):
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def picture(self, path):
        """Writes what the tab shows as a PNG."""
        self.send("Page.bringToFront")
        answer = {}
        end = time.monotonic() + PATIENCE_S
        # A page that is just being replaced cannot be shown.
        while "result" not in answer:
            check(time.monotonic() < end, "no picture", answer)
            time.sleep(0.1)
            answer = self.browser.try_send("Page.captureScreenshot",
                                           self.session, format="png")
        with open(path, "wb") as f:
            f.write(base64.b64decode(answer["result"]["data"]))

    def close(self):
        self.browser.send("Target.closeTarget", targetId=self.target)
