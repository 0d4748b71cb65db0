// SPDX-License-Identifier: Apache-2.0
#include "kernels/npy.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <xtensor/xnpy.hpp>
#include <xtensor/xtensor.hpp>

#include "kernels/element.h"
#include "support/error.h"
#include "support/random.h"

namespace softmark {
namespace {

/// A file in the test's working directory, removed at the end.
struct TemporaryFile {
  TemporaryFile()
      : path(std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + ".npy") {}
  ~TemporaryFile() { std::remove(path.c_str()); }
  void write(const std::string& bytes) const { std::ofstream(path, std::ios::binary) << bytes; }
  std::string path;
};

std::string npy(const std::string& header, const std::string& data, char version = 1) {
  const std::string text = header + "\n";
  std::string length(version == 1 ? 2 : 4, '\0');
  length[0] = static_cast<char>(text.size() & 255);
  length[1] = static_cast<char>(text.size() >> 8);
  return std::string("\x93NUMPY") + version + '\0' + length + text + data;
}

std::string head(const std::string& descr, const std::string& shape,
                 const char* fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

std::string data_of(softmark_dtype dtype, std::size_t bytes, const std::vector<double>& values,
                    bool big = false) {
  std::string data(bytes * values.size(), '\0');
  for (std::size_t i = 0; i < values.size(); ++i) store(dtype, data.data(), i, values[i]);
  if (big == (std::endian::native == std::endian::little))
    for (std::size_t i = 0; i < values.size(); ++i)
      std::reverse(&data[i * bytes], &data[i * bytes] + bytes);
  return data;
}

const std::vector<double> kSix = {0.5, -1.25, 3, -0.0, 1024, -6.103515625e-05};

TEST(Npy, EveryTypeByteOrderAndVersion) {
  const TemporaryFile file;
  const struct {
    const char* type;
    softmark_dtype dtype;
    std::size_t bytes;
  } types[] = {{"f2", SOFTMARK_F16, 2}, {"f4", SOFTMARK_F32, 4}, {"f8", SOFTMARK_F64, 8}};
  for (const auto& type : types)
    for (const char order : {'<', '>'})
      for (const char version : {1, 2, 3}) {
        file.write(npy(head(order + std::string(type.type), "(2, 3)"),
                       data_of(type.dtype, type.bytes, kSix, order == '>'), version));
        const Logits logits = read_npy(file.path);
        EXPECT_EQ(logits.rows, 2u);
        EXPECT_EQ(logits.cols, 3u);
        EXPECT_EQ(logits.dtype, type.dtype);
        EXPECT_EQ(logits.values, kSix);
      }
}

TEST(Npy, FortranOrderIsTransposed) {
  const TemporaryFile file;
  file.write(npy(head("<f4", "(2, 3)", "True"), data_of(SOFTMARK_F32, 4, {1, 4, 2, 5, 3, 6})));
  EXPECT_EQ(read_npy(file.path).values, (std::vector<double>{1, 2, 3, 4, 5, 6}));
}

TEST(Npy, OneDimensionIsOneRowAndNothingIsNothing) {
  const TemporaryFile file;
  file.write(npy(head("<f8", "(6,)"), data_of(SOFTMARK_F64, 8, kSix)));
  EXPECT_EQ(read_npy(file.path).rows, 1u);
  EXPECT_EQ(read_npy(file.path).cols, 6u);
  file.write(npy(head("<f8", "(3, 0)"), ""));
  EXPECT_EQ(read_npy(file.path).rows, 3u);
  EXPECT_TRUE(read_npy(file.path).values.empty());
}

TEST(Npy, ReadsWhatXtensorWrites) {
  const TemporaryFile file;
  const xt::xtensor<float, 2> array = {{1.5f, -2.0f}, {0.0f, 3.25f}, {7.0f, 1e-40f}};
  xt::dump_npy(file.path, array);
  const Logits logits = read_npy(file.path);
  EXPECT_EQ(logits.rows, 3u);
  EXPECT_EQ(logits.values, (std::vector<double>{1.5, -2, 0, 3.25, 7, 1e-40f}));
}

void expect_refused(const std::string& path, const std::string& words) {
  try {
    read_npy(path);
    ADD_FAILURE() << "read: " << words;
  } catch (const Error& error) {
    EXPECT_EQ(error.code, kUnreadable);
    EXPECT_NE(std::string(error.what()).find(path + ": "), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("; "), std::string::npos)
        << "gives no remedy: " << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  }
}

TEST(Npy, RefusesWhatItCannotRead) {
  const TemporaryFile file;
  const std::string data = data_of(SOFTMARK_F32, 4, kSix);
  const struct {
    std::string bytes, words;
  } cases[] = {
      {"", "ends within its first eight bytes"},
      {"\x93NUM", "ends within its first eight bytes"},
      {"hello, this is text", "is not a .npy file"},
      {std::string("\x93NUMPY\x09\0", 8) + "xx", "version 9"},
      {std::string("\x93NUMPY\x01\0", 8), "ends within its header"},
      {std::string("\x93NUMPY\x02\0\xff\xff\xff\xff", 12), "header is 4294967295 bytes long"},
      {npy(head("<f4", "(2, 3)"), data).substr(0, 40), "ends within its header"},
      {npy(head("<f4", "(2, 3)"), data.substr(1)), "ends within its data"},
      {npy(head("<f4", "(2, 3)"), data + "x"), "more data than its shape allows"},
      {npy(head("<U5", "(2,)"), data), "'<U5'"},
      {npy(head("|S5", "(2,)"), data), "'|S5'"},
      {npy(head("|O", "(2,)"), data), "'|O'"},
      {npy(head("<i8", "(3,)"), data), "'<i8'"},
      {npy(head("<f16", "(1,)"), data), "'<f16'"},
      {npy(head("<c8", "(3,)"), data), "'<c8'"},
      {npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }", data),
       "several fields"},
      {npy(head("<f4", "(1, 2, 3)"), data), "3-dimensional"},
      {npy(head("<f4", "()"), data), "0-dimensional"},
      {npy(head("<f4", "(1000000000, 1000000000)"), data), "is too large"},
      {npy(head("<f4", "(99999999999999999999999,)"), data), "elements in one dimension"},
      {npy(head("<f4", "(4294967296, 4)"), data), "ends within its data"},
      {npy(head("<f4", "(-2, 3)"), data), "no shape"},
      {npy(head("<f4", "(2, x)"), data), "no shape"},
      {npy("{}", data), "no element type"},
      {npy("", data), "no element type"},
      {npy("{'descr': '<f4', 'shape': (6,)}", data), "no order"},
  };
  for (const auto& refused : cases) {
    file.write(refused.bytes);
    expect_refused(file.path, refused.words);
  }
}

// Many damaged files: each is read or refused with Error, and nothing else happens.
TEST(Npy, DamagedFilesAreReadOrRefused) {
  const TemporaryFile file;
  const std::string good = npy(head("<f4", "(2, 3)"), data_of(SOFTMARK_F32, 4, kSix));
  Rng random(14);
  std::size_t refused = 0;
  for (int i = 0; i < 1500; ++i) {
    std::string bytes = good;
    for (std::uint64_t edits = 1 + random() % 4; edits > 0; --edits) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes[at] = "0123456789(),'<>f[]{}: "[random() % 23];
          break;
        case 2:
          bytes.insert(at, std::string(1 + random() % 20, bytes[at]));
          break;
        default:
          bytes.erase(at, 1 + random() % 20);
      }
      if (bytes.empty()) bytes.push_back(0);
    }
    file.write(bytes);
    try {
      const Logits logits = read_npy(file.path);
      ASSERT_EQ(logits.values.size(), logits.rows * logits.cols);
    } catch (const Error& error) {
      ASSERT_EQ(error.code, kUnreadable);
      ++refused;
    }
  }
  EXPECT_GT(refused, 700u);
}

TEST(Npy, RefusesPathsThatAreNoFiles) {
  expect_refused("no/such/file.npy", "No such file");
  expect_refused(".", "is a directory");
}

TEST(Npy, LogitsReachAChildThroughAMemoryFileAsTheyAre) {
  const Logits logits = {{1.5, -0.0, INFINITY, 0x1p-149, -3, 7}, 2, 3, SOFTMARK_F16};
  const SharedLogits shared(logits);
  for (int child = 0; child < 2; ++child) {  // several children read the same file
    const Logits got = read_shared_logits(shared.descriptor());
    EXPECT_EQ(got.values, logits.values);
    EXPECT_TRUE(std::signbit(got.values[1]));
    EXPECT_EQ(got.rows, 2u);
    EXPECT_EQ(got.cols, 3u);
    EXPECT_EQ(got.dtype, SOFTMARK_F16);
  }
}

}  // namespace
}  // namespace softmark
