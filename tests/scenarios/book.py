"""The book of scenarios: who adds a row to the table, and in which words.

A row is a function that gets a Stage, does what its clients do, and says
facts. Its options: `speed` of the device, flags for the `proxy`, `limit` in
seconds after which the play is ended, and when it is played:

  TOGETHER  it mostly sleeps, and its times are seconds
  ALONE     it judges milliseconds, or works the machine
  BESIDE    a request a second for minutes: beside all others
"""
import collections
import functools
import typing

TOGETHER, ALONE, BESIDE = "together", "alone", "beside"

ALL = {}


class Row(typing.NamedTuple):
    title: str
    device_flags: tuple
    function: typing.Callable
    speed: float = 1
    proxy: tuple = ()
    limit: float = 75
    when: str = TOGETHER


def row(series, title, *device_flags, **options):
    def add(function):
        number = sum(name[0] == series for name in ALL) + 1
        ALL["%s%d" % (series, number)] = Row(title, device_flags, function,
                                             **options)
        return function
    return add


# Asked of every front; the second of another firmware's pages, the third by a
# real Chromium. Asked of sallyport alone: nothing else claims to do this.
scenario = functools.partial(row, "S")
of_pages = functools.partial(row, "P")
of_a_browser = functools.partial(row, "B")
of_the_proxy = functools.partial(row, "D")


def is_asked_of(name, front):
    return name[0] in {"watched": "S", "sallyport": "SPBD"}.get(front, "SPB")


def statuses(clients):
    counts = collections.Counter(c.result for c in clients)
    return ", ".join("%d x %s" % (n, s) if n > 1 else s
                     for s, n in sorted(counts.items()))


def slowest_ms(clients):
    return max((c.ms for c in clients), default=0)
