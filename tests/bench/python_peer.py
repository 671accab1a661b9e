#!/usr/bin/env python3
"""Runs einsums in NumPy, PyTorch or JAX for einc_bench, which starts it: python_peer.py LIBRARY
THREADS.

Answers each line of JSON on standard input with one on standard output, after a first of its own:

  {"version": ...}                              is said first
  {"do": "prepare", "expression": ..., "dtype": ..., "inputs": [{"file", "extents"}...],
   "output": {"file", "extents"}}               {"can": whether this library can do the case}
  {"do": "run", "seconds": S}                   {"seconds": the fastest of the runs that S allow}
  {"do": "write"}                               {"can": true}, the result being in the output's file

Files are the bytes of row-major arrays. Of the spellings that a user of the library could choose,
all are tried for a moment, and the fastest is run. At the end of the input, removes the files'
folder.
"""

import json
import math
import os
import shutil
import sys
import time
import warnings

# Above so many points a loop without blocking takes minutes.
MOST_POINTS_OF_LOOPS = 2e9


class Case:
    """An einsum with operands as NumPy arrays."""

    def __init__(self, request, numpy):
        inputs, _, self.output = request["expression"].partition("->")
        self.expression = request["expression"]
        self.terms = inputs.split(",")
        self.dtype = request["dtype"]
        self.extents = {}
        for term, operand in zip(self.terms, request["inputs"]):
            self.extents.update(zip(term, operand["extents"]))
        self.operands = []
        for operand in request["inputs"]:
            array = numpy.empty(operand["extents"], self.dtype)
            array.reshape(-1)[...] = numpy.fromfile(operand["file"], self.dtype)
            self.operands.append(array)
        self.output_extents = request["output"]["extents"]
        self.points = math.prod(self.extents.values())
        self.labels = set("".join(self.terms))
        self.summed = self.labels - set(self.output)
        self.repeats = any(len(set(term)) < len(term) for term in self.terms + [self.output])

    def size(self, labels):
        return math.prod(self.extents[label] for label in labels)


def is_product(case):
    return len(case.terms) == 2 and not case.repeats


def permutation(case):
    return [case.terms[0].index(label) for label in case.output]


def kept_and_reduced(case):
    """For a reduction: its axes, and how the output's axes lie after it."""
    term = case.terms[0]
    axes = tuple(i for i, label in enumerate(term) if label in case.summed)
    kept = [label for label in term if label not in case.summed]
    return axes, [case.output.index(label) for label in kept]


def aligned(array, term, output):
    """The array with an axis for each of the output's labels, to be broadcast."""
    array = array.transpose([term.index(label) for label in output if label in term])
    return array[tuple(slice(None) if label in term else None for label in output)]


def matmul_spelling(case, np, out):
    """Sums of one operand first, then both as stacks of matrices."""
    a_term, b_term = case.terms
    a_only = tuple(i for i, x in enumerate(a_term) if x not in b_term and x in case.summed)
    b_only = tuple(i for i, x in enumerate(b_term) if x not in a_term and x in case.summed)
    a_rest = [x for x in a_term if x in b_term or x in case.output]
    b_rest = [x for x in b_term if x in a_term or x in case.output]
    batch = [x for x in case.output if x in a_term and x in b_term]
    m = [x for x in case.output if x not in b_term]
    n = [x for x in case.output if x not in a_term]
    k = [x for x in a_rest if x in b_term and x in case.summed]
    a_axes = [a_rest.index(x) for x in batch + m + k]
    b_axes = [b_rest.index(x) for x in batch + k + n]
    c_axes = [(batch + m + n).index(x) for x in case.output]
    stack = [case.size(batch)] if batch else []
    a_shape = stack + [case.size(m), case.size(k)]
    b_shape = stack + [case.size(k), case.size(n)]
    c_shape = [case.extents[x] for x in batch + m + n]
    in_place = c_axes == list(range(len(c_axes)))
    whole = out.reshape(stack + [case.size(m), case.size(n)]) if in_place else None

    def run():
        a, b = case.operands
        a = a.sum(a_only) if a_only else a
        b = b.sum(b_only) if b_only else b
        a = a.transpose(a_axes).reshape(a_shape)
        b = b.transpose(b_axes).reshape(b_shape)
        if in_place:
            np.matmul(a, b, out=whole)
        else:
            np.copyto(out, np.matmul(a, b).reshape(c_shape).transpose(c_axes))

    return run


class NumPy:
    def __init__(self, threads):
        import numpy

        self.np = numpy
        self.version = numpy.__version__

    def prepare(self, case):
        np = self.np
        self.out = out = np.empty(case.output_extents, case.dtype)
        spellings = []
        if is_product(case) and case.summed:
            spellings.append(matmul_spelling(case, np, out))
        if len(case.terms) == 1 and not case.repeats and case.summed:
            axes, order = kept_and_reduced(case)
            view = out.transpose(order)
            spellings.append(lambda: np.add.reduce(case.operands[0], axes, out=view, dtype=out.dtype))
        if len(case.terms) == 1 and not case.repeats and not case.summed:
            axes = permutation(case)
            spellings.append(lambda: np.copyto(out, case.operands[0].transpose(axes)))
        if is_product(case) and not case.summed:
            a, b = (aligned(x, term, case.output) for x, term in zip(case.operands, case.terms))
            spellings.append(lambda: np.multiply(a, b, out=out))
        if case.expression == "ii->i":
            spellings.append(lambda: np.copyto(out, case.operands[0].diagonal()))
        if case.expression == "ii->":
            spellings.append(lambda: case.operands[0].trace(out=out))
        if len(case.terms) > 1 and (not spellings or case.points < MOST_POINTS_OF_LOOPS):
            path = np.einsum_path(case.expression, *case.operands, optimize="greedy")[0]
            spellings.append(
                lambda: np.einsum(case.expression, *case.operands, out=out, optimize=path)
            )
        if case.points < MOST_POINTS_OF_LOOPS / 10:
            spellings.append(lambda: np.einsum(case.expression, *case.operands, out=out))
        return spellings

    def result(self):
        return self.out


class Torch:
    def __init__(self, threads):
        import torch

        self.torch = torch
        self.version = torch.__version__
        self.einsum_out = None
        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)

    def prepare(self, case):
        torch = self.torch
        operands = [self.tensor(operand) for operand in case.operands]
        self.out = out = torch.empty(case.output_extents, dtype=getattr(torch, case.dtype))
        spellings = []
        if case.expression in ("ij,jk->ik", "bij,bjk->bik", "ij,j->i"):
            spellings.append(lambda: torch.matmul(*operands, out=out))
        if case.expression == "i,i->":
            spellings.append(lambda: torch.dot(*operands, out=out))
        if len(case.terms) == 1 and not case.repeats and case.summed:
            axes, order = kept_and_reduced(case)
            view = out.permute(order)
            spellings.append(lambda: torch.sum(operands[0], axes, out=view))
        if len(case.terms) == 1 and not case.repeats and not case.summed:
            axes = permutation(case)
            spellings.append(lambda: out.copy_(operands[0].permute(axes)))
        if is_product(case) and not case.summed:
            arrays = (aligned(x, term, case.output) for x, term in zip(case.operands, case.terms))
            a, b = map(self.tensor, arrays)
            spellings.append(lambda: torch.mul(a, b, out=out))

        def einsum():  # contiguous: einsum may return a view with other strides, even of an operand
            self.einsum_out = torch.einsum(case.expression, *operands).contiguous()

        if case.expression == "ii->i":
            spellings.append(lambda: out.copy_(operands[0].diagonal()))
        elif len(case.terms) > 1 or case.summed:
            spellings.append(einsum)
        return spellings

    def tensor(self, array):
        if array.dtype != "bfloat16":
            return self.torch.from_numpy(array)
        return self.torch.from_numpy(array.view("uint16")).view(self.torch.bfloat16)

    def result(self):
        result = self.out if self.einsum_out is None else self.einsum_out
        if result.dtype == self.torch.bfloat16:
            result = result.view(self.torch.uint16)
        return result.numpy()


class Jax:
    def __init__(self, threads):
        if threads == 1:
            os.environ["XLA_FLAGS"] = (
                "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
            )
        os.environ["JAX_PLATFORMS"] = "cpu"
        import jax

        jax.config.update("jax_enable_x64", True)
        self.jax = jax
        self.version = jax.__version__

    def prepare(self, case):
        jax = self.jax
        operands = [jax.device_put(operand) for operand in case.operands]
        compiled = jax.jit(lambda *x: jax.numpy.einsum(case.expression, *x))

        def run():
            self.out = compiled(*operands).block_until_ready()

        run()  # compiles
        return [run]

    def result(self):
        return self.out


LIBRARIES = {"numpy": NumPy, "torch": Torch, "jax": Jax}


def best_seconds(run, seconds):
    """The fastest run; very short ones are timed in batches, as einc's are."""
    best, spent, repeats = math.inf, 0.0, 1
    while True:
        start = time.perf_counter()
        for _ in range(repeats):
            run()
        elapsed = time.perf_counter() - start
        best = min(best, elapsed / repeats)
        spent += elapsed
        if spent >= seconds:
            return best
        if elapsed < 20e-6:
            repeats += int(20e-6 / best)


def fastest(spellings):
    best, best_time = None, math.inf
    for run in spellings:
        elapsed = best_seconds(run, 0)
        if elapsed < 1:  # the first run may have been slow for its being the first
            elapsed = min(elapsed, best_seconds(run, 0.01))
        if elapsed < best_time:
            best, best_time = run, elapsed
        if elapsed > 5:
            break
    return best


def main():
    name, threads = sys.argv[1], int(sys.argv[2])
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer

    def say(answer):
        print(json.dumps(answer), file=answers, flush=True)

    try:
        library = LIBRARIES[name](threads)
        import numpy
    except ImportError:
        return
    try:
        import ml_dtypes  # bfloat16, for NumPy's arrays
    except ImportError:
        pass
    say({"version": library.version})
    run = file = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "prepare":
            run = case = None  # frees the last one's memory
            try:
                case = Case(request, numpy)
                file = request["output"]["file"]
                run = fastest(library.prepare(case))
            except TypeError:  # a dtype that it does not have
                pass
            except Exception as error:  # whatever a library says of what it cannot do
                print(f"{name}: {request['expression']}: {error}", file=sys.stderr)
            say({"can": run is not None})
        elif request["do"] == "run":
            say({"seconds": best_seconds(run, request["seconds"])})
        else:
            library.einsum_out = None
            run()
            numpy.ascontiguousarray(library.result()).tofile(file)
            say({"can": True})
    if file is not None:
        shutil.rmtree(os.path.dirname(file), ignore_errors=True)


if __name__ == "__main__":
    main()
