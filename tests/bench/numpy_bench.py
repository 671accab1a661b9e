#!/usr/bin/env python3
"""Times memory-bound einsums in NumPy and in einc's bench, alternating, best of all rounds.

usage: numpy_bench.py EINC_BENCH [jit|highway|auto] [ROUNDS]
Prints for each case milliseconds of both and how many times as fast einc is. NumPy writes into an
existing array, as einc does, by the faster of numpy.einsum and the ufunc or copy that a NumPy user
would write instead. Needs NumPy.
"""

import re
import subprocess
import sys
import time

import numpy as np


def best_milliseconds(run, seconds=0.4):
    best, stop = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < stop:
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best * 1e3


def cases():
    matrix = np.random.rand(4096, 4096).astype("float32")
    tensor = matrix.reshape(64, 64, 64, 64)
    vector, square, cube = np.empty(4096, "float32"), np.empty_like(matrix), np.empty_like(tensor)
    return {
        "ij->ji": (matrix, square, lambda: np.copyto(square, matrix.T)),
        "abcd->dcba": (tensor, cube, lambda: np.copyto(cube, tensor.T)),
        "ij->i": (matrix, vector, lambda: np.add.reduce(matrix, 1, out=vector)),
        "ij->j": (matrix, vector, lambda: np.add.reduce(matrix, 0, out=vector)),
    }


def einc_milliseconds(bench, tier, expression):
    command = [bench, "--tier", tier, "memory/" + expression]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(re.search(rf"memory/{re.escape(expression)} +([\d.]+) ms", output).group(1))


def main():
    bench = sys.argv[1]
    tier = sys.argv[2] if len(sys.argv) > 2 else "auto"
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    print(f"{'case':12} {'NumPy':>10} {'einc':>10}   tier {tier}, NumPy {np.__version__}")
    for expression, (operand, out, call) in cases().items():
        numpy_best, einc_best = float("inf"), float("inf")
        for _ in range(rounds):
            numpy_best = min(
                numpy_best,
                best_milliseconds(call),
                best_milliseconds(lambda: np.einsum(expression, operand, out=out)),
            )
            einc_best = min(einc_best, einc_milliseconds(bench, tier, expression))
        print(
            f"{expression:12} {numpy_best:7.2f} ms {einc_best:7.2f} ms"
            f"   {numpy_best / einc_best:5.2f} x"
        )


if __name__ == "__main__":
    main()
