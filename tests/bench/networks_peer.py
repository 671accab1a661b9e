"""Contracts a network with what can be imported of opt_einsum and cotengra, over PyTorch.

    networks_peer.py FILE DTYPE SEED THREADS

Prints a line "tool seconds norm" for each: the fastest run, once the order is found, and the norm
of the result. Operands are those that networks.cc draws.
"""
import gzip
import json
import signal
import sys
import time

import numpy
import torch


def draw_operands(network, dtype, seed):
    generator = numpy.random.RandomState(seed)._bit_generator
    parts = 2 if dtype.startswith("complex") else 1
    real = {"float64": numpy.float64, "complex64": numpy.float32}[dtype]
    operands = []
    for labels in network["inputs"]:
        extents = [network["sizes"][label] for label in labels]
        count = parts * int(numpy.prod(extents, dtype=numpy.int64))
        raw = numpy.atleast_1d(generator.random_raw(count)).astype(numpy.float64)
        values = (raw * 2.0**-31 - 1).astype(real)
        operands.append(torch.from_numpy(values.view(dtype).reshape(extents)))
    return operands


def is_affordable(tool, elements, flops):
    affordable = elements < 2**29 and flops < 1e11
    if not affordable:
        print(f"{tool}: {elements:g} elements, {flops:g} flops: not run", file=sys.stderr)
    return affordable


def contractions(inputs, output, sizes, operands):
    def name(label):
        return chr(0x4E00 + label)  # cotengra wants one character

    terms = [tuple(map(name, term)) for term in inputs]
    result = tuple(map(name, output))
    extents = {name(label): extent for label, extent in enumerate(sizes)}
    try:
        import cotengra

        tree = cotengra.AutoOptimizer().search(terms, result, extents)
        if is_affordable("cotengra", tree.max_size(), tree.total_flops()):
            yield "cotengra", lambda: tree.contract(operands)
    except ImportError:
        pass
    try:
        import opt_einsum

        equation = ",".join(map("".join, terms)) + "->" + "".join(result)
        shapes = [tuple(operand.shape) for operand in operands]
        path, info = opt_einsum.contract_path(equation, *shapes, shapes=True)
        if is_affordable("opt_einsum", info.largest_intermediate, info.opt_cost):
            expression = opt_einsum.contract_expression(equation, *shapes, optimize=path)
            yield "opt_einsum", lambda: expression(*operands, backend="torch")
    except ImportError:
        pass


def give_up(signal_number, frame):
    raise RuntimeError("takes too long")


def main():
    file, dtype, seed, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    signal.signal(signal.SIGALRM, give_up)
    with gzip.open(file) as stream:
        network = json.load(stream)
    operands = draw_operands(network, dtype, int(seed))
    for tool, contract in contractions(
        network["inputs"], network["output"], network["sizes"], operands
    ):
        try:
            signal.alarm(40)
            begin = time.perf_counter()
            result = contract()
            best = first = time.perf_counter() - begin
            while time.perf_counter() - begin < 3 and first < 10:
                start = time.perf_counter()
                result = contract()
                best = min(best, time.perf_counter() - start)
        except (RuntimeError, ValueError, MemoryError) as error:
            print(f"{tool}: {error}", file=sys.stderr)
            continue
        finally:
            signal.alarm(0)
        print(tool, best, float(torch.linalg.vector_norm(result.to(torch.complex128))), flush=True)


if __name__ == "__main__":
    main()
