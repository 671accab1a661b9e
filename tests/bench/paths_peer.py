"""Searches a network with what can be imported of opt_einsum and cotengra.

Prints a line "tool log10_flops log2_size seconds" for each, flops by the convention of einc path:
multiply-adds, the product of all extents of each pairwise step.
"""
import gzip
import json
import math
import sys
import time


def cost(inputs, output, sizes, ssa_path):
    terms = {i: frozenset(term) for i, term in enumerate(inputs)}
    holders = {}
    for term in list(terms.values()) + [frozenset(output)]:
        for label in term:
            holders[label] = holders.get(label, 0) + 1
    flops, size = 0, 0
    for step in ssa_path:
        step = list(step)
        while len(step) > 1:
            a, b = terms.pop(step[0]), terms.pop(step[1])
            union = a | b
            for label in a:
                holders[label] -= 1
            for label in b:
                holders[label] -= 1
            kept = frozenset(label for label in union if holders[label] > 0)
            for label in kept:
                holders[label] += 1
            flops += math.prod(sizes[label] for label in union)
            size = max(size, math.prod(sizes[label] for label in kept))
            node = max(list(terms) + step, default=0) + 1
            terms[node] = kept
            step = [node] + step[2:]
    return math.log10(flops) if flops else 0.0, math.log2(size) if size else 0.0


def linear_to_ssa(path, count):
    ids, ssa = list(range(count)), []
    for step in path:
        ssa.append([ids[i] for i in step])
        for i in sorted(step, reverse=True):
            del ids[i]
        ids.append(count + len(ssa) - 1)
    return ssa


def finders(inputs, output, sizes):
    try:
        import opt_einsum

        yield "opt_einsum-greedy", lambda: opt_einsum.paths.greedy(
            [set(term) for term in inputs], set(output), sizes
        )
    except ImportError:
        pass
    try:
        import cotengra

        yield "cotengra-greedy", lambda: cotengra.GreedyOptimizer()(inputs, output, sizes)
        yield "cotengra-auto", lambda: cotengra.AutoOptimizer()(inputs, output, sizes)
    except ImportError:
        pass


def name(label):
    return chr(0x4E00 + label)  # cotengra wants one character


def main():
    with gzip.open(sys.argv[1]) as file:
        network = json.load(file)
    inputs = [tuple(map(name, term)) for term in network["inputs"]]
    output = tuple(map(name, network["output"]))
    sizes = {name(label): extent for label, extent in enumerate(network["sizes"])}
    for tool, find in finders(inputs, output, sizes):
        begin = time.process_time()
        path = find()
        seconds = time.process_time() - begin
        flops, size = cost(inputs, output, sizes, linear_to_ssa(path, len(inputs)))
        print(tool, flops, size, seconds, flush=True)


if __name__ == "__main__":
    main()
