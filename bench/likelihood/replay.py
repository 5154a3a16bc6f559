"""Which measure helps: outbreaks on contacts that really took place, and what tracing does to them.

    replay.py DIR [--runs 200] [--seed 1]

DIR is ../shared/data beside the checkout. An outbreak begins with one person infected on the first day and follows the badges' contacts,
repeated until it is over or 60 days have passed. Who is infected is infectious after a day and an exponential time of mean two, for an
exponential time of mean five days (latent three and infectious five days, as found for the first variants); a contact of 20 seconds infects with a chance by which somebody among people who
were never infected would infect three in five days, were it always somebody new. Two thirds fall ill, a day after they became infectious, are tested a day later and stay away for ten days.

Then, under a measure, their contacts of the two days before stay away too, for ten days: whoever shared 15 minutes in the house with them (*minutes*); the likeliest of
these, as many as hold four fifths of all who are expected to have met (*likelihood*: whoever is below is left); or the same, released after a negative test on the
fifth day, if they are not infected (*and released by test*). Interviews are not counted: nobody says whom they met.

The likelihood of a house is by a table that was fitted on other houses, so nothing is judged on what it was fitted on. Intervals: 95 %, by drawing runs again with replacement.
"""

import argparse
import os

import numpy as np

from fit import KINDS, fit, log_odds
from overlaps import SETS, contacts, read

PERIOD = 86400
DAYS = 60
AWAY = 10
REPRODUCTION = 3.0
HOUSES = ("high school", "primary school")


class House:
    """Of each day: who met whom for how many steps, and who shared the house with whom how."""

    def __init__(self, folder, name, houses):
        o = houses[name]
        others = [houses[n] for kind in KINDS.values() if name in kind for n in kind if n != name]
        others = others or [h for n, h in houses.items() if n != name]
        z = log_odds(fit(others, False), o)
        numbers, met = {}, {}
        first = None
        for at, a, b in contacts(os.path.join(folder, "sociopatterns", SETS[name][0])):
            a, b = (numbers.setdefault(x, len(numbers)) for x in (a, b))
            first = at if first is None else first
            day = at // PERIOD
            met.setdefault(day, {})
            key = (min(a, b), max(a, b))
            met[day][key] = met[day].get(key, 0) + 1
        self.people = len(numbers)
        days = sorted(met)
        self.days = []
        for i, day in enumerate(days):
            pairs = np.array(list(met[day].keys()))
            steps = np.array(list(met[day].values()), float)
            of_day = o.block == i
            enough = of_day & (o.shared >= 15)
            self.days.append((pairs, steps, o.a[enough], o.b[enough], z[enough]))

    def chance(self):
        """Of one step, so that a person among people who were never infected infects so many on average in five days."""
        low, high = 0.0, 1.0
        for _ in range(50):
            middle = (low + high) / 2
            expected = np.mean([2 * (1 - (1 - middle) ** s).sum() / self.people for _, s, *_ in self.days]) * 5
            low, high = (middle, high) if expected < REPRODUCTION else (low, middle)
        return low

    def run(self, chance, measure, rng):
        n = self.people
        exposed = np.full(n, np.inf)
        infectious, recovers, ill = exposed.copy(), exposed.copy(), exposed.copy()
        away = np.zeros(n)
        confined = np.zeros(n, int)

        def infect(who, day):
            exposed[who] = day
            infectious[who] = day + 1 + rng.exponential(2.0)
            recovers[who] = infectious[who] + rng.exponential(5.0)
            ill[who] = infectious[who] + 1 if rng.random() < 2 / 3 else np.inf

        start = rng.integers(n)
        infect(start, 0)
        tested = np.zeros(n, bool)
        released = {}
        for day in range(1, DAYS):
            # Free again after a negative test.
            for who in released.pop(day, ()):
                if not np.isfinite(exposed[who]):
                    away[who] = min(away[who], day)
            for case in np.flatnonzero((ill + 1 <= day) & ~tested):
                tested[case] = True
                away[case] = max(away[case], day + AWAY)
                if measure == "none":
                    continue
                near = {}
                for back in (1, 2):
                    _, _, a, b, z = self.days[(day - back) % len(self.days)]
                    mine = (a == case) | (b == case)
                    for who, odds in zip(np.where(a[mine] == case, b[mine], a[mine]), z[mine]):
                        near[who] = near.get(who, 0.0) + np.logaddexp(0, odds)
                whom = sorted(near, key=near.get, reverse=True)
                if measure != "minutes" and whom:
                    met = np.cumsum([1 - np.exp(-near[w]) for w in whom])
                    whom = whom[: int(np.searchsorted(met, 0.8 * met[-1])) + 1]
                for who in whom:
                    if away[who] <= day:
                        away[who] = day + AWAY
                        if measure == "released":
                            released.setdefault(day + 5, []).append(who)
            confined += (away > day) & ~tested
            pairs, steps, *_ = self.days[day % len(self.days)]
            here = (away[pairs] <= day).all(1)
            pairs, steps = pairs[here], steps[here]
            gives = (infectious[pairs] <= day) & (recovers[pairs] > day)
            for own, other in ((0, 1), (1, 0)):
                at = gives[:, own] & ~np.isfinite(exposed[pairs[:, other]])
                hit = at.nonzero()[0][rng.random(at.sum()) < 1 - (1 - chance) ** steps[at]]
                for who in pairs[hit, other]:
                    if not np.isfinite(exposed[who]):
                        infect(who, day)
            if not (np.isfinite(exposed) & (recovers > day)).any():
                break
        # Days away of people who were never tested positive: what the measure costs.
        return np.isfinite(exposed).sum(), confined.sum()


def interval(values, rng):
    means = [rng.choice(values, len(values)).mean() for _ in range(500)]
    return np.mean(values), *np.percentile(means, [2.5, 97.5])


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("folder"), args.add_argument("--runs", type=int, default=200), args.add_argument("--seed", type=int, default=1)
    args = args.parse_args()
    houses = {name: read(args.folder, name) for name in SETS}
    print("| house | measure | infected | days in quarantine of people who were no case | ... for each infection prevented |")
    print("|---|---|--:|--:|--:|")
    for name in HOUSES:
        house = House(args.folder, name, houses)
        chance = house.chance()
        before = None
        for measure, said in (("none", "cases stay away"), ("minutes", "and all who shared 15 minutes"), ("likelihood", "and the likeliest of them"), ("released", "the same, released by test")):
            rng = np.random.default_rng(args.seed)
            runs = np.array([house.run(chance, measure, rng) for _ in range(args.runs)], float)
            size, days = (interval(runs[:, i], rng) for i in (0, 1))
            before = size[0] if before is None else before
            prevented = before - size[0]
            each = f"{days[0] / prevented:.0f}" if measure != "none" else "–"
            show = lambda v: f"{v[0]:.1f} ({v[1]:.1f} to {v[2]:.1f})"
            print(f"| {name} ({house.people} people) | {said} | {show(size)} | {show(days)} | {each} |", flush=True)


if __name__ == "__main__":
    main()
