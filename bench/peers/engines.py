"""Who shared a place and a time with a case, asked of one engine.

    engines.py ENGINE DIR THREADS

DIR holds what `jadegate-bench-tracing dump` writes. The engine takes the visits, then answers each line of
standard input with one JSON line of standard output, until there is no more input:

    contacts N    question 1 of bench/tracing/src/floor.rs for the first N cases, all at once
    one I         the same for case number I (from 0) alone
    hops I        question 2 for case number I
    cumulative N  question 3 for the first N cases

An answer holds the sums over all contacts found (floor.rs: Digest) and the seconds by clock and of CPU of the
question alone. Each engine keeps the visits sorted as suits it, and twice: by place and time, and by holder.
Moments count from the town's beginning. A bucket is three hours, which no stay exceeds: whoever overlaps a
stay entered in one of a few known buckets, and the join of intervals becomes one of equal numbers.
"""

import os
import sys

from measure import say, timed

START = 1_646_092_800
LONGEST = BUCKET = 3 * 3600
CLOSE, SECONDARY, DELAY = 15 * 60, 30 * 60, 24 * 3600


def column(folder, name):
    import pyarrow as pa

    with open(os.path.join(folder, name + ".u32"), "rb") as f:
        data = pa.py_buffer(f.read())
    return pa.Array.from_buffers(pa.uint32(), len(data) // 4, [None, data])


def visits(folder):
    """All visits as an Arrow table of 32-bit numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = {n: column(folder, n) for n in ("holder", "place", "entered", "left")}
    since = {n: pc.subtract(columns[n], pa.scalar(START, pa.uint32())) for n in ("entered", "left")}
    made = {"holder": columns["holder"], "place": columns["place"], "b": since["entered"], "e": since["left"]}
    return pa.table({n: c.cast(pa.int32()) for n, c in made.items()})


def cases(folder):
    """The cases, as an Arrow table of number and holder."""
    import pyarrow as pa

    c = column(folder, "cases").cast(pa.int32())
    return pa.table({"n": pa.array(range(len(c)), pa.int32()), "holder": c})


# The digest in SQL, so that nobody pays for handing over millions of rows. The products fit into 64 bits. DuckDB adds
# them in 128; DataFusion in 64, and what is beyond is dropped, as in the digest.
SUMS = "count(*), sum(secs), sum(last), sum(cast(holder + 1 as bigint) * (source + 1))"


class DuckDB:
    """Zone maps do the filtering by place; an index finds a holder."""

    def __init__(self, folder, threads):
        import duckdb

        self.version = duckdb.__version__
        run = self.run = duckdb.connect().execute
        all_visits, all_cases = visits(folder), cases(folder)  # found by their names
        self.cases = all_cases["holder"].to_pylist()
        run("set threads = 2; set preserve_insertion_order = false")
        run(f"create table by_place as select *, b // {BUCKET} as bucket from all_visits order by place, b")
        run("create table by_holder as select holder, place, b, e from by_place order by holder")
        run("create index of_holder on by_holder (holder)")
        run("create table cases as select * from all_cases")
        run(f"set threads = {threads}")

    SHARED = "sum(least(v.e, s.e) - greatest(v.b, s.b)) as secs, max(least(v.e, s.e)) as last, min(greatest(v.b, s.b)) as first"

    def plain(self, sources, least):
        """For few sources: the filter on their places skips most of the sorted table, and buckets only cost."""
        return (
            f"select s.holder as source, v.holder, {self.SHARED} from {sources} s join by_place v on v.place = s.place"
            f" and v.b < s.e and v.e > s.b where v.holder <> s.holder group by all having secs >= {least}"
        )

    def bucketed(self, sources, least, keys="s.holder as source, v.holder"):
        spread = f"(select *, unnest(range((b - {LONGEST}) // {BUCKET}, (e - 1) // {BUCKET} + 1))::int as bucket from {sources})"
        return (
            f"select {keys}, {self.SHARED} from {spread} s join by_place v on v.place = s.place"
            f" and v.bucket = s.bucket where v.b < s.e and v.e > s.b and v.holder <> s.holder group by all having secs >= {least}"
        )

    def contacts(self, n):
        return self.run(f"select {SUMS} from ({self.bucketed(self.of_first(n), CLOSE)})").fetchone()

    def cumulative(self, n):
        contacts = self.bucketed(self.of_first(n), CLOSE, "0 as source, v.holder")
        return self.run(f"select {SUMS} from ({contacts})").fetchone()

    def of_first(self, n):
        return f"(select * from by_holder where holder in (select holder from cases where n < {n}))"

    def one(self, i):
        sources = f"(select * from by_holder where holder = {self.cases[i]})"
        return self.run(f"select {SUMS} from ({self.plain(sources, CLOSE)})").fetchone()

    def hops(self, i):
        case = self.cases[i]
        self.run(f"create or replace temp table close as {self.plain(f'(select * from by_holder where holder = {case})', CLOSE)}")
        sources = (
            f"(select h.holder, place, greatest(h.b, c.first + {DELAY}) as b, h.e from by_holder h"
            f" join close c on h.holder = c.holder where h.e > c.first + {DELAY})"
        )
        # Most seconds first, then the lowest number: both in one number.
        key = "secs::bigint << 32 | (4294967295 - source)"
        best = (
            f"select holder, max({key}) as k, arg_max(last, {key}) as last from ({self.bucketed(sources, SECONDARY)})"
            f" where holder <> {case} and holder not in (select holder from close) group by holder"
        )
        second = f"select holder, k >> 32 as secs, last, 4294967295 - (k & 4294967295) as source from ({best})"
        both = f"select holder, secs, last, source from close union all {second}"
        return self.run(f"select {SUMS} from ({both})").fetchone()


class DataFusion:
    """Sorted and in memory; place and bucket are one number."""

    def __init__(self, folder, threads):
        import datafusion

        self.version = datafusion.__version__
        config = datafusion.SessionConfig().with_target_partitions(threads).with_batch_size(8192)
        self.db = datafusion.SessionContext(config)
        self.db.from_arrow(visits(folder), name="loaded")
        all_cases = cases(folder)
        self.cases = all_cases["holder"].to_pylist()
        self.db.from_arrow(all_cases, name="cases")
        spot = f"cast(place * 256 + b / {BUCKET} as int) as spot"
        self.keep("by_place", f"select holder, b, e, {spot} from loaded order by place, b")
        self.keep("by_holder", "select * from loaded order by holder")
        self.run("drop table loaded")
        back = ", ".join(f"({i})" for i in range(3))
        self.keep("back", f"select cast(column1 as int) as back from (values {back})")

    def run(self, sql):
        return self.db.sql(sql).collect()

    def keep(self, name, sql):
        self.db.register_record_batches(name, [self.run(sql)])

    def join(self, sources, least, source="s.holder", keys="s.holder, v.holder"):
        # From a bucket before the one entered in to the one left in: three at most.
        spread = (
            f"(select s.*, place * 256 + (e - 1) / {BUCKET} - back as spot from {sources} s cross join back"
            f" where (e - 1) / {BUCKET} - back >= (b - {LONGEST}) / {BUCKET})"
        )
        return (
            f"select {source} as source, v.holder as holder, sum(least(v.e, s.e) - greatest(v.b, s.b)) as secs,"
            f" max(least(v.e, s.e)) as last, min(greatest(v.b, s.b)) as first from {spread} s join by_place v"
            f" on v.spot = s.spot where v.b < s.e and v.e > s.b and v.holder <> s.holder group by {keys}"
            f" having sum(least(v.e, s.e) - greatest(v.b, s.b)) >= {least}"
        )

    def answer(self, sql):
        batch = next(b for b in self.run(sql) if b.num_rows)
        return [c[0].as_py() for c in batch.columns]

    def contacts(self, n):
        return self.close(f"in (select holder from cases where n < {n})")

    def cumulative(self, n):
        return self.close(f"in (select holder from cases where n < {n})", "0", "v.holder")

    def one(self, i):
        return self.close(f"= {self.cases[i]}")

    def close(self, those, *columns):
        sources = f"(select * from by_holder where holder {those})"
        return self.answer(f"select {SUMS} from ({self.join(sources, CLOSE, *columns)})")

    def hops(self, i):
        case = self.cases[i]
        self.keep("close", self.join(f"(select * from by_holder where holder = {case})", CLOSE))
        sources = (
            f"(select h.holder, place, greatest(h.b, c.first + {DELAY}) as b, h.e from by_holder h"
            f" join close c on h.holder = c.holder where h.e > c.first + {DELAY})"
        )
        key = "secs * 4294967296 + 4294967295 - source"
        best = (
            f"select holder, max({key}) as k, last_value(last order by {key}) as last from ({self.join(sources, SECONDARY)})"
            f" where holder <> {case} and holder not in (select holder from close) group by holder"
        )
        second = f"select holder, k / 4294967296 as secs, last, 4294967295 - k % 4294967296 as source from ({best})"
        both = f"select holder, secs, last, source from close union all {second}"
        made = self.answer(f"select {SUMS} from ({both})")
        self.db.deregister_table("close")
        return made


class Polars:
    """Sorted frames: the rows of few people and places are found by binary search, those of many by a join."""

    def __init__(self, folder, threads):
        import polars as pl

        if pl.thread_pool_size() != threads:
            raise SystemExit(f"polars has {pl.thread_pool_size()} threads, not {threads}")
        self.pl, self.version = pl, pl.__version__
        v = pl.from_arrow(visits(folder))
        self.cases = pl.from_arrow(cases(folder))["holder"]
        spot = (pl.col("place") * 256 + pl.col("b") // BUCKET).alias("spot")
        self.by_place = v.sort("place", "b").select("holder", "b", "e", spot)
        self.by_holder = v.sort("holder")

    def spread(self, sources):
        pl = self.pl
        first, end = (pl.col("b") - LONGEST) // BUCKET, (pl.col("e") - 1) // BUCKET + 1
        spread = sources.with_columns(bucket=pl.int_ranges(first, end, dtype=pl.Int32)).explode("bucket")
        return spread.select(
            pl.col("holder").alias("source"), pl.col("b").alias("sb"), pl.col("e").alias("se"),
            (pl.col("place") * 256 + pl.col("bucket")).alias("spot"),
        )

    def overlapping(self, joined):
        pl = self.pl
        return joined.filter((pl.col("b") < pl.col("se")) & (pl.col("e") > pl.col("sb")) & (pl.col("holder") != pl.col("source")))

    def shared(self, joined, least):
        pl = self.pl
        b, e = pl.max_horizontal("b", "sb"), pl.min_horizontal("e", "se")
        return (
            self.overlapping(joined).group_by("source", "holder")
            .agg((e - b).sum().alias("secs"), e.max().alias("last"), b.min().alias("first"))
            .filter(pl.col("secs") >= least)
        )

    def join(self, sources, least):
        """`sources` and what comes back are lazy."""
        return self.shared(self.by_spot(sources), least)

    def by_spot(self, sources):
        return self.by_place.lazy().join(self.spread(sources), on="spot")

    def of(self, holder):
        begin, end = (self.by_holder["holder"].search_sorted(holder, side) for side in ("left", "right"))
        return self.by_holder.slice(begin, end - begin)

    def near(self, source):
        """The few: each stay's stretch of the table, by binary search."""
        pl, spots = self.pl, self.by_place["spot"]
        parts = []
        for holder, place, b, e in source.iter_rows():
            begin = spots.search_sorted(place * 256 + (b - LONGEST) // BUCKET, "left")
            end = spots.search_sorted(place * 256 + (e - 1) // BUCKET, "right")
            stay = [pl.lit(n, pl.Int32).alias(name) for n, name in ((holder, "source"), (b, "sb"), (e, "se"))]
            parts.append(self.by_place.slice(begin, end - begin).with_columns(stay))
        return self.shared(pl.concat(parts).lazy(), CLOSE)

    def sums(self, contacts):
        pl = self.pl
        pairs = (pl.col("holder").cast(pl.UInt64) + 1) * (pl.col("source").cast(pl.UInt64) + 1)
        whole = [pl.col(n).cast(pl.Int64).sum() for n in ("secs", "last")]
        return contacts.select(pl.len().alias("n"), *whole, pairs.sum().alias("pairs")).collect().row(0)

    def one(self, i):
        return self.sums(self.near(self.of(self.cases[i])))

    def contacts(self, n):
        return self.sums(self.join(self.of_first(n), CLOSE))

    def cumulative(self, n):
        pl = self.pl
        end = pl.min_horizontal("e", "se")
        contacts = (
            self.overlapping(self.by_spot(self.of_first(n)))
            .select("holder", (end - pl.max_horizontal("b", "sb")).alias("secs"), end.alias("last"))
            .group_by("holder").agg(pl.col("secs").sum(), pl.col("last").max())
            .filter(pl.col("secs") >= CLOSE).with_columns(source=pl.lit(0))
        )
        return self.sums(contacts)

    def of_first(self, n):
        those = self.pl.DataFrame({"holder": self.cases.head(n)}).lazy()
        return self.by_holder.lazy().join(those, on="holder", how="semi")

    def hops(self, i):
        pl, case = self.pl, self.cases[i]
        close = self.near(self.of(case)).collect()
        those = close.lazy().select("holder", (pl.col("first") + DELAY).alias("since"))
        sources = (
            self.by_holder.lazy().join(those, on="holder").filter(pl.col("e") > pl.col("since"))
            .select("holder", "place", pl.max_horizontal("b", "since").alias("b"), "e")
        )
        key = (pl.col("secs").cast(pl.Int64) * 2**32 + (2**32 - 1 - pl.col("source").cast(pl.Int64))).alias("k")
        best = (
            self.join(sources, SECONDARY).filter(pl.col("holder") != case)
            .join(close.lazy().select("holder"), on="holder", how="anti")
            .with_columns(key).group_by("holder").agg(pl.col("k").max(), pl.col("last").get(pl.col("k").arg_max()))
        )
        named = [pl.col(n).cast(pl.Int64) for n in ("holder", "secs", "last", "source")]
        second = best.with_columns(secs=pl.col("k") // 2**32, source=2**32 - 1 - pl.col("k") % 2**32)
        return self.sums(pl.concat([close.lazy().select(named), second.select(named)]))


class SQLite:
    """Two tables that are their own index, a cache that holds both, and no more of a place read than needed."""

    def __init__(self, folder, _threads):
        import sqlite3

        self.version = sqlite3.sqlite_version
        self.db = sqlite3.connect(":memory:")
        run = self.db.execute
        run("pragma temp_store = memory")
        run("create table by_place (place int, b int, holder int, e int, primary key (place, b, holder)) without rowid")
        run("create table by_holder (holder int, b int, place int, e int, primary key (holder, b, place)) without rowid")
        v = visits(folder)
        for table, order in (("by_place", "place b holder e"), ("by_holder", "holder b place e")):
            keys = [(k, "ascending") for k in order.split()[:3]]
            for batch in v.sort_by(keys).select(order.split()).to_batches(max_chunksize=100_000):
                rows = zip(*(c.to_pylist() for c in batch.columns))
                self.db.executemany(f"insert into {table} values (?, ?, ?, ?)", rows)
        self.cases = cases(folder)["holder"].to_pylist()
        run("create temp table close (holder integer primary key, secs int, last int, first int)")
        run("analyze")

    def join(self, sources, least, what, source="s.holder", keys="s.holder, v.holder"):
        """The order of the cross join is the plan: from a source into its place, from where stays can still last."""
        return (
            f"select {source} as source, v.holder as holder, sum(min(v.e, s.e) - max(v.b, s.b)) as secs{what}"
            f" from {sources} s cross join by_place v where v.place = s.place and v.b < s.e and v.b > s.b - {LONGEST}"
            f" and v.e > s.b and v.holder <> s.holder group by {keys} having secs >= {least}"
        )

    def answer(self, contacts, values=()):
        # Sums beyond 64 bits would be an error here: the product is summed in halves.
        pair = "(holder + 1) * (source + 1)"
        row = self.db.execute(
            f"select count(*), sum(secs), sum(last), sum({pair} & 4294967295), sum({pair} >> 32) from ({contacts})", values
        ).fetchone()
        return (*row[:3], row[3] + (row[4] << 32)) if row[0] else (0, 0, 0, 0)

    def answer_of(self, source, contacts, values=()):
        """The same where all are of one source: the product is made once."""
        row = self.db.execute(f"select count(*), sum(secs), sum(last), sum(holder + 1) from ({contacts})", values).fetchone()
        return (*row[:3], row[3] * (source + 1)) if row[0] else (0, 0, 0, 0)

    LAST, FIRST = ", max(min(v.e, s.e)) as last", ", min(max(v.b, s.b)) as first"

    def contacts(self, n):
        # One case after another: many small groupings cost half of a large one.
        found = [self.one(i) for i in range(n)]
        return [sum(column) for column in zip(*found)]

    def cumulative(self, n):
        # One grouping of everything: adding to a table case by case took a third longer, pair by pair as long.
        self.db.execute("create temp table if not exists those (holder integer primary key)")
        self.db.execute("delete from those")
        self.db.executemany("insert into those values (?)", ((c,) for c in self.cases[:n]))
        sources = "(select s.* from those cross join by_holder s on s.holder = those.holder)"
        return self.answer_of(0, self.join(sources, CLOSE, self.LAST, "0", "v.holder"))

    def one(self, i):
        sources = "(select * from by_holder where holder = ?)"
        return self.answer_of(self.cases[i], self.join(sources, CLOSE, self.LAST), (self.cases[i],))

    def hops(self, i):
        case = self.cases[i]
        self.db.execute("delete from close")
        close = self.join(f"(select * from by_holder where holder = {case})", CLOSE, self.LAST + self.FIRST)
        self.db.execute(f"insert into close select holder, secs, last, first from ({close})")
        sources = (
            f"(select h.holder, h.place, max(h.b, c.first + {DELAY}) as b, h.e from close c"
            f" cross join by_holder h on h.holder = c.holder where h.e > c.first + {DELAY})"
        )
        # With max() the other columns are of the row that has it.
        best = (
            f"select holder, secs, last, source, max(secs << 32 | (4294967295 - source))"
            f" from ({self.join(sources, SECONDARY, self.LAST)}) where holder <> {case}"
            " and holder not in (select holder from close) group by holder"
        )
        close = f"select holder, secs, last, {case} as source from close"
        return self.answer(f"{close} union all select holder, secs, last, source from ({best})")


ENGINES = {"duckdb": DuckDB, "polars": Polars, "datafusion": DataFusion, "sqlite": SQLite}


def main():
    name, folder, threads = sys.argv[1:]
    os.environ["POLARS_MAX_THREADS"] = threads
    os.environ["TOKIO_WORKER_THREADS"] = threads
    engine, wall, cpu = timed(lambda: ENGINES[name](folder, int(threads)))
    say(version=engine.version, wall=wall, cpu=cpu)
    for line in sys.stdin:
        question, number = line.split()
        row, wall, cpu = timed(lambda: getattr(engine, question)(int(number)))
        contacts, secs, last, pairs = (int(n or 0) for n in row)
        say(contacts=contacts, secs=secs, last=last, pairs=pairs % 2**64, wall=wall, cpu=cpu)


main()
