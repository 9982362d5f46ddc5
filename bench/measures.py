"""Measures rates and latencies of the site and the baselines. Each function adds report lines."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from bench import client, pgbench, worlds
from bench.client import Result
from bench.data import SEATS_IN_ROW, WORDS, Filler, World
from bench.report import Report
from bench.sites import Database, Site, postgres_cpu_seconds
from bench.worlds import Holds

CLIENTS = 16
ROUNDS = 3
SECONDS = 3
HOT_HOLDS, HOT_ROUNDS = 250, 15
LATENCY_ROUNDS = 5
# How many requests are prepared for each second of a load: more than the site can answer.
MOST_HOLDS, MOST_CONFIRMS = 900, 900
OK, REDIRECT, UNCHANGED, REFUSED = 200, 302, 204, 409
FILM_WORDS = [f"{a} {b}" for a in WORDS for b in WORDS]
SHOW_LIST = client.get("/api/shows?limit=20")


def alternate(
    report: Report,
    sides: Mapping[str, Callable[[], Result]],
    *,
    allowed: tuple[int, ...],
    rounds: int = ROUNDS,
) -> dict[str, float]:
    """Measure each side in turn, `rounds` times. Returns each side's median requests per second."""
    results: dict[str, list[Result]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, run in sides.items():
            results[name].append(run())
    for name, found in results.items():
        report.record(name, found, allowed=allowed)
    return {name: statistics.median(r.rate for r in found) for name, found in results.items()}


def repeat(site: Site, requests: Sequence[bytes], seconds: float = SECONDS) -> Callable[[], Result]:
    return lambda: client.load(site.url, requests, clients=CLIENTS, seconds=seconds)


def holding(site: Site, holds: Holds, seconds: float = SECONDS, clients: int = CLIENTS) -> Result:
    result = client.load(
        site.url, holds.take(int(MOST_HOLDS * seconds)), clients=clients, seconds=seconds
    )
    holds.used(result)
    return result


def searches() -> list[bytes]:
    return [client.get(f"/api/movies?search={quote(words)}") for words in FILM_WORDS]


def reads(report: Report, site: Site, empty: Site, shows: list[int]) -> float:
    """Compare polls, lists and search with baseline B (bench/baselines/empty.py).

    Returns B's requests per second.
    """
    report.section("Reads, requests/s with 16 clients (B: an empty project's view)")
    rates = alternate(
        report,
        {
            "B": repeat(empty, [client.get("/")]),
            "unchanged poll": lambda: repeat(site, worlds.polls(site.url, shows[:20]))(),
        },
        allowed=(OK, UNCHANGED),
    )
    base = rates["B"]
    rates |= alternate(
        report,
        {
            "changed poll": repeat(site, worlds.polls(site.url, shows[:20], stale=True)),
            "show list": repeat(site, [SHOW_LIST]),
            "film search, 36,000 films": repeat(site, searches()),
        },
        allowed=(OK,),
    )
    poll = rates["unchanged poll"]
    report.at_least("unchanged poll ÷ B", f"{poll:.0f} ÷ {base:.0f}", poll / base, 0.9)
    for name in ("changed poll", "show list", "film search, 36,000 films"):
        report.note(f"{name} ÷ B", f"{rates[name]:.0f} ÷ {base:.0f}", rates[name] / base)
    return base


class Transactions:
    """T, the rate of a hold's transaction alone, measured in rounds."""

    def __init__(self, database: Database, shows: list[int], first_person: int) -> None:
        self.rates: list[float] = []
        self._database, self._shows, self._first_person = database, shows, first_person

    def measure(self) -> None:
        rate = pgbench.transactions_per_second(
            self._database.url,
            shows=self._shows,
            first_person=self._first_person,
            # Each round takes other seats: a client makes fewer than 1,000 holds in a round.
            base=1_000 * CLIENTS * len(self.rates),
            clients=CLIENTS,
            seconds=SECONDS,
        )
        self.rates.append(rate)


def spread_holds(
    report: Report,
    site: Site,
    raw: Site,
    holds: Holds,
    database: Database,
    first_person: int,
    raw_shows: list[int],
    base: float,
) -> None:
    """Compare holds that are spread over many shows with R (raw SQL) and with L.

    L is the rate of a site whose hold takes only the time of an empty request (`base`, B's rate)
    and of the transaction (T, measured with pgbench).
    """
    report.section("Holds, 2 seats, 16 clients (R: hand-written SQL; T: pgbench; L: 1÷(1/B+1/T))")
    transactions = Transactions(database, raw_shows, first_person)
    spent: dict[str, list[tuple[float, float]]] = {"hold": [], "R": []}

    def measured(name: str, served: Site) -> Result:
        before = served.cpu_seconds(), postgres_cpu_seconds()
        result = holding(served, holds)
        after = served.cpu_seconds(), postgres_cpu_seconds()
        web, db = ((b - a) / result.requests * 1000 for a, b in zip(before, after, strict=True))
        spent[name].append((web, db))
        if name == "hold":
            transactions.measure()
        return result

    # Each session is read into the cache, as by the pages that a buyer opens before. Otherwise the
    # side that comes first would read it from the database, and the other from the cache.
    pages = [client.get("/bookings/", Cookie=f"sessionid={s}") for s in holds.people.sessions]
    client.load(site.url, pages, clients=CLIENTS, once=True)
    rates = alternate(
        report,
        {"hold": lambda: measured("hold", site), "R": lambda: measured("R", raw)},
        allowed=(REDIRECT,),
    )
    hold, raw_rate, transaction = rates["hold"], rates["R"], statistics.median(transactions.rates)
    floor = 1 / (1 / base + 1 / transaction)
    report.at_least("hold ÷ R", f"{hold:.0f} ÷ {raw_rate:.0f}", hold / raw_rate, 0.85)
    report.at_least(
        "hold ÷ L",
        f"{hold:.0f} ÷ {floor:.0f} (B {base:.0f}, T {transaction:.0f})",
        hold / floor,
        0.16,
    )
    for name, what in (("hold", "a hold"), ("R", "R")):
        web, db = (statistics.median(s[n] for s in spent[name]) for n in (0, 1))
        report.note(f"CPU per {what}", f"web {web:.2f} ms, database {db:.2f} ms")
    report.raw["transactions"] = transactions.rates


def hot_show(report: Report, site: Site, people: World, filler: Filler, holds: Holds) -> None:
    """Sell out one show of 500 seats to 16 clients, two seats per hold.

    Compared with the same number of holds spread over 400 shows. A round takes only half a second,
    so there are HOT_ROUNDS of them.
    """
    report.section("One hot show of 500 seats until it is sold out, 16 clients")

    def hot() -> Result:
        (show,) = filler.shows(1, 500)
        wanted = Holds(people, [show], 500).take(HOT_HOLDS)
        result = client.load(site.url, wanted, clients=CLIENTS, once=True)
        ((left,),) = filler.query(
            "SELECT available_seats FROM shows_show WHERE id = %(show)s", show=show
        )
        if left or result.statuses != {str(REDIRECT): HOT_HOLDS}:
            report.problems.append(f"hot show: {left} seats left, {result.statuses}")
        # The show is sold out: further holds must be refused.
        late = [
            worlds.post(people.sessions[300 + n], f"/shows/{show}/hold/", "seat=R1-1&seat=R1-2")
            for n in range(20)
        ]
        after = client.load(site.url, late, clients=CLIENTS, once=True)
        report.record("hot show, too late", [after], allowed=(REFUSED,))
        return result

    def spread() -> Result:
        result = client.load(site.url, holds.take(HOT_HOLDS), clients=CLIENTS, once=True)
        holds.used(result)
        return result

    sides = {"hot show": hot, "spread beside it": spread}
    rates = alternate(report, sides, allowed=(REDIRECT,), rounds=HOT_ROUNDS)
    one, many = rates.values()
    report.at_least("hot ÷ spread", f"{one:.0f} ÷ {many:.0f} holds/s", one / many, 0.85)


def one_seat(report: Report, site: Site, people: World, filler: Filler) -> None:
    """Compare 1,000 people who all want one seat with 1,000 who each hold a different seat.

    Both use the API.
    """
    report.section("1,000 buyers at once, by the API, 64 clients")
    times: dict[str, list[float]] = {"one": [], "all": []}
    for _ in range(ROUNDS):
        *shows, wanted = filler.shows(5, 500)
        free = [
            worlds.api_hold(people.tokens[n], shows[n % 4], [label(n // 4)]) for n in range(1_000)
        ]
        same = [worlds.api_hold(token, wanted, ["R1-1"]) for token in people.tokens]
        everyone = client.load(site.url, free, clients=64, once=True)
        report.record("1,000 holds", [everyone], allowed=(201,))
        contended = client.load(site.url, same, clients=64, once=True)
        report.record("1,000 buyers, one seat", [contended], allowed=(201, REFUSED))
        if contended.statuses != {"201": 1, "409": 999}:
            report.problems.append(f"one seat: {contended.statuses}")
        times["one"].append(contended.seconds)
        times["all"].append(everyone.seconds)
    one, everyone_s = (statistics.median(times[name]) for name in ("one", "all"))
    report.at_most(
        "1,000 want one seat ÷ 1,000 get one each",
        f"{one:.2f} s ÷ {everyone_s:.2f} s",
        one / everyone_s,
        1,
    )


def label(place: int) -> str:
    return f"R{place // SEATS_IN_ROW + 1}-{place % SEATS_IN_ROW + 1}"


def latencies(report: Report, site: Site, holds: Holds, people: World, filler: Filler) -> None:
    """Measure the latency of hold, confirm and list with 1, 8 and 64 clients, and at half rate.

    Half rate is half of the highest rate that 1, 8 or 64 clients reached.
    """
    report.section("Latency, ms p50/p95/p99")
    pending: list[tuple[str, int, int]] = []

    def hold(clients: int, seconds: float, pause_ms: float) -> Result:
        requests = holds.take(int(MOST_HOLDS * seconds))
        result = client.load(
            site.url, requests, clients=clients, seconds=seconds, pause_ms=pause_ms
        )
        holds.used(result)
        return result

    def confirm(clients: int, seconds: float, pause_ms: float) -> Result:
        # Each request confirms a different hold, so there must be enough holds.
        while len(pending) < MOST_CONFIRMS * seconds:
            made = hold(CLIENTS, SECONDS, 0)
            report.record("holds to confirm", [made], allowed=(REDIRECT,))
            pending[:] = pending_bookings(filler)
        requests = worlds.confirms(people, pending)
        result = client.load(
            site.url, requests, clients=clients, seconds=seconds, pause_ms=pause_ms
        )
        if result.used > len(pending):
            report.problems.append(f"confirm: {len(pending)} holds for {result.used} requests")
        del pending[: result.used]
        return result

    def show_list(clients: int, seconds: float, pause_ms: float) -> Result:
        return client.load(
            site.url, [SHOW_LIST] * clients, clients=clients, seconds=seconds, pause_ms=pause_ms
        )

    for name, run, status, targets in (
        ("booking", hold, REDIRECT, (20, 60, 120)),
        ("confirm", confirm, REDIRECT, (15, 40, 80)),
        ("list", show_list, OK, (6, 20, 40)),
    ):
        saturated = 0.0
        for clients in (1, 8, 64):
            result = run(clients, 2, 0)
            report.record(f"{name}, {clients} clients", [result], allowed=(status,))
            report.note(f"{name}, {clients} clients", f"{times(result)} at {result.rate:.0f}/s")
            saturated = max(saturated, result.rate)
        # With this mean pause the 16 clients together send half of the highest rate.
        pause = CLIENTS / (saturated / 2) * 1000
        results = [run(CLIENTS, 4, pause) for _ in range(LATENCY_ROUNDS)]
        report.record(f"{name}, half rate", results, allowed=(status,))
        found = percentiles(results)
        wanted = "/".join(str(t) for t in targets)
        report.at_most(
            f"{name}, half of {saturated:.0f}/s ÷ {wanted} ms",
            f"{times(*results)} at {statistics.median(r.rate for r in results):.0f}/s",
            max(took / target for took, target in zip(found, targets, strict=True)),
            1,
        )


def percentiles(results: Sequence[Result]) -> tuple[float, ...]:
    """The medians of p50, p95 and p99 over the rounds, in milliseconds."""
    rounds = [(r.p50, r.p95, r.p99) for r in results]
    return tuple(statistics.median(each) for each in zip(*rounds, strict=True))


def times(*results: Result) -> str:
    return " / ".join(f"{milliseconds:.1f}" for milliseconds in percentiles(results))


def pending_bookings(filler: Filler) -> list[tuple[str, int, int]]:
    return [
        (str(reference), int(user), int(show))
        for reference, user, show in filler.query(
            "SELECT reference, user_id, show_id FROM bookings_booking"
            " WHERE status = 'PENDING' AND expires_at > now() + interval '10 minutes' ORDER BY id"
        )
    ]
