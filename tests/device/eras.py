#!/usr/bin/env python3
"""Proves what the first and the last sketch print and serve: E0 without a
word of its library, E5 with eight slots, peers in its tables, its own steps
of the reply, and a stop() of the library that holds up everyone."""
from rig import Device, FAVICON, GET, check, check_equal, check_lines

CLOSED = "    Socket(%d) SnSr=Closed SnMR=Close IP=0.0.0.0 Port=0 " \
         "MAC=FF:FF:FF:FF:FF:FF"


# The later sketch, from power on to the end of its first client, as in its
# log of 2017-08-07 (addresses are ours).
dev = Device("--era", "E5", "--temp", "fixed:29.8125")
dev.advance(3.5)
client = dev.connect(then=0.01)
dev.serve(client)
ip, port = client.name.split(":")
mine = "    Socket(0) SnSr=%s SnMR=TCP" + \
       f" IP={ip} Port={port} MAC=20:CF:30:B8:3D:ED"
unused = [CLOSED % n for n in range(2, 8)]
listens = "    Socket(%d) SnSr=Listen SnMR=TCP"
expected = ["Teensy Temperature Server", "Build 18:27:20 Aug  7 2017",
            "689 msec to start serial",
            "Teensy3 128-bit UniqueID int array: "
            "E4A10000-8E620024-003A300B-32624E45",
            "USB Serialnumber: 1772780 ",
            "Teensy MAC Address: 04:E9:E5:02:B4:7E ",
            "Server at 192.168.1.10",
            *[CLOSED % n for n in range(4)], "Start listening:",
            listens % 0, *[CLOSED % n for n in range(1, 4)],
            "TMP102 Sensor at 0x48", "SetCFG=0x80 SetCFG=0x150 ",
            "Setup Complete!",
            "Send V/v to toggle verbose, h/H to toggle hush/silent, "
            "s/S socket status",
            ".@ 3 sec, Got new client, Temp is 29.812 C",
            f"From {ip}, port {port}",
            mine % "Establ", listens % 1, *unused,
            "GET / HTTP/1.1", "Host: device", "", "Request is complete",
            "Sending Response...", "Sent 48", "Sent head",
            "Sent body header and build", "Sent temperature",
            "Sent all of body", "    ----", "client stopped",
            mine % "Closed", listens % 1, *unused,
            "1 http requests, 0.33 per sec, 0 timeouts",
            "1 sec max w/o client", "--------", "", ""]
check_lines(dev.console().split("\n"), expected)

# Any day from 08-02 on is its time; the lowest slot with bytes is served.
for era in ("E5", "2017-08-02", "08-19", "2017-11-14"):
    dev = Device("--uptime", 100, "--era", era)
    check_equal(len(dev.states()), 8, f"slots of {era}")
late, early = dev.connect(then=0.01), dev.connect(then=0.01)
late.send(FAVICON)
early.send(GET)
check_equal((late.slot(), early.slot()), (0, 1), "slots")
dev.advance_until("fw=stop")
check_equal(dev.states()[:2], ["FinWait", "Establ"], "the lowest, a higher")

# A client that leaves without a byte costs no slot: the library stops it, and
# the whole device with it if the other side is slow.
dev = Device("--uptime", 100, "--era", "E5")
for _ in range(20):
    client = dev.connect(then=0.01)
    client.fin()
    slot = client.slot()
    dev.wait(f"slot{slot}=ClsWait")
    dev.advance_until(f"slot{slot}!=ClsWait")
    client.close()
    dev.advance_until("active=0,fw=loop")
check("client stopped" not in dev.console(), "a word about it")
dev.expect(zero_byte_conns=20)

# Eight silent ones take all slots; not a word of that either.
for _ in range(8):
    dev.connect(then=0.05)
check(dev.refuses_all(), "a ninth client is taken in")
check(dev.stat("all_in_use") > 0, "not counted")
check("Sockets in use" not in dev.console(), "printed")

# Only closed slots are opened: one that waits for the client's FIN is not.
dev = Device("--uptime", 100, "--era", "E5", "--sockets", 2, "--fault",
             "no-close")
first = dev.connect(GET)
dev.advance_until("requests=1,fw=loop")
first.read_now()
dev.connect(then=0.1)
check(dev.refuses_all(), "a slot in use was opened")

# The first sketch: stock library, no tables, no word for a new client.
dev = Device("--era", "2017-05-07", "--temp", "fixed:24.5625", "--uptime",
             63191, "--requests", 37921, "--timeouts", 3, "--maxidle", 101)
dev.get()
check_equal(dev.console().strip(".").split("\n"),
            ["GET / HTTP/1.1", "Host: device", "",
             "Sending Response...done", "Out of while...",
             "client disconnected", "@ 63191 sec, Temp is 24.562 C",
             "37922 http requests, 0.60 per sec, 3 timeouts",
             "101 sec max w/o client", "", ""], "the console of E0")
for _ in range(4):
    dev.connect(then=0.05)
check(dev.refuses_all(), "E0 takes a fifth in")
check("W5000socket" not in dev.console(), "a word of the library")

# Seconds and rate are those of the last look at the clock: a client that
# takes long sees old ones, and so does the line at its end.
dev = Device("--era", "E1", "--uptime", 9, "--fault", "slow-reply=100")
dev.advance(0.2)
client = dev.connect(GET)
dev.advance_until("fw=stop", 20)
check(b"@9 sec: " in client.read_to_end(), "the page's seconds")
client.close()
dev.advance_until("fw=loop")
check("@ 9 sec, Temp is" in dev.console(), "the console's seconds")
check("1 http requests, 0.11 per sec, " in dev.console(), "the rate")
check(dev.stat("uptime") >= 12, "the time that passed")

# A client that is lost before its reply: each tested write fails, none is
# counted as sent, and the request counts all the same.
dev = Device("--uptime", 100, "--era", "E4", "--fault", "tick-stall=900")
dev.advance_until("uptime=101")
client = dev.connect(GET)
dev.advance_until("fw=read")
dev.wait("slot0.rx>0")
dev.advance_until("slot0.rx=0")
client.reset()
dev.advance_until("fw=loop")
text = dev.console()[dev.console().index("Sending"):]
check_equal([line for line in text.split("\n") if "Socket" not in line],
            ["Sending Response...", "Could not print to client",
             "Could not print to client", "Sent 0", "done", "client stopped",
             "1 http requests, 0.01 per sec, 0 timeouts",
             "1 sec max w/o client", "--------", "", ""],
            "a lost client's lines")
