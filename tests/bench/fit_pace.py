#!/usr/bin/env python3
"""fit_pace.py SECONDS FILE...: searches for a MemoryPace (compiler/target.h) by which the cost model
chooses better schedules, from what schedule_bench --csv wrote on the machine.

Prints the best found, what the schedules chosen by it take beside the best ones (geometric mean), and
the cases in which it chooses worst. A choice that was not timed is not seen: run schedule_bench again
with the new numbers before they are believed.
"""

import csv
import math
import random
import sys
import time

NAMES = ["l1_bytes", "l2_bytes", "l3_bytes", "page", "far_page", "run", "not_overlapped", "in_time"]
START = [60, 23, 10, 9.1, 6, 100, 0.4, 0.85]  # wherever; in_time is kInTime of nest_cost.cc
SHORTEST = 15e-6  # seconds; what takes less is called more than it computes
FEATURES = ["instructions", "into_l1", "asked_into_l1", "into_l2", "into_l3", "pages", "far_pages",
            "runs"]


def read(files):
    cases = {}
    for file in files:
        with open(file, newline="") as rows:
            for row in csv.DictReader(rows):
                case = cases.setdefault((row["case"], row["dtype"]), [])
                case.append((float(row["seconds"]), [float(row[name]) for name in FEATURES]))
    return {name: nests for name, nests in cases.items()
            if len(nests) > 1 and min(nests)[0] >= SHORTEST}


def cycles(features, pace):
    """NestCost::cycles()."""
    instructions, into_l1, asked, into_l2, into_l3, pages, far_pages, runs = features
    l1, l2, l3, page, far_page, run, not_overlapped, in_time = pace
    computing = instructions + (into_l1 - in_time * asked) / l1
    waiting = max(into_l2 / l2, into_l3 / l3) + page * pages + run * runs
    return (max(computing, waiting) + not_overlapped * min(computing, waiting)
            + far_page * far_pages)


def regret(nests, pace, softness=0.0):
    """The log of what the choice takes beside the best; with a softness, of a choice by chance
    among those that cost nearly the same, so that a search sees where it goes."""
    costs = [math.log(cycles(features, pace)) for _, features in nests]
    best = math.log(min(nests)[0])
    if softness == 0:
        return math.log(nests[costs.index(min(costs))][0]) - best
    weights = [math.exp((min(costs) - cost) / softness) for cost in costs]
    lost = sum(w * (math.log(s) - best) for w, (s, _) in zip(weights, nests))
    return lost / sum(weights)


def mean(cases, pace, softness=0.0):
    return sum(regret(nests, pace, softness) for nests in cases.values()) / len(cases)


def search(cases, seconds, softness=0.03):
    pace, least = START, mean(cases, START, softness)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        changed = list(pace)
        for i in random.sample(range(len(pace)), random.randint(1, 3)):
            changed[i] *= math.exp(random.gauss(0, random.choice([0.1, 0.4, 1])))
        changed[-2:] = [min(share, 1) for share in changed[-2:]]
        loss = mean(cases, changed, softness)
        if loss < least:
            pace, least = changed, loss
    return pace


def main():
    cases = read(sys.argv[2:])
    if not cases:
        sys.exit("no case with several schedules of 15 us and more")
    for title, pace in ("start", START), ("best", search(cases, float(sys.argv[1]))):
        print(title, " ".join(f"{name} {value:.3g}" for name, value in zip(NAMES, pace)),
              f"chosen {math.exp(mean(cases, pace)):.4f}")
    worst = sorted(cases, key=lambda name: -regret(cases[name], pace))
    for name in worst[:10]:
        print(f"{math.exp(regret(cases[name], pace)):.2f}", *name)


if __name__ == "__main__":
    main()
