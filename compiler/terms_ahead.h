// What tiles ask for while they sum, where processors do not see it coming.
#pragma once

#include "compiler/loop_nest.h"
#include "compiler/target.h"

namespace einc {

// Tiles that sum ask for the terms that they need so many terms later, as the target wants.
void ask_for_terms_ahead(LoopNest& nest, const Target& target);

}  // namespace einc
