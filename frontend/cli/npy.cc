#include "frontend/cli/npy.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "einc/dtype.h"
#include "einc/error.h"
#include "einc/tensor.h"
#include "frontend/cli/files.h"

namespace einc {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "\x93NUMPY";

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

Error fail(const std::string& path, const std::string& reason, ErrorCode code = ErrorCode::kIo) {
  return {code, "'" + path + "': " + reason, std::nullopt, "npy"};
}

// What the header says; data follows it in the file.
struct Header {
  std::string descr;
  bool structured = false;  // descr lists fields: a good file, but nothing einc computes with
  std::optional<bool> fortran_order;
  std::optional<std::vector<int64_t>> shape;
};

// Reads the header's Python dictionary: string keys, and a string, bool or tuple of ints for each.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) : text_(text) {}

  // The reason it is no header, or nothing.
  std::optional<std::string> read(Header& header) {
    if (!take('{')) return "the header is no dictionary";
    while (!take('}')) {
      std::string key;
      if (!read_string(key) || !take(':')) return "the header is no dictionary of names";
      if (key == "descr" && header.descr.empty()) {
        header.structured = peek() == '[';
        if (header.structured) return "its dtype is no plain one but a structure";
        if (!read_string(header.descr) || header.descr.empty())
          return "descr is no name of a dtype";
      } else if (key == "fortran_order" && !header.fortran_order) {
        if (!read_bool(header.fortran_order.emplace()))
          return "fortran_order is neither True nor False";
      } else if (key == "shape" && !header.shape) {
        if (auto reason = read_shape(header.shape.emplace())) return reason;
      } else {
        return "the header has an unknown or repeated key '" + key + "'";
      }
      if (!take(',') && peek() != '}') return "the header lacks a ',' or '}'";
    }
    if (peek() != '\0') return "text follows the header's dictionary";
    if (header.descr.empty() || !header.fortran_order || !header.shape)
      return "the header lacks descr, fortran_order or shape";
    return std::nullopt;
  }

 private:
  char peek() {
    constexpr std::string_view kBlanks = " \t\n\r\f";
    while (position_ < text_.size() && kBlanks.find(text_[position_]) != kBlanks.npos) ++position_;
    return position_ < text_.size() ? text_[position_] : '\0';
  }
  bool take(char c) {
    if (peek() != c || position_ >= text_.size()) return false;
    ++position_;
    return true;
  }
  bool take_word(std::string_view word) {
    peek();
    if (text_.substr(position_, word.size()) != word) return false;
    position_ += word.size();
    return true;
  }
  bool read_string(std::string& value) {
    const char quote = peek();
    if (quote != '\'' && quote != '"') return false;
    const size_t end = text_.find(quote, position_ + 1);
    if (end == std::string_view::npos) return false;
    value = text_.substr(position_ + 1, end - position_ - 1);
    // Messages repeat names, and are one line.
    if (std::any_of(value.begin(), value.end(),
                    [](unsigned char c) { return c < ' ' || c == 0x7F; }))
      return false;
    position_ = end + 1;
    return true;
  }
  bool read_bool(bool& value) {
    value = take_word("True");
    return value || take_word("False");
  }
  // The reason it is no tuple of extents, or nothing.
  std::optional<std::string> read_shape(std::vector<int64_t>& extents) {
    constexpr const char* kNoTuple = "shape is no tuple of extents";
    if (!take('(')) return kNoTuple;
    bool comma = true;
    while (!take(')')) {
      int64_t extent = 0;
      peek();
      const char* const begin = text_.data() + position_;
      const auto [end, status] = std::from_chars(begin, text_.data() + text_.size(), extent);
      const std::string digits(begin, end);
      if (status == std::errc::result_out_of_range)
        return "shape has an extent " + digits + " beyond 64 bits";
      if (status != std::errc() || !comma) return kNoTuple;
      if (extent < 0) return "shape has a negative extent " + digits;
      position_ += digits.size();
      take('L');  // Python 2 wrote long integers so
      extents.push_back(extent);
      comma = take(',');
    }
    // "(3)" is a number to Python.
    if (extents.size() == 1 && !comma) return kNoTuple;
    return std::nullopt;
  }

  std::string_view text_;
  size_t position_ = 0;
};

// "<f4" and so on; '|', '=' and no sign at all leave the order to the machine.
struct ElementType {
  DType dtype;
  bool swap_bytes;
};

std::optional<ElementType> element_type(std::string_view descr) {
  const bool swapped = descr.starts_with('>');
  if (descr.find_first_of("<>|=") == 0) descr.remove_prefix(1);
  const auto dtype = dtype_from_npy(descr);
  if (!dtype) return std::nullopt;
  return ElementType{*dtype, swapped};
}

void swap_bytes(const Tensor& tensor) {
  const DTypeInfo& row = info(tensor.dtype());
  const int part = row.kind == Kind::kComplex ? row.bytes / 2 : row.bytes;
  char* const bytes = static_cast<char*>(tensor.data());
  for (int64_t i = 0; i < tensor.size() * row.bytes; i += part)
    std::reverse(bytes + i, bytes + i + part);
}

bool read_exactly(std::FILE* file, void* data, size_t bytes) {
  return bytes == 0 || std::fread(data, 1, bytes, file) == bytes;
}

// The header's text, once its length has been held against the file's size.
Result<std::string> read_header_text(std::FILE* file, const std::string& path,
                                     uintmax_t file_bytes) {
  unsigned char start[12] = {};
  if (!read_exactly(file, start, 8) || std::memcmp(start, kMagic.data(), kMagic.size()) != 0)
    return fail(path, "not a .npy file");
  const int version = start[6];
  if (version < 1 || version > 3 || start[7] != 0)
    return fail(path, ".npy version " + std::to_string(version) + "." + std::to_string(start[7]) +
                          " is not one of 1.0, 2.0, 3.0");
  const size_t length_bytes = version == 1 ? 2 : 4;
  if (!read_exactly(file, start + 8, length_bytes))
    return fail(path, "the file ends in its header");
  size_t length = 0;
  for (size_t i = length_bytes; i-- > 0;) length = length << 8 | start[8 + i];
  if (length > file_bytes) return fail(path, "the file ends in its header");
  std::string text(length, '\0');
  if (!read_exactly(file, text.data(), length)) return fail(path, "the file ends in its header");
  return text;
}

std::string npy_header(const TensorType& type) {
  const DTypeInfo& row = info(type.dtype);
  std::string text = "{'descr': '";
  text += row.bytes == 1 ? '|' : '<';
  text.append(row.npy).append("', 'fortran_order': False, 'shape': (");
  for (const int64_t extent : type.extents) text += std::to_string(extent) + ", ";
  if (type.extents.size() > 1) text.resize(text.size() - 2);
  if (type.extents.size() == 1) text.resize(text.size() - 1);
  text += "), }";
  // As NumPy does: 1.0, or 2.0 for a header whose length does not fit 16 bits; the data begin at a
  // multiple of 64 bytes.
  const size_t longest_start = kMagic.size() + 2 + 4;
  const size_t length_bytes = text.size() + longest_start + 64 > 0xFFFF ? 4 : 2;
  const size_t unpadded = kMagic.size() + 2 + length_bytes + text.size() + 1;
  text.append((64 - unpadded % 64) % 64, ' ').append("\n");
  std::string header(kMagic);
  header += {length_bytes == 2 ? '\x01' : '\x02', '\x00'};
  for (size_t i = 0; i < length_bytes; ++i)
    header += static_cast<char>(text.size() >> (8 * i) & 0xFF);
  return header + text;
}

bool write_elements(std::FILE* file, const TensorView& tensor, size_t dim, int64_t offset) {
  const auto& [dtype, extents, strides] = tensor.type;
  const int bytes = info(dtype).bytes;
  // A row that lies as the file wants it goes as one; millions of tiny calls would be slow.
  const bool row = dim + 1 == extents.size() && strides[dim] == 1;
  if (row || dim == extents.size()) {
    const auto count = static_cast<size_t>(row ? extents[dim] : 1);
    const char* const begin = static_cast<const char*>(tensor.data) + offset * bytes;
    return count == 0 || std::fwrite(begin, static_cast<size_t>(bytes), count, file) == count;
  }
  for (int64_t i = 0; i < extents[dim]; ++i)
    if (!write_elements(file, tensor, dim + 1, offset + i * strides[dim])) return false;
  return true;
}

}  // namespace

Result<NpyArray> read_npy(const std::string& path) {
  using std::filesystem::file_type;
  std::error_code status;
  const file_type kind = std::filesystem::status(path, status).type();
  if (kind == file_type::directory) return fail(path, "is a directory");
  // Before it is opened, for a pipe that nobody writes to would block that. What has no kind, as it
  // is missing or out of reach, fopen explains.
  if (kind != file_type::regular && kind != file_type::not_found && kind != file_type::none)
    return fail(path, "is no regular file");
  const File file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (file == nullptr) return fail(path, std::strerror(errno));
  const uintmax_t file_bytes = std::filesystem::file_size(path, status);
  if (status) return fail(path, status.message());
  const auto text = read_header_text(file.get(), path, file_bytes);
  if (!text) return text.error();
  Header header;
  if (const auto reason = HeaderReader(*text).read(header))
    return fail(path, *reason, header.structured ? ErrorCode::kUnsupported : ErrorCode::kIo);
  const auto element = element_type(header.descr);
  if (!element)
    return fail(path, "einc has no dtype '" + header.descr + "'", ErrorCode::kUnsupported);

  std::vector<int64_t> extents = *header.shape;
  if (*header.fortran_order) std::reverse(extents.begin(), extents.end());
  const TensorType stored = TensorType::row_major(element->dtype, extents);
  if (const auto valid = check_type(stored); !valid) return fail(path, valid.error().message);
  const auto data_bytes =
      static_cast<uintmax_t>(element_count(extents) * info(element->dtype).bytes);
  const uintmax_t rest = file_bytes - static_cast<uintmax_t>(std::ftell(file.get()));
  if (rest != data_bytes)
    return fail(path, "has " + std::to_string(rest) + " bytes of data, not the " +
                          std::to_string(data_bytes) + " of its shape");
  auto storage = Tensor::zeros(element->dtype, extents);
  if (!storage) return storage.error();
  if (!read_exactly(file.get(), storage->data(), static_cast<size_t>(data_bytes)))
    return fail(path, std::ferror(file.get()) ? std::strerror(errno) : "the file ends in its data");
  if (element->swap_bytes) swap_bytes(*storage);

  NpyArray array{*storage, storage->view()};
  if (*header.fortran_order) {
    std::reverse(array.view.type.extents.begin(), array.view.type.extents.end());
    std::reverse(array.view.type.strides.begin(), array.view.type.strides.end());
  }
  return array;
}

Result<void> write_npy(const std::string& path, const TensorView& tensor) {
  return write_files({{path, [&](std::FILE* file) {
                         const std::string header = npy_header(tensor.type);
                         return std::fwrite(header.data(), 1, header.size(), file) ==
                                    header.size() &&
                                write_elements(file, tensor, 0, 0);
                       }}});
}

}  // namespace einc
