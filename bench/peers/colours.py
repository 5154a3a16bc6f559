"""Everybody's colour as one UPDATE in DuckDB.

    colours.py FOLDER PEOPLE FORMS RUNS

FOLDER holds `rows.csv` and `regions.csv`; FORMS is a JSON list of pairs: what is done before each run and not timed, and
the UPDATE, both the same as PostgreSQL's. One line of JSON: version, and for each form seconds by clock and of CPU of each
run, and people per colour.
"""

import json
import os
import sys

from measure import say, timed


def main():
    import duckdb

    folder, people, forms, runs = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3]), int(sys.argv[4])
    run = duckdb.connect().execute
    run("set threads = 2")
    columns = "{'person': 'integer', 'what': 'tinyint', 'day': 'integer', 'county': 'smallint', 'moment': 'integer', 'about': 'integer'}"
    run(f"create table ev as select * from read_csv('{os.path.join(folder, 'rows.csv')}', header = false, columns = {columns})")
    columns = "{'county': 'smallint', 'high': 'boolean', 'since': 'integer', 'until': 'integer'}"
    run(f"create table regions as select * from read_csv('{os.path.join(folder, 'regions.csv')}', header = false, columns = {columns})")
    run("set threads = 1")
    answers = []
    for before, statement in forms:
        walls, cpus = [], []
        for i in range(runs + 1):
            # A new table each time: an old one would keep the versions of earlier runs.
            run(f"create or replace table people as select i::integer as person, 0::tinyint as colour from range({people}) t(i)")
            run(before)
            _, wall, cpu = timed(lambda: run(statement).fetchall())
            if i:  # The first only warms up.
                walls.append(wall)
                cpus.append(cpu)
        counts = dict(run("select colour, count(*) from people group by colour").fetchall())
        answers.append({"walls": walls, "cpus": cpus, "counts": [counts.get(c, 0) for c in range(3)]})
    say(version=duckdb.__version__, forms=answers)


main()
