"""A device that serves any number at once and counts them."""
import contextlib
import select
import threading
import time

from stand import Device, PAGE

SERVICE_S = 0.003


class CountingDevice(Device):
    def __init__(self):
        super().__init__(backlog=256)
        self.most = 0
        self.due = {}  # socket: when its reply is due
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while not self.ended.is_set():
            ready = select.select([self.listener], [], [], SERVICE_S / 3)[0]
            self._end_some()  # before the newcomer is counted
            if ready:
                self.due[self.accept()] = time.monotonic() + SERVICE_S
            self.most = max(self.most, len(self.due))

    def _end_some(self):
        gone = select.poll()
        for sock in self.due:
            gone.register(sock, select.POLLERR)
        reset = {fd for fd, _ in gone.poll(0)}
        for sock in list(self.due):
            if sock.fileno() in reset:
                self.due.pop(sock)
                sock.close()
            elif self.due[sock] < time.monotonic():
                self.due.pop(sock)  # the proxy cannot see its end before
                with contextlib.suppress(OSError):
                    sock.recv(65536)
                    sock.sendall(PAGE)
                sock.close()

    def stop(self):
        self.ended.set()
        self.thread.join()
        super().stop()
