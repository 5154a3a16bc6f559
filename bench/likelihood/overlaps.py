"""Stays and overlaps from badges that saw each other, as gates would have known them.

**Leave the pair out.** A stay is from somebody's first contact to the last before a pause of six hours. If it were taken
from all contacts it would tell the answer: two people whose first contact is each other would begin in the same second.
So for each pair both stays are taken from contacts with *others* only.
"""

import collections
import gzip
import os
import tarfile
from dataclasses import dataclass

import numpy as np

STEP = 20
PAUSE = 6 * 3600


@dataclass
class Overlaps:
    """One row is one stretch of time that two people shared in one house."""

    name: str
    kind: str
    pair: np.ndarray  # number of the pair
    block: np.ndarray  # number of the day
    a: np.ndarray
    b: np.ndarray
    shared: np.ndarray  # minutes
    arrival: np.ndarray  # minutes between the two arrivals
    leaving: np.ndarray  # minutes between the two leavings
    people: np.ndarray  # present, mean over the shared time, the two included
    union: np.ndarray  # shared time as a part of the time in which either was there
    met: np.ndarray  # face to face within this stretch
    met_ever: np.ndarray  # the pair, at any time

    def only(self, keep):
        fields = {k: v[keep] if isinstance(v, np.ndarray) else v for k, v in vars(self).items()}
        return Overlaps(**fields)


def museum(path):
    with tarfile.open(path) as tar:
        for member in tar:
            for line in tar.extractfile(member) if member.isfile() else ():
                at, a, b = line.split()[:3]
                # A badge is somebody else's every day.
                yield int(at), f"{member.name}/{a.decode()}", f"{member.name}/{b.decode()}"


def lines(path):
    opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path)
    with opened as f:
        for line in f:
            at, a, b = line.split()[:3]
            yield int(at), a, b


# name: (file, kind of place as Jadegate calls it, minutes assumed where no end is known)
SETS = {
    "museum": ("sciencegallery_infectious_contacts.tgz", "leisure", 60),
    "high school": ("HighSchool2013_proximity_net.csv.gz", "school", 480),
    "primary school": ("primaryschool.csv.gz", "school", 480),
    "hospital": ("hospital_lyon_contacts.dat.gz", "hospital", 480),
}


def contacts(path):
    return museum(path) if path.endswith(".tgz") else lines(path)


def sessions(seen):
    """Somebody's contacts [(at, partner)], in order, cut where six hours pass without one."""
    begin = 0
    for i in range(1, len(seen) + 1):
        if i == len(seen) or seen[i][0] - seen[i - 1][0] > PAUSE:
            yield seen[begin:i]
            begin = i


def ends(session):
    """First and last moment, with whom, and the same with anybody else."""
    first, last = session[0], session[-1]
    first_else = next((s for s in session if s[1] != first[1]), None)
    last_else = next((s for s in reversed(session) if s[1] != last[1]), None)
    return first, first_else, last, last_else


def overlaps(name, path, kind, assumed=None):
    """All overlaps of one house. `assumed`: every end is unknown and taken to be so many minutes after the arrival."""
    seen, met = collections.defaultdict(list), collections.defaultdict(list)
    numbers = {}
    for at, a, b in contacts(path):
        a, b = (numbers.setdefault(x, len(numbers)) for x in (a, b))
        seen[a].append((at, b)), seen[b].append((at, a))
        met[min(a, b), max(a, b)].append(at)
    rows = []
    for who, all_of in seen.items():
        all_of.sort()
        for s in sessions(all_of):
            (f, fp), fe, (l, lp), le = ends(s)
            rows.append((who, f - STEP, fp, fe[0] - STEP if fe else f, l, lp, le[0] if le else f, l))
    rows = np.array(rows, dtype=np.int64)
    who, f, fp, fe, l, lp, le, whole = rows.T
    order = np.argsort(f, kind="stable")
    who, f, fp, fe, l, lp, le = (x[order] for x in (who, f, fp, fe, l, lp, le))
    if assumed is not None:
        l = le = f + assumed * 60
    # How many are there: events of whole stays.
    at = np.concatenate([f, l])
    change = np.concatenate([np.ones_like(f), -np.ones_like(l)])
    by = np.argsort(at, kind="stable")
    at, count = at[by], np.cumsum(change[by])
    before = np.concatenate([[0], np.cumsum(count[:-1] * np.diff(at))])

    def until(moment):
        i = np.clip(np.searchsorted(at, moment, side="right") - 1, 0, None)
        return before[i] + count[i] * (moment - at[i])

    out = []
    for i in range(len(f)):
        j = np.arange(i + 1, np.searchsorted(f, l[i], side="left"))
        j = j[who[j] != who[i]]
        if len(j) == 0:
            continue
        # Without the pair's own contacts. Where nobody else was met nothing is known of them.
        af = np.where(fp[i] == who[j], fe[i], f[i])
        bf = np.where(fp[j] == who[i], fe[j], f[j])
        if assumed is not None:
            al, bl = af + assumed * 60, bf + assumed * 60
        else:
            al = np.where(lp[i] == who[j], le[i], l[i])
            bl = np.where(lp[j] == who[i], le[j], l[j])
        begin, end = np.maximum(af, bf), np.minimum(al, bl)
        ok = (begin < end) & (af < al) & (bf < bl)
        if ok.any():
            out.append(np.stack([np.full(ok.sum(), i), j[ok], af[ok], bf[ok], al[ok], bl[ok], begin[ok], end[ok]]))
    i, j, af, bf, al, bl, begin, end = np.concatenate(out, axis=1)
    people = (until(end) - until(begin)) / (end - begin)
    a, b = np.minimum(who[i], who[j]), np.maximum(who[i], who[j])
    keys, pair = np.unique(a * (len(numbers) + 1) + b, return_inverse=True)
    met_ever = np.array([(x, y) in met for x, y in zip(a, b)])
    inside = np.zeros(len(a), bool)
    low, high = np.minimum(f[i], f[j]), np.maximum(l[i], l[j])
    for n in np.flatnonzero(met_ever):
        times = met[a[n], b[n]]
        inside[n] = any(low[n] <= t <= high[n] + STEP for t in times)
    day = begin // 86400
    return Overlaps(
        name, kind, pair, np.unique(day, return_inverse=True)[1], a, b,
        (end - begin) / 60, np.abs(af - bf) / 60, np.abs(al - bl) / 60, people,
        (end - begin) / (np.maximum(al, bl) - np.minimum(af, bf)), inside, met_ever,
    )


def read(folder, name, hidden=False):
    file, kind, assumed = SETS[name]
    return overlaps(name, os.path.join(folder, "sociopatterns", file), kind, assumed if hidden else None)
