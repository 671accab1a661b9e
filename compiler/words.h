// Steps whose factors are numbers of few bits, several to a word of 32: instructions multiply all
// numbers of one word by those of another, and add up the products.
#pragma once

#include <cstdint>

#include "compiler/loop_nest.h"
#include "compiler/plan.h"
#include "compiler/target.h"

namespace einc {

// How many terms of the step's sums a word holds, at most, where the target multiplies vectors of
// such words, or registers of matrices of them; 1 where it does not.
int64_t most_word_terms(const Contraction& step, const Target& target);
int64_t matrix_word_terms(const Contraction& step, const Target& target);

// Whether a summed dim that both factors have is made up of whole words of so many terms.
bool has_whole_words(const Contraction& step, int64_t terms);

// As many terms of a vector's words as the target multiplies, and the step has whole words of; 1 if
// there are none.
int64_t word_terms(const Contraction& step, const Target& target);
int64_t word_terms(const MapReduce& step, const Target& target);

// The step with the innermost such dim last.
Contraction with_whole_words_last(Contraction step, int64_t terms);
MapReduce with_whole_words_last(MapReduce step, int64_t terms);

// Makes words of so many positions of a summed axis. An input that has them side by side is made of
// words.
void add_words(LoopNest& nest, int axis, int64_t terms);

}  // namespace einc
