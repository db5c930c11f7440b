#!/usr/bin/env python3
"""A Modbus/TCP unit that bears one connection and resets the next: 1000
holding registers and as many coils (functions 1, 3, 5, 6, 15, 16). Every write
is counted, and a write that is seen twice with the same transaction on one
connection too. Its misbehaviour: it is silent to every Nth request
(--silent-every), swallows requests for a while after a connect (--blind),
answers late (--late-every), sends its answers in pieces (--pieces), and takes
no notice of a FIN (--ignore-fin), so that only a reset frees its one slot.

Field reports: binsentsu/home-assistant-solaredge-modbus#107 and #82,
snitzelweck92/homeassistant_alphaess_modbus_tcp#7, wlcrs/huawei_solar#13."""
import select
import struct
import time

from standin import Gone, StandIn

REGISTERS = 1000
READ_COILS, READ_REGISTERS = 1, 3
WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS = 5, 6, 15, 16
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
WRITES = (WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS)


class Refused(Exception):
    """Answered with the exception code it carries."""


class Modbus(StandIn):
    name = "modbus"
    help = "a Modbus/TCP unit that bears one connection"
    counters = ("requests", "writes", "repeated_writes", "silences",
                "late_answers", "bad_frames")
    options = (
        ("delay-ms", 20, "before an answer"),
        ("blind", 0.0, "seconds after a connect in which it hears nothing"),
        ("silent-every", 0, "every Nth request goes unanswered"),
        ("late-every", 0, "every Nth answer comes late"),
        ("late", 4.0, "seconds that such an answer takes"),
        ("pieces", 0, "1: answers come byte by byte"),
        ("ignore-fin", 0, "1: only a reset ends a connection"),
    )

    def __init__(self, argv=None):
        super().__init__(argv)
        self.registers = [0] * REGISTERS
        self.coils = [0] * REGISTERS

    def serve(self, conn):
        hears_from = time.monotonic() + self.o.blind
        written = set()
        try:
            while True:
                head = conn.take_exactly(7)
                tid, protocol, size = struct.unpack(">HHH", head[:6])
                if protocol != 0 or not 2 <= size <= 254:
                    self.count("bad_frames")
                    return
                pdu = conn.take_exactly(size - 1)
                if time.monotonic() >= hears_from:
                    self.one(conn, tid, head[6:7], pdu, written)
        except Gone as e:
            if self.o.ignore_fin and str(e) == "FIN":
                self.wait_for_reset(conn)

    def wait_for_reset(self, conn):
        """In CLOSE_WAIT: a hang-up or an error is all that counts."""
        p = select.poll()
        p.register(conn.sock, 0)
        p.poll()

    def one(self, conn, tid, unit, pdu, written):
        self.count("requests")
        number = self.stat["requests"]
        if self.o.silent_every and number % self.o.silent_every == 0:
            self.count("silences")
            return
        if pdu[0] in WRITES:
            self.count("writes")
            if (tid, pdu) in written:
                self.count("repeated_writes")
            written.add((tid, pdu))
        delay = self.o.delay_ms / 1000
        if self.o.late_every and number % self.o.late_every == 0:
            self.count("late_answers")
            delay = self.o.late
        time.sleep(delay)
        try:
            answer = self.work(pdu)
        except Refused as e:
            answer = bytes((pdu[0] | 0x80, e.args[0]))
        except (struct.error, IndexError):
            answer = bytes((pdu[0] | 0x80, ILLEGAL_VALUE))
        self.give(conn, struct.pack(">HHH", tid, 0, len(answer) + 1) + unit +
                  answer)

    def give(self, conn, frame):
        if not self.o.pieces:
            conn.send(frame)
            return
        for i in range(len(frame)):
            conn.send(frame[i:i + 1])
            time.sleep(0.002)

    def table(self, values, first, count, most):
        if not 1 <= count <= most:
            raise Refused(ILLEGAL_VALUE)
        if first + count > REGISTERS:
            raise Refused(ILLEGAL_ADDRESS)
        return values[first:first + count]

    def work(self, pdu):
        function = pdu[0]
        first, count = struct.unpack(">HH", pdu[1:5])
        if function == READ_REGISTERS:
            values = self.table(self.registers, first, count, 125)
            return struct.pack(">BB%dH" % count, 3, 2 * count, *values)
        if function == READ_COILS:
            bits = self.table(self.coils, first, count, 2000)
            packed = bytearray((count + 7) // 8)
            for i, bit in enumerate(bits):
                packed[i // 8] |= bit << i % 8
            return bytes((1, len(packed))) + bytes(packed)
        if function not in WRITES:
            raise Refused(ILLEGAL_FUNCTION)
        self.write(function, first, count, pdu)
        return pdu[:5]

    def write(self, function, first, count, pdu):
        if function == WRITE_COIL:
            self.table(self.coils, first, 1, 1)
            self.coils[first] = int(count == 0xff00)
        elif function == WRITE_REGISTER:
            self.table(self.registers, first, 1, 1)
            self.registers[first] = count
        elif function == WRITE_REGISTERS:
            self.table(self.registers, first, count, 123)
            self.registers[first:first + count] = struct.unpack(
                ">%dH" % count, pdu[6:6 + 2 * count])
        else:
            self.table(self.coils, first, count, 1968)
            self.coils[first:first + count] = [
                pdu[6 + i // 8] >> i % 8 & 1 for i in range(count)]


if __name__ == "__main__":
    Modbus().main()
