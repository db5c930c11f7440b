"""The book of scenarios: who adds a row to the table, and in which words.

A row is a function that gets a Stage, does what its clients do, and says
facts. Its options: `speed` of the device, flags for the `proxy`, `limit` in
seconds after which the play is ended, and when it is played:

  TOGETHER  it mostly sleeps, and its times are seconds
  ALONE     it judges milliseconds, or works the machine
  BESIDE    a request a second for minutes: beside all others
"""
TOGETHER, ALONE, BESIDE = "together", "alone", "beside"
LIMIT_S = 75

ALL = {}


class Row:
    def __init__(self, title, device_flags, function, speed=1, proxy=(),
                 limit=LIMIT_S, when=TOGETHER):
        self.title = title
        self.device_flags = device_flags
        self.function = function
        self.speed = speed
        self.proxy = proxy
        self.limit_s = limit
        self.when = when


def row(series, title, device_flags, options):
    def add(function):
        number = sum(name[0] == series for name in ALL) + 1
        ALL["%s%d" % (series, number)] = Row(title, device_flags, function,
                                             **options)
        return function
    return add


def scenario(title, *device_flags, **options):
    """Asked of every front."""
    return row("S", title, device_flags, options)


def of_pages(title, *device_flags, **options):
    """The same, of another firmware's pages."""
    return row("P", title, device_flags, options)


def of_a_browser(title, *device_flags, **options):
    """Asked of every front, by a real Chromium."""
    return row("B", title, device_flags, options)


def of_the_proxy(title, *device_flags, **options):
    """Asked of sallyport alone: nothing else claims to do this."""
    return row("D", title, device_flags, options)


def is_asked_of(name, front):
    return name[0] in ("S" if front == "watched" else
                       "SPBD" if front == "sallyport" else "SPB")


def statuses(clients):
    counts = {}
    for c in clients:
        counts[c.result] = counts.get(c.result, 0) + 1
    return ", ".join("%d x %s" % (n, s) for s, n in sorted(counts.items()))


def all_are(clients, result):
    return all(c.result == result for c in clients)


def slowest_ms(clients):
    return max((c.ms for c in clients), default=0)
