// The einsum-string calls of the libraries: what each takes beside an expression and its operands.
#pragma once

#include "einc/call.h"
#include "einc/error.h"
#include "einc/options.h"
#include "frontend/call_table.h"

namespace einc {

// numpy.einsum: equation or sublists, out, dtype, order, casting, optimize.
Result<CallResult> numpy_einsum(const Arguments& arguments, const Options& options);

// equation or sublists, in the dialect's grammar.
Result<CallResult> torch_einsum(const Arguments& arguments, const Options& options);
Result<CallResult> tf_einsum(const Arguments& arguments, const Options& options);
Result<CallResult> keras_einsum(const Arguments& arguments, const Options& options);

// opt_einsum: equation or sublists of any labels, optimize, memory_limit.
Result<CallResult> opt_einsum_contract(const Arguments& arguments, const Options& options);

// What `optimize` asks for, as Options::path says it; fails with the rule "path".
Result<std::string> path_of(const Arguments& arguments, const Value& optimize);

// Fails with the rule "memory-limit" unless it is None, -1, 'max_input' or 1 and more.
Result<void> check_memory_limit(const Arguments& arguments, const Value& limit);

}  // namespace einc
