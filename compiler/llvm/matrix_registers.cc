// Tiles in registers of matrices: up to two by two hold sums, and for each kMatrixSide terms two
// hold what differs along rows, two what differs along columns.

#include "compiler/llvm/matrix_registers.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/GlobalVariable.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/IntrinsicsX86.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/ModuleUtils.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

#include "compiler/llvm/control_flow.h"
#include "compiler/llvm/tile_emitter.h"
#include "compiler/loop_nest.h"
#include "compiler/target.h"
#include "einc/dtype.h"

namespace einc {
namespace {

constexpr size_t kRegisters = 8;
constexpr int64_t kMostAcross = 2;
constexpr int64_t kFirstOfRows = 4;
constexpr int64_t kFirstOfColumns = 6;

// What LDTILECFG loads.
struct Configuration {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  std::array<uint8_t, 14> reserved = {};
  std::array<uint16_t, kRegisters> row_bytes = {};
  std::array<uint16_t, 8> reserved_row_bytes = {};
  std::array<uint8_t, kRegisters> rows = {};
  std::array<uint8_t, 8> reserved_rows = {};
};
static_assert(sizeof(Configuration) == 64);

llvm::Constant* whole_registers(llvm::LLVMContext& context) {
  Configuration all;
  all.row_bytes.fill(kMatrixSide * kWordBytes);
  all.rows.fill(kMatrixSide);
  std::array<uint8_t, sizeof(Configuration)> bytes;
  std::memcpy(bytes.data(), &all, sizeof(all));
  return llvm::ConstantDataArray::get(context, bytes);
}

llvm::Value* number_of(llvm::IRBuilder<>& ir, int64_t which) {
  return ir.getInt8(static_cast<uint8_t>(which));
}

}  // namespace

void take_matrix_registers(llvm::IRBuilder<>& ir) {
  constexpr const char* kName = "matrix_registers";
  llvm::Module& module = *ir.GetInsertBlock()->getModule();
  llvm::GlobalVariable* configuration = module.getNamedGlobal(kName);
  if (configuration == nullptr) {
    llvm::Constant* const registers = whole_registers(module.getContext());
    configuration = new llvm::GlobalVariable(module, registers->getType(), true,
                                             llvm::GlobalValue::PrivateLinkage, registers, kName);
    configuration->setAlignment(llvm::Align(sizeof(Configuration)));
  }
  ir.CreateIntrinsic(llvm::Intrinsic::x86_ldtilecfg, {}, {configuration});
}

void leave_matrix_registers(llvm::IRBuilder<>& ir) {
  ir.CreateIntrinsic(llvm::Intrinsic::x86_tilerelease, {}, {});
}

// The module is linked with anything or nothing, so it makes the system call by itself.
void ask_for_matrix_registers(llvm::Module& module) {
  llvm::LLVMContext& context = module.getContext();
  auto* const type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), false);
  auto* const function = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage,
                                                "einc_ask_for_matrix_registers", module);
  function->addFnAttr(llvm::Attribute::NoUnwind);
  llvm::IRBuilder<> ir(llvm::BasicBlock::Create(context, "entry", function));
  llvm::Type* const word = ir.getInt64Ty();
  auto* const call = llvm::FunctionType::get(word, {word, word, word}, false);
  constexpr uint64_t kArchPrctl = 158;
  ir.CreateCall(
      llvm::InlineAsm::get(call, "syscall", "={rax},{rax},{rdi},{rsi},~{rcx},~{r11},~{memory}",
                           true),
      {ir.getInt64(kArchPrctl), ir.getInt64(kRequestPermission), ir.getInt64(kMatrixData)});
  ir.CreateRetVoid();
  llvm::appendToGlobalCtors(module, function, 0);
}

void TileEmitter::emit_matrices(const Shape& shape) {
  if (llvm::Value* const has_sum = scope_.has_sum[static_cast<size_t>(tile_.output)]) {
    branch(ir_, has_sum, [&] { load_sums(shape); }, [&] { set_to_zero(shape); });
  } else {
    set_to_zero(shape);
  }
  const int terms = tile_.reduce_axes[0];
  loop_over(range(terms).size, terms, kMatrixSide, scope_.pointers, {},
            [&](const Pointers& pointers, Numbers none) {
              multiply_matrices(pointers, shape);
              return none;
            });
  store_sums(shape);
}

void TileEmitter::set_to_zero(const Shape& shape) {
  for_each_sum(shape, [&](int64_t, int64_t, int64_t sum) {
    ir_.CreateIntrinsic(llvm::Intrinsic::x86_tilezero, {}, {number_of(ir_, sum)});
  });
}

void TileEmitter::load_sums(const Shape& shape) {
  llvm::Value* const stride = nest_.constant(stride_bytes(tile_.output, tile_.rows[0].axis));
  for_each_sum(shape, [&](int64_t row, int64_t column, int64_t sum) {
    ir_.CreateIntrinsic(llvm::Intrinsic::x86_tileloadd64, {},
                        {number_of(ir_, sum), sum_at(row, column), stride});
  });
}

void TileEmitter::store_sums(const Shape& shape) {
  llvm::Value* const stride = nest_.constant(stride_bytes(tile_.output, tile_.rows[0].axis));
  for_each_sum(shape, [&](int64_t row, int64_t column, int64_t sum) {
    ir_.CreateIntrinsic(llvm::Intrinsic::x86_tilestored64, {},
                        {number_of(ir_, sum), sum_at(row, column), stride});
  });
}

llvm::Value* TileEmitter::sum_at(int64_t row, int64_t column) {
  const int64_t down = stride_bytes(tile_.output, tile_.rows[0].axis);
  const int64_t across = stride_bytes(tile_.output, tile_.columns[0].axis);
  return numbers_.offset(scope_.pointers[static_cast<size_t>(tile_.output)],
                         kMatrixSide * (row * down + column * across));
}

void TileEmitter::multiply_matrices(const Pointers& pointers, const Shape& shape) {
  // A matrix of an input, whose rows lie so many bytes apart.
  const auto load = [&](int64_t which, int input, int64_t offset, int64_t stride) {
    llvm::Value* const start = pointers[static_cast<size_t>(input)];
    ir_.CreateIntrinsic(
        llvm::Intrinsic::x86_tileloadd64, {},
        {number_of(ir_, which), numbers_.offset(start, offset), nest_.constant(stride)});
  };
  const int q = tile_.inputs[0];
  const int p = tile_.inputs[1];
  const int64_t row_bytes = stride_bytes(q, tile_.rows[0].axis);
  const int64_t term_bytes = stride_bytes(p, tile_.reduce_axes[0]);
  const llvm::Intrinsic::ID instruction = product_of_matrices();
  for_each_sum(shape, [&](int64_t row, int64_t column, int64_t sum) {
    if (row == 0) load(kFirstOfColumns + column, p, column * kMatrixSide * kWordBytes, term_bytes);
    if (column == 0) load(kFirstOfRows + row, q, row * kMatrixSide * row_bytes, row_bytes);
    ir_.CreateIntrinsic(instruction, {},
                        {number_of(ir_, sum), number_of(ir_, kFirstOfRows + row),
                         number_of(ir_, kFirstOfColumns + column)});
  });
}

llvm::Intrinsic::ID TileEmitter::product_of_matrices() const {
  if (loops().compute == DType::kFloat32) return llvm::Intrinsic::x86_tdpbf16ps;
  if (is_signed(tile_.inputs[0]))
    return is_signed(tile_.inputs[1]) ? llvm::Intrinsic::x86_tdpbssd : llvm::Intrinsic::x86_tdpbsud;
  return is_signed(tile_.inputs[1]) ? llvm::Intrinsic::x86_tdpbusd : llvm::Intrinsic::x86_tdpbuud;
}

void TileEmitter::for_each_sum(
    const Shape& shape,
    const std::function<void(int64_t row, int64_t column, int64_t sum)>& visit) {
  for (int64_t row = 0; row < shape.row_count() / kMatrixSide; ++row)
    for (int64_t column = 0; column < shape.width() / kMatrixSide; ++column)
      visit(row, column, row * kMostAcross + column);
}

}  // namespace einc
