"""A second opinion on `--only people`: the same counts by nested loops over all pairs, without Jadegate.

    people.py DIR      DIR is ../shared/data beside the checkout

One JSON line for each row: set, least minutes, pairs flagged, pairs flagged that really met, pairs that met.
"""

import collections
import csv
import gzip
import itertools
import json
import os
import sys
import tarfile


def museum(folder):
    with tarfile.open(os.path.join(folder, "sociopatterns", "sciencegallery_infectious_contacts.tgz")) as tar:
        for member in tar:
            for line in tar.extractfile(member) if member.isfile() else ():
                at, a, b = line.split()
                yield int(at), (member.name, a), (member.name, b)


def lines(name):
    def read(folder):
        with gzip.open(os.path.join(folder, "sociopatterns", name), "rt") as f:
            for line in f:
                at, a, b = line.split()[:3]
                yield int(at), a, b

    return read


SETS = {
    "museum": museum,
    "high school": lines("HighSchool2013_proximity_net.csv.gz"),
    "hospital": lines("hospital_lyon_contacts.dat.gz"),
    "primary school": lines("primaryschool.csv.gz"),
}


def people(name, contacts):
    """Who met: stays are from the first contact to the last before a pause of six hours."""
    met, seen = collections.Counter(), collections.defaultdict(set)
    for at, a, b in contacts:
        met[frozenset((a, b))] += 1
        seen[a].add(at), seen[b].add(at)
    stays = {}
    for who, times in seen.items():
        times = sorted(times)
        cuts = [i for i in range(1, len(times)) if times[i] - times[i - 1] > 6 * 3600]
        edges = [0, *cuts, len(times)]
        stays[who] = [(times[i] - 20, times[j - 1]) for i, j in zip(edges, edges[1:])]
    days = collections.defaultdict(list)
    for who in stays:
        days[who[0] if name == "museum" else 0].append(who)
    shared = {}
    for group in days.values():
        for a, b in itertools.combinations(group, 2):
            secs = sum(max(0, min(x[1], y[1]) - max(x[0], y[0])) for x in stays[a] for y in stays[b])
            if secs:
                shared[frozenset((a, b))] = secs
    for least in (0, 5, 15, 30):
        flagged = [pair for pair, secs in shared.items() if secs >= least * 60]
        right = sum(pair in met for pair in flagged)
        print(json.dumps({"set": name, "how": "", "least": least, "flagged": len(flagged), "right": right, "met": len(met)}))


def korea(folder, name, without):
    route = collections.defaultdict(set)
    with gzip.open(os.path.join(folder, "korea_patient_route.csv.gz"), "rt") as f:
        for r in csv.DictReader(f):
            if r["type"] != without:
                route[r["patient_id"]].add((r["latitude"], r["longitude"], r["date"]))
    with gzip.open(os.path.join(folder, "korea_patient_info.csv.gz"), "rt") as f:
        edges = {(i, r["patient_id"]) for r in csv.DictReader(f) for i in (r["infected_by"] or "").split()}
    # Two are written down as having infected themselves.
    edges = {(a, b) for a, b in edges if a != b}
    known = {(a, b) for a, b in edges if a in route and b in route}
    infectors = {a for a, _ in edges}
    pairs = [(a, b) for a in route for b in route if a < b and route[a] & route[b]]
    flagged = [p for a, b in pairs for p in ((a, b), (b, a)) if p[0] in infectors]
    either = {frozenset(edge) for edge in known}
    rows = {
        "same place and day, whom a known infector met": (len(flagged), sum(p in known for p in flagged), len(known)),
        "same place and day, any two patients": (len(pairs), sum(frozenset(p) in either for p in pairs), len(either)),
    }
    for how, (flagged, right, met) in rows.items():
        print(json.dumps({"set": name, "how": how, "least": 0, "flagged": flagged, "right": right, "met": met}))


def main():
    for name, read in SETS.items():
        people(name, read(sys.argv[1]))
    korea(sys.argv[1], "Korea", None)
    korea(sys.argv[1], "Korea without hospitals", "hospital")


main()
