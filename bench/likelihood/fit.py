"""Fits and judges how likely two people met who were in one house: `[likelihood]` of a policy.

    fit.py DIR [--write FILE] [--set NAME=FILE:KIND ...]

DIR is ../shared/data beside the checkout. Prints the tables of bench/README.md and of docs/tracing.md; `--write` writes the
coefficients as they stand in a policy. `--set` judges by the finished model a house that it was not fitted on: lines of
"second person person", gzip or plain.

Nothing is tested on what it was fitted on: by day (the days in five parts, or one by one), and by house (all of a house).
"""

import argparse

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from sklearn.metrics import average_precision_score, precision_recall_curve

from overlaps import SETS, overlaps, read

RECALLS = (0.25, 0.50, 0.82)
# Which houses stand for a kind of place.
KINDS = {"leisure": ["museum"], "school": ["high school", "primary school"], "hospital": ["hospital"]}
# What it is fitted on when a house is left out: the other houses of its kind, or, where there is none, all other houses.
FEATURES = ("minutes", "arrival", "leaving", "people")
# More shared time never makes it less likely, nor does being further apart or among more people make it more likely.
SIGNS = {"minutes": (0, None), "arrival": (None, 0), "leaving": (None, 0), "people": (None, 0)}
SHRINK = 1e-4


def columns(o, hidden):
    names = [f for f in FEATURES if not (hidden and f == "leaving")]
    source = {"minutes": o.shared, "arrival": o.arrival, "leaving": o.leaving, "people": o.people}
    return np.stack([np.log1p(source[n]) for n in names], 1), names


def fit(houses, hidden):
    """One table of several houses, each of the same weight and with a constant of its own, so that what differs between
    houses (how much people mix there at all) is not taken for what differs between pairs. The table's constant is the one
    by which the house that fits worst is off least."""
    xs, names = zip(*(columns(o, hidden) for o in houses))
    names, n = names[0], len(houses)
    x, y = np.concatenate(xs), np.concatenate([o.met for o in houses]).astype(float)
    house = np.concatenate([np.full(len(o.met), i) for i, o in enumerate(houses)])
    w = np.concatenate([np.full(len(o.met), 1 / len(o.met) / n) for o in houses])

    def loss(b):
        z = b[house] + x @ b[n:]
        p = 1 / (1 + np.exp(-z))
        r = w * (p - y)
        value = (w * (np.logaddexp(0, z) - y * z)).sum() + SHRINK * (b[n:] ** 2).sum()
        return value, np.concatenate([np.bincount(house, r, n), x.T @ r + 2 * SHRINK * b[n:]])

    bounds = [(None, None)] * n + [SIGNS[f] for f in names]
    b = minimize(loss, np.zeros(n + len(names)), jac=True, bounds=bounds, method="L-BFGS-B").x
    slopes = [x[house == i] @ b[n:] for i in range(n)]

    def worst(constant):
        return max(abs((1 / (1 + np.exp(-constant - z))).mean() - o.met.mean()) for z, o in zip(slopes, houses))

    constant = b[0] if n == 1 else minimize_scalar(worst, bounds=(b[:n].min(), b[:n].max()), method="bounded").x
    table = {"constant": constant, **dict(zip(names, b[n:]))}
    return {k: round(float(v) * 1000) for k, v in table.items()}


def log_odds(table, o, hidden=False):
    x, names = columns(o, hidden)
    return (table["constant"] + x @ np.array([table[f] for f in names])) / 1000


def pairs(o, z):
    """Of each pair: one less the chance of having missed each other every time; minutes; did they meet?"""
    n = o.pair.max() + 1
    there = np.bincount(o.pair, minlength=n) > 0
    missed = np.bincount(o.pair, np.logaddexp(0, z), n)
    minutes, met = np.bincount(o.pair, o.shared, n), np.bincount(o.pair, o.met_ever, n) > 0
    return missed[there], minutes[there], met[there]


def calibration(z, met):
    """Mean distance, in points, between what was said and what was so, over ten parts of equally many."""
    p = 1 / (1 + np.exp(-z))
    parts = np.array_split(np.argsort(p, kind="stable"), 10)
    return 100 * sum(len(i) * abs(p[i].mean() - met[i].mean()) for i in parts) / len(p)


def at_recall(met, score):
    precision, recall, _ = precision_recall_curve(met, score)
    return [precision[recall >= r].max() for r in RECALLS]


def judged(o, z):
    """Out-of-sample scores of a house: judged by pairs within what was left out together."""
    missed, minutes, met = pairs(o, z)
    ap, base = average_precision_score(met, missed), average_precision_score(met, minutes)
    return ap, base, at_recall(met, missed), at_recall(met, minutes), calibration(z, o.met)


def folds(o):
    days = o.block.max() + 1
    return o.block % min(days, 5)


def by_day(houses, kind, hidden):
    """Each day judged by a table that was not fitted on it."""
    out = {}
    for name in KINDS[kind]:
        o = houses[name]
        part, z = folds(o), np.zeros(len(o.met))
        for f in np.unique(part):
            rest = [houses[n] if n != name else o.only(part != f) for n in KINDS[kind]]
            z[part == f] = log_odds(fit(rest, hidden), o.only(part == f), hidden)
        out[name] = judged(o, z)
    return out


def by_house(houses, kind, hidden):
    out = {}
    for name in KINDS[kind]:
        others = [n for n in KINDS[kind] if n != name] or [n for n in houses if n != name]
        z = log_odds(fit([houses[n] for n in others], hidden), houses[name], hidden)
        out[name] = (*judged(houses[name], z), others)
    return out


def intervals(houses, hidden, rounds=100, seed=7):
    """95 % by drawing days (where there are ten or more) or people again with replacement."""
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(rounds):
        again = []
        for o in houses:
            if o.block.max() >= 9:
                times = np.bincount(rng.integers(0, o.block.max() + 1, o.block.max() + 1), minlength=o.block.max() + 1)[o.block]
            else:
                n = o.b.max() + 1
                t = np.bincount(rng.integers(0, n, n), minlength=n)
                times = t[o.a] * t[o.b]
            again.append(o.only(np.repeat(np.arange(len(o.met)), times)))
        drawn.append(fit(again, hidden))
    return {k: [round(float(q)) for q in np.percentile([d[k] for d in drawn], [2.5, 97.5])] for k in drawn[0]}


def minutes_alone(houses):
    """Of minutes in all, for kinds of place of which nothing is known: all houses, each of the same weight."""
    x, y, w = [], [], []
    for o in houses.values():
        _, minutes, met = pairs(o, np.zeros(len(o.met)))
        x.append(np.log1p(minutes)), y.append(met), w.append(np.full(len(met), 1 / len(met)))
    x, y, w = map(np.concatenate, (x, y, w))

    def loss(b):
        z = b[0] + b[1] * x
        r = w * (1 / (1 + np.exp(-z)) - y)
        return (w * (np.logaddexp(0, z) - y * z)).sum(), np.array([r.sum(), (r * x).sum()])

    b = minimize(loss, np.zeros(2), jac=True, bounds=[(None, None), (0, None)], method="L-BFGS-B").x
    return {"constant": round(1000 * float(b[0])), "minutes": round(1000 * float(b[1]))}


HEAD = "| house | tested by | AP | minutes alone | times | precision at recall .25 / .50 / .82 | minutes alone | calibration, points |\n|---|---|--:|--:|--:|--:|--:|--:|"


def row(name, how, r):
    ap, base, pr, pr_base, error = r[:5]
    said = lambda values: " / ".join(f"{v:.2f}" for v in values)
    print(f"| {name} | {how} | {ap:.3f} | {base:.3f} | {ap / base:.2f} | {said(pr)} | {said(pr_base)} | {error:.1f} |", flush=True)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("folder"), args.add_argument("--write"), args.add_argument("--set", action="append", default=[])
    args = args.parse_args()
    text = ["# As bench/likelihood/fit.py writes it. Coefficients in thousandths, of the natural logarithm of one more than", "# minutes or people.", "[contact.likelihood]"]
    text.append('source = "SocioPatterns: Science Gallery, High School 2013, Primary School, Hospital Lyon. bench/likelihood/fit.py"')
    tables = {}
    for hidden in (False, True):
        print("\nNo end is known\n" if hidden else "\nBoth ends are known\n")
        print(HEAD)
        houses = {name: read(args.folder, name, hidden) for name in SETS}
        for kind in KINDS:
            for name, r in by_day(houses, kind, hidden).items():
                row(name, "day", r)
            for name, r in by_house(houses, kind, hidden).items():
                row(name, "house, by " + " and ".join(r[5]), r)
            of_kind = [houses[n] for n in KINDS[kind]]
            tables[kind, hidden] = fit(of_kind, hidden), intervals(of_kind, hidden)
        if not hidden:
            alone = minutes_alone(houses)
    print("\nMinutes alone:", alone)
    text.append(f"minutes_alone = {{ constant = {alone['constant']}, minutes = {alone['minutes']} }}\n")
    text.append("[contact.likelihood.places]")
    for (kind, hidden), (table, between) in tables.items():
        end = "arrival_known" if hidden else "both_known"
        print(kind, end, {k: (v, *between[k]) for k, v in table.items()})
        if hidden:
            continue
        text.append("# 95 %: " + ", ".join(f"{k} {a} to {b}" for k, (a, b) in between.items()))
        text.append(f"{kind} = {{ " + ", ".join(f"{k} = {v}" for k, v in table.items()) + " }")
    if args.write:
        with open(args.write, "w") as f:
            f.write("\n".join(text) + "\n")
    for given in args.set:
        name, rest = given.split("=", 1)
        path, kind = rest.rsplit(":", 1)
        o = overlaps(name, path, kind)
        if (kind, False) not in tables:
            print(f"{name}: there is no table for {kind}; minutes alone hold")
            continue
        print(HEAD)
        row(name, "the finished model", judged(o, log_odds(tables[kind, False][0], o)))


if __name__ == "__main__":
    main()
