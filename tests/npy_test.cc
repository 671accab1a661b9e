#include "frontend/cli/npy.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace einc {
namespace {

namespace fs = std::filesystem;

class Npy : public testing::Test {
 protected:
  Npy() { fs::create_directories(folder_); }
  ~Npy() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ / name; }
  std::string file_of(const std::string& bytes) const {
    std::ofstream(path("x.npy"), std::ios::binary) << bytes;
    return path("x.npy");
  }
  // The message after the path, or "ok".
  std::string outcome(const std::string& bytes) const {
    const auto array = read_npy(file_of(bytes));
    if (array) return "ok";
    EXPECT_EQ(array.error().message.find("'" + path("x.npy") + "': "), 0U);
    return array.error().message.substr(path("x.npy").size() + 4);
  }

 private:
  fs::path folder_ = fs::temp_directory_path() / ("einc_npy_test_" + std::to_string(getpid()));
};

// As numpy.save writes it, the padding to 64 bytes apart.
std::string npy(const std::string& dictionary, const std::string& data, char version = 1) {
  std::string bytes = std::string("\x93NUMPY") + version + std::string(1, '\0');
  bytes += static_cast<char>(dictionary.size());
  bytes += std::string(version == 1 ? 1 : 3, '\0');
  return bytes + dictionary + data;
}

TEST_F(Npy, RoundTripsEveryDtypeAndRank){
#define EINC_ROW(id, storage_type, kind, name, npy_name, dlpack, compute)                  \
  for (const std::vector<int64_t>& extents :                                               \
       std::vector<std::vector<int64_t>>{{}, {3}, {0}, {2, 3}, {2, 3, 4}, {2, 1, 2, 3}}) { \
    const auto tensor = *Tensor::zeros(DType::id, extents);                                \
    auto* const bytes = static_cast<unsigned char*>(tensor.data());                        \
    for (int64_t i = 0; i < tensor.size() * info(DType::id).bytes; ++i)                    \
      bytes[i] = static_cast<unsigned char>(i % (DType::id == DType::kBool ? 2 : 50));     \
    ASSERT_TRUE(write_npy(path("a.npy"), tensor));                                         \
    const auto read = read_npy(path("a.npy"));                                             \
    ASSERT_TRUE(read) << read.error().message;                                             \
    EXPECT_EQ(read->view.type, tensor.type());                                             \
    EXPECT_EQ(elements_to_string(read->view), elements_to_string(tensor));                 \
  }
    EINC_FOR_EACH_DTYPE(EINC_ROW)
#undef EINC_ROW
}

TEST_F(Npy, WritesCOrderFromAnyStrides) {
  const auto tensor = Tensor::of<int16_t>({2, 3}, {1, 2, 3, 4, 5, 6});
  auto* const last = tensor.elements<int16_t>().data() + 5;
  ASSERT_TRUE(write_npy(path("t.npy"), {tensor.data(), {DType::kInt16, {3, 2}, {1, 3}}}));
  EXPECT_EQ(elements_to_string(read_npy(path("t.npy"))->view), "[[1, 4], [2, 5], [3, 6]]");
  ASSERT_TRUE(write_npy(path("r.npy"), {last, {DType::kInt16, {2, 3}, {-3, -1}}}));
  EXPECT_EQ(elements_to_string(read_npy(path("r.npy"))->view), "[[6, 5, 4], [3, 2, 1]]");
  ASSERT_TRUE(write_npy(path("b.npy"), {tensor.data(), {DType::kInt16, {2, 2}, {0, 1}}}));
  EXPECT_EQ(elements_to_string(read_npy(path("b.npy"))->view), "[[1, 2], [1, 2]]");
}

TEST_F(Npy, WritesTheBytesThatNumPyWrites) {
  // numpy.save of numpy.array([1, 2], numpy.int16)
  ASSERT_TRUE(write_npy(path("a.npy"), Tensor::of<int16_t>({2}, {1, 2})));
  std::ifstream stream(path("a.npy"), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(stream), {});
  std::string header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }";
  header.append(117 - header.size(), ' ').append("\n");
  EXPECT_EQ(bytes,
            std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + std::string("\1\0\2\0", 4));
}

TEST_F(Npy, ReadsWhatOthersWrite) {
  const std::string data("\1\0\2\0\3\0\4\0\5\0\6\0", 12);
  const auto elements = [&](const std::string& bytes) {
    const auto array = read_npy(file_of(bytes));
    return array ? elements_to_string(array->view) : array.error().message;
  };
  EXPECT_EQ(elements(npy("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }\n", data)),
            "[[1, 3, 5], [2, 4, 6]]");
  EXPECT_EQ(elements(npy("{\"shape\":(3,2),\"fortran_order\":False,\"descr\":\"=i2\"}", data, 2)),
            "[[1, 2], [3, 4], [5, 6]]");
  EXPECT_EQ(elements(npy("{'descr': '>i2', 'fortran_order': False, 'shape': (6L,), }", data, 3)),
            "[256, 512, 768, 1024, 1280, 1536]");
  EXPECT_EQ(elements(npy("{'descr': 'i2', \f'fortran_order':False, 'shape': (1,6), }", data)),
            "[[1, 2, 3, 4, 5, 6]]");
  EXPECT_EQ(elements(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (), }", "\x01")),
            "true");
  EXPECT_EQ(elements(npy("{'descr': '>c8', 'fortran_order': False, 'shape': (1,), }",
                         std::string("\x3f\x80\x00\x00\x40\x00\x00\x00", 8))),
            "[1+2j]");
}

TEST_F(Npy, SaysWhatIsWrong) {
  const std::string good = "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }";
  const auto with = [](const std::string& descr, const std::string& shape) {
    return npy("{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }",
               std::string(4, '\0'));
  };
  EXPECT_EQ(outcome(npy(good, std::string(4, '\0'))), "ok");
  EXPECT_EQ(outcome(""), "not a .npy file");
  EXPECT_EQ(outcome("PK\3\4 something else"), "not a .npy file");
  EXPECT_EQ(outcome(std::string("\x93NUMPY\x04\x00\x00\x00", 10)),
            ".npy version 4.0 is not one of 1.0, 2.0, 3.0");
  EXPECT_EQ(outcome(std::string("\x93NUMPY\x01\x00", 8)), "the file ends in its header");
  EXPECT_EQ(outcome(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12)),
            "the file ends in its header");
  EXPECT_EQ(outcome(npy(good, "abc")), "has 3 bytes of data, not the 4 of its shape");
  EXPECT_EQ(outcome(npy(good, "abcde")), "has 5 bytes of data, not the 4 of its shape");
  EXPECT_EQ(outcome(with("'<i2'", "(200000000000000000,)")),
            "has 4 bytes of data, not the 400000000000000000 of its shape");
  EXPECT_EQ(outcome(with("'<i2'", "(9000000000000000000,)")),
            "the extents and strides reach 2^60 bytes or more");
  EXPECT_EQ(outcome(with("'<i2'", "(-2,)")), "shape has a negative extent -2");
  EXPECT_EQ(outcome(with("'<i2'", "(99999999999999999999,)")),
            "shape has an extent 99999999999999999999 beyond 64 bits");
  for (const char* const shape : {"(2)", "2", "(1 1)", "(,)", "(2,,)", "(2.0,)", "(2,"})
    EXPECT_EQ(outcome(with("'<i2'", shape)), "shape is no tuple of extents") << shape;
  EXPECT_EQ(outcome(npy("{'two\nlines': 1}", "")), "the header is no dictionary of names");
  EXPECT_EQ(outcome(with("7", "(2,)")), "descr is no name of a dtype");
  EXPECT_EQ(outcome(npy(std::string("{'descr': '<i2',\0 'shape': (2,)}", 33), "abcd")),
            "the header is no dictionary of names");
  EXPECT_EQ(outcome(with("'<f16'", "(2,)")), "einc has no dtype '<f16'");
  EXPECT_EQ(outcome(with("'|O'", "(2,)")), "einc has no dtype '|O'");
  EXPECT_EQ(outcome(with("[('a', '<i2')]", "(2,)")), "its dtype is no plain one but a structure");
  EXPECT_EQ(outcome(npy("{'descr': '<i2', 'shape': (2,), }", "abcd")),
            "the header lacks descr, fortran_order or shape");
  EXPECT_EQ(outcome(npy("{'descr': '<i2', 'colour': 'red'}", "")),
            "the header has an unknown or repeated key 'colour'");
  EXPECT_EQ(outcome(npy(good + " {", "abcd")), "text follows the header's dictionary");
  EXPECT_EQ(outcome(npy("[1, 2]", "")), "the header is no dictionary");
  EXPECT_EQ(read_npy(path("missing.npy")).error().message,
            "'" + path("missing.npy") + "': No such file or directory");
  EXPECT_EQ(read_npy(path("")).error().message, "'" + path("") + "': is a directory");
}

TEST_F(Npy, ReadsWhatNumPyWrote) {
  // numpy.save of NumPy 2.4.6: the dictionary, padded so that the data begin at byte 128.
  const struct {
    const char* saved;
    const char* elements;
    std::string dictionary;
    std::string data;
  } kCases[] = {
      {"np.array(True)", "true", "{'descr': '|b1', 'fortran_order': False, 'shape': (), }",
       std::string("\001", 1)},
      {"np.array([1, -2], '>i4')", "[1, -2]",
       "{'descr': '>i4', 'fortran_order': False, 'shape': (2,), }",
       std::string("\000\000\000\001\377\377\377\376", 8)},
      {"np.asfortranarray([[1+2j, 3], [0, 4j]])", "[[1+2j, 3+0j], [0+0j, 0+4j]]",
       "{'descr': '<c16', 'fortran_order': True, 'shape': (2, 2), }",
       std::string("\000\000\000\000\000\000\360\077\000\000\000\000\000\000\000\100\000\000\000"
                   "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                   "\010\100\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                   "\000\000\000\000\000\020\100",
                   64)},
      {"np.array([[0.5], [1.5]], np.float32)", "[[0.5], [1.5]]",
       "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }",
       std::string("\000\000\000\077\000\000\300\077", 8)},
      {"np.zeros((0, 3), np.uint16)", "[]",
       "{'descr': '<u2', 'fortran_order': False, 'shape': (0, 3), }", std::string("", 0)},
  };
  for (const auto& [saved, elements, dictionary, data] : kCases) {
    SCOPED_TRACE(saved);
    std::string bytes = std::string("\x93NUMPY\x01\x00\x76\x00", 10) + dictionary;
    bytes.append(127 - bytes.size(), ' ').append("\n").append(data);
    const auto array = read_npy(file_of(bytes));
    ASSERT_TRUE(array) << array.error().message;
    EXPECT_EQ(elements_to_string(array->view), elements);
  }
}

TEST_F(Npy, TellsABadFileFromADTypeItLacks) {
  const auto code = [&](const std::string& descr, const std::string& data) {
    return read_npy(file_of(npy("{'descr': " + descr + ", 'fortran_order': False, 'shape': (1,), }",
                                data)))
        .error()
        .code;
  };
  EXPECT_EQ(code("'<f16'", "ab"), ErrorCode::kUnsupported);
  EXPECT_EQ(code("[('a', '<i2')]", "ab"), ErrorCode::kUnsupported);
  EXPECT_EQ(code("'<i2'", "a"), ErrorCode::kIo);
  EXPECT_EQ(read_npy(path("missing.npy")).error().code, ErrorCode::kIo);
}

TEST_F(Npy, RefusesAPipeWithoutWaitingForAWriter) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_npy(path("pipe")).error().message, "'" + path("pipe") + "': is no regular file");
}

TEST_F(Npy, WritesThroughALink) {
  const auto tensor = Tensor::of<float>({1}, {1});
  ASSERT_TRUE(write_npy(path("target.npy"), Tensor::of<int8_t>({2}, {1, 2})));
  fs::create_symlink(path("target.npy"), path("link.npy"));
  ASSERT_TRUE(write_npy(path("link.npy"), tensor));
  EXPECT_TRUE(fs::is_symlink(path("link.npy")));
  EXPECT_EQ(elements_to_string(read_npy(path("target.npy"))->view), "[1]");
}

TEST_F(Npy, AHeaderTooLongForVersion1IsVersion2) {
  const auto tensor = *Tensor::zeros(DType::kInt8, std::vector<int64_t>(40000, 1));
  ASSERT_TRUE(write_npy(path("deep.npy"), tensor));
  const auto read = read_npy(path("deep.npy"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->view.type, tensor.type());
}

TEST_F(Npy, AFailedWriteLeavesNothing) {
  const auto tensor = Tensor::of<float>({1}, {1});
  const auto missing = write_npy(path("no/such/folder.npy"), tensor);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message,
            "'" + path("no/such/folder.npy") + "': No such file or directory");
  EXPECT_FALSE(write_npy(path(""), tensor));
  const auto full = write_npy("/dev/full", tensor);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().message, "'/dev/full': No space left on device");
  EXPECT_TRUE(fs::is_empty(path("")));
}

}  // namespace
}  // namespace einc
