#!/usr/bin/env python3
"""A bench instrument on port 5025: lines that end in `?` are answered with a
line, others are not. It has two sockets in all; a third is reset. One line is
worked on at a time, whoever sent it; a query that takes long (MEAS?) holds up
both. A client that leaves between query and answer leaves the answer behind:
with --shared-output 1 it goes to whoever asks next, as in instruments with
one output buffer.

Field reports: Keysight EDU33210 (two sockets in all), and the error -410,
"Query INTERRUPTED", of all that have one output buffer."""
import threading
import time

from standin import Gone, StandIn

ERRORS = {0: '0,"No error"', -113: '-113,"Undefined header"',
          -410: '-410,"Query INTERRUPTED"'}


class Scpi(StandIn):
    name = "scpi"
    help = "an instrument: queries and commands, line by line"
    sockets = 2
    counters = ("queries", "measures", "commands", "errors", "lost_answers")
    options = (
        ("measure-ms", 200, "time that MEAS? takes"),
        ("shared-output", 0, "1: an answer nobody fetched goes to the next"),
    )

    def __init__(self, argv=None):
        super().__init__(argv)
        self.busy = threading.Lock()
        self.volts = 0.0
        self.error = 0
        self.left_over = b""

    def set_volts(self, words):
        self.volts = float(words[1])

    def work(self, line):
        """The answer to a line; None for a command."""
        words = line.upper().split() or [""]
        if words[0] == "*IDN?":
            return "EXAMPLE,PSU-1,0001,1.0"
        if words[0] == "VOLT?":
            return "%.3f" % self.volts
        if words[0] == "MEAS?":
            self.count("measures")
            time.sleep(self.o.measure_ms / 1000)
            return "%.3f" % self.volts
        if words[0] == "SYST:ERR?":
            error, self.error = self.error, 0
            return ERRORS[error]
        if words[0] == "VOLT" and len(words) == 2:
            self.set_volts(words)
        elif words[0] == "*RST":
            self.volts = 0.0
        elif words[0]:
            self.error = -113
            self.count("errors")
        return None

    def serve(self, conn):
        while True:
            line = conn.take_until((b"\n",)).decode("latin-1").strip()
            with self.busy:
                try:
                    answer = self.work(line)
                except ValueError:
                    answer, self.error = None, -113
                if answer is None:
                    self.count("commands")
                    continue
                self.count("queries")
                self.give(conn, answer.encode() + b"\n")

    def give(self, conn, answer):
        """To whoever is still there; what was left over goes first."""
        if self.left_over:
            answer, self.left_over = self.left_over, answer
        try:
            if not conn.buffer and conn.is_gone():
                raise Gone("before its answer")
            conn.send(answer, 10)
        except Gone:
            self.count("lost_answers")
            self.error = -410
            if self.o.shared_output:
                self.left_over = answer
            raise


if __name__ == "__main__":
    Scpi().main()
