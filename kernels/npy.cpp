// SPDX-License-Identifier: Apache-2.0
// The .npy format, versions 1 to 3: "\x93NUMPY", version, header length, a Python dictionary, raw
// data. xtensor's reader was tried: it does not support float16 or byte swapping and trusts the
// header of a truncated or malicious file.
#include "kernels/npy.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <regex>
#include <sstream>

#include "kernels/element.h"
#include "kernels/names.h"
#include "support/files.h"

namespace softmark {
namespace {

constexpr const char* kRemedy =
    "; save it with numpy.save as a 1-D or 2-D array of float16, float32 or float64";
// Real headers have 118 bytes; std::regex recurses over the text.
constexpr std::size_t kLongestHeader = 4096;
constexpr std::size_t kMostBytes = std::size_t{1} << 36;

struct Header {
  softmark_dtype dtype = SOFTMARK_F32;
  bool is_swapped = false, fortran = false;  // swapped: in the other order of bytes than this CPU's
  std::size_t rows = 1, cols = 0;
};

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw Error(kUnreadable, path + ": " + what);
}

std::size_t parse_extent(const std::string& path, const std::string& digits) {
  errno = 0;
  const auto extent = std::strtoull(digits.c_str(), nullptr, 10);
  if (errno || extent > kMostBytes)
    fail(path, "its shape has " + digits + " elements in one dimension" + kRemedy);
  return extent;
}

void parse_shape(const std::string& path, const std::string& shape, Header& header) {
  static const std::regex number("[0-9]+");
  std::vector<std::size_t> extents;
  for (std::sregex_iterator it(shape.begin(), shape.end(), number), end; it != end; ++it)
    extents.push_back(parse_extent(path, it->str()));
  if (extents.empty() || extents.size() > 2)
    fail(path, "holds a " + std::to_string(extents.size()) + "-dimensional array" + kRemedy);
  header.cols = extents.back();
  if (extents.size() == 2) header.rows = extents.front();
  if (header.cols && header.rows > kMostBytes / header.cols / bytes_of(header.dtype))
    fail(path, "its shape (" + shape + ") is too large; split it into several files");
}

void parse_descr(const std::string& path, const std::string& descr, Header& header) {
  if (descr.size() != 3 || !std::strchr("<>=", descr[0]) || descr[1] != 'f' ||
      !std::strchr("248", descr[2]))
    fail(path, "holds elements of type '" + descr + "'" + kRemedy);
  constexpr char kOther = std::endian::native == std::endian::little ? '>' : '<';
  header.is_swapped = descr[0] == kOther;
  header.dtype = descr[2] == '2' ? SOFTMARK_F16 : descr[2] == '4' ? SOFTMARK_F32 : SOFTMARK_F64;
}

Header parse_header(const std::string& path, const std::string& text) {
  static const std::regex descr(R"('descr'\s*:\s*'([^']*)')"),
      fortran(R"('fortran_order'\s*:\s*(True|False))"), shape(R"('shape'\s*:\s*\(([0-9,\s]*)\))"),
      compound(R"('descr'\s*:\s*\[)");
  Header header;
  std::smatch match;
  if (std::regex_search(text, compound))
    fail(path, std::string("holds records of several fields") + kRemedy);
  if (!std::regex_search(text, match, descr))
    fail(path, std::string("its header names no element type") + kRemedy);
  parse_descr(path, match[1], header);
  if (!std::regex_search(text, match, fortran))
    fail(path, std::string("its header names no order") + kRemedy);
  header.fortran = match[1] == "True";
  if (!std::regex_search(text, match, shape))
    fail(path, std::string("its header names no shape") + kRemedy);
  parse_shape(path, match[1], header);
  return header;
}

std::string read_bytes(const std::string& path, std::istream& in, std::size_t count,
                       const char* part) {
  std::string bytes;
  // In pieces: a header with a false size must not cause an allocation larger than the file.
  while (bytes.size() < count) {
    const std::size_t old = bytes.size(), piece = std::min<std::size_t>(count - old, 1 << 20);
    bytes.resize(old + piece);
    if (!in.read(bytes.data() + old, static_cast<std::streamsize>(piece)))
      fail(path, std::string("ends within its ") + part + "; copy or save it again");
  }
  return bytes;
}

std::string read_header_text(const std::string& path, std::istream& in) {
  const std::string magic = read_bytes(path, in, 8, "first eight bytes");
  if (magic.compare(0, 6, "\x93NUMPY") != 0)
    fail(path, std::string("is not a .npy file") + kRemedy);
  const int version = magic[6];
  if (version < 1 || version > 3)
    fail(path, "is of .npy version " + std::to_string(version) + kRemedy);
  const std::string length_bytes = read_bytes(path, in, version == 1 ? 2 : 4, "header");
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_bytes.size(); ++i)
    length |= static_cast<std::size_t>(static_cast<unsigned char>(length_bytes[i])) << (8 * i);
  if (length > kLongestHeader)
    fail(path, "its header is " + std::to_string(length) + " bytes long" + kRemedy);
  return read_bytes(path, in, length, "header");
}

}  // namespace

Logits read_npy(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0)
    fail(path, std::string(std::strerror(errno)) + "; give the path of a .npy file");
  if (S_ISDIR(status.st_mode)) fail(path, "is a directory; give the path of a .npy file");
  // A pipe is read whole, with the limits of read_file.
  std::istringstream piped(S_ISFIFO(status.st_mode) ? read_file(path) : "");
  std::ifstream file;
  if (!S_ISFIFO(status.st_mode)) file.open(path, std::ios::binary);
  if (!file) fail(path, std::string(std::strerror(errno)) + "; make it readable");
  std::istream& in = S_ISFIFO(status.st_mode) ? static_cast<std::istream&>(piped) : file;
  const Header header = parse_header(path, read_header_text(path, in));

  const std::size_t bytes = bytes_of(header.dtype), count = header.rows * header.cols;
  std::string data = read_bytes(path, in, count * bytes, "data");
  if (in.peek() != std::char_traits<char>::eof())
    fail(path, "holds more data than its shape allows; save it again");
  if (header.is_swapped)
    for (std::size_t i = 0; i < count; ++i)
      std::reverse(data.data() + i * bytes, data.data() + (i + 1) * bytes);

  Logits logits{std::vector<double>(count), header.rows, header.cols, header.dtype};
  for (std::size_t r = 0; r < header.rows; ++r)
    for (std::size_t c = 0; c < header.cols; ++c)
      logits.values[r * header.cols + c] = load(
          header.dtype, data.data(), header.fortran ? c * header.rows + r : r * header.cols + c);
  return logits;
}

std::optional<std::size_t> first_beyond(std::span<const double> values, softmark_dtype dtype) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i], rounded = round_to(dtype, value);
    if (std::isnan(value) || std::isfinite(rounded)) continue;
    if (std::isfinite(value) || std::isnan(rounded)) return i;
  }
  return std::nullopt;
}

void check_range(std::span<const double> values, std::size_t cols, softmark_dtype dtype,
                 const std::string& path) {
  const auto at = first_beyond(values, dtype);
  if (!at) return;
  char value[40];
  std::snprintf(value, sizeof value, "%g", values[*at]);
  fail(path,
       "[" + std::to_string(*at / cols) + ", " + std::to_string(*at % cols) + "] is " + value +
           ", which " + std::string(name(dtype)) +
           " cannot hold; give another --dtype, or values of the type (eval --round rounds them)");
}

SharedLogits::SharedLogits(const Logits& logits)
    : fd_(memfd_create("softmark-logits", MFD_CLOEXEC)) {
  const std::uint64_t head[] = {logits.rows, logits.cols, static_cast<std::uint64_t>(logits.dtype)};
  const std::size_t bytes = logits.values.size() * sizeof(double);
  std::size_t done = 0;
  bool written = fd_ >= 0 && pwrite(fd_, head, sizeof head, 0) == sizeof head;
  while (written && done < bytes) {
    const ssize_t n = pwrite(fd_, reinterpret_cast<const char*>(logits.values.data()) + done,
                             bytes - done, static_cast<off_t>(sizeof head + done));
    written = n > 0;
    if (written) done += static_cast<std::size_t>(n);
  }
  if (!written)
    throw Error(kNotMeasurable,
                "no memory for the logits of " + std::to_string(bytes >> 20) + " MiB");
}

SharedLogits::~SharedLogits() { close(fd_); }

Logits read_shared_logits(int descriptor) {
  std::uint64_t head[3] = {};
  Logits logits;
  if (pread(descriptor, head, sizeof head, 0) != sizeof head)
    throw Error(kUnreadable, "the shared logits cannot be read");
  logits.rows = head[0];
  logits.cols = head[1];
  logits.dtype = static_cast<softmark_dtype>(head[2]);
  logits.values.resize(logits.rows * logits.cols);
  const std::size_t bytes = logits.values.size() * sizeof(double);
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t n = pread(descriptor, reinterpret_cast<char*>(logits.values.data()) + done,
                            bytes - done, static_cast<off_t>(sizeof head + done));
    if (n <= 0) throw Error(kUnreadable, "the shared logits cannot be read");
    done += static_cast<std::size_t>(n);
  }
  return logits;
}

}  // namespace softmark
