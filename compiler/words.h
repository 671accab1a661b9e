// Steps whose factors are numbers of few bits, several to a word of 32: instructions multiply all
// numbers of one word by those of another, and add up the products.
#pragma once

#include <cstdint>
#include <optional>

#include "compiler/plan.h"
#include "compiler/target.h"

namespace einc {

// How many terms of the step's sums a word holds, at most, where the target multiplies vectors of
// such words, or registers of matrices of them; 1 where it does not.
int64_t most_word_terms(const Contraction& step, const Target& target);
int64_t matrix_word_terms(const Contraction& step, const Target& target);

// The step with a summed dim last that is made up of whole words; the innermost such dim of k.
std::optional<Contraction> with_whole_words_last(Contraction step, int64_t terms);

}  // namespace einc
