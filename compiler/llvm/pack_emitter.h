#pragma once

#include <functional>

#include "compiler/llvm/nest_emitter.h"

namespace einc {

// Emits one Pack node.
struct PackEmitter {
  NestEmitter& nest;
  const NestEmitter::Scope& scope;
  const Pack& pack;

  // Emits the copy and says where the panels are.
  Panels emit();

 private:
  void emit_panel(llvm::Value* panel);
  void copy_contiguous(llvm::Value* panel, llvm::Value* target, int64_t active);
  void copy_elements(llvm::Value* panel, llvm::Value* target,
                     const std::function<llvm::Value*(llvm::Value* row)>& depths_done);
  void copy_transposed(llvm::Value* panel, llvm::Value* target);
  void copy_squares(llvm::Value* panel, llvm::Value* row, llvm::Value* target, int64_t square,
                    llvm::Value* whole);
  void copy_row(llvm::Value* row, llvm::Value* source, llvm::Value* target, llvm::Value* first);
  void zero_row(llvm::Value* row, llvm::Value* target);
  llvm::Value* row_source(llvm::Value* index);
  llvm::Value* depth_pointer(llvm::Value* pointer, llvm::Value* depth);

  size_t input() const { return static_cast<size_t>(pack.operand); }
  const Axis& panel_axis() const { return nest.axis(pack.panel_axis); }
  const Axis& depth_axis() const { return nest.axis(pack.depth_axis); }
  const Range& panel_range() const { return scope.ranges[static_cast<size_t>(pack.panel_axis)]; }
  const Range& depth_range() const { return scope.ranges[static_cast<size_t>(pack.depth_axis)]; }
  int64_t part_bytes() const { return nest.numbers_.part_bytes(); }
  // Bytes of one depth position of a panel, and from its real to its imaginary parts.
  int64_t depth_bytes() const { return pack.width * packed_bytes(nest.nest_); }
  int64_t im_offset() const { return pack.width * part_bytes(); }
};

}  // namespace einc
