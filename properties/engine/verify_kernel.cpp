// SPDX-License-Identifier: Apache-2.0
// The process that verifies one kernel: it judges, and runs the kernel in a child of its own. What
// it tells, it tells at once, so that even its own sudden end loses only what was still to come.
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "kernels/element.h"
#include "kernels/names.h"
#include "kernels/npy.h"
#include "properties/corpus/corpus.h"
#include "properties/engine/accuracy.h"
#include "properties/engine/check.h"
#include "properties/engine/verify.h"
#include "support/process.h"

namespace softmark {
namespace {

std::string read_all(int fd) {
  std::string text;
  char buffer[65536];
  for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  return text;
}

void tell(const char* section, const Json& entry) {
  const std::string line = Json{{"section", section}, {"entry", entry}}.dump() + "\n";
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t n = write(4, line.data() + done, line.size() - done);
    if (n <= 0) std::exit(kNotMeasurable);
    done += static_cast<std::size_t>(n);
  }
}

// The user's rows, rounded to the kernel's type; cotangents of 1 and labels in turn where the op
// wants them. A Jacobian of every row would be cols times as large: its first rows are enough.
Case case_of_logits(const Logits& logits, const Kernel& kernel) {
  Case c;
  c.cols = logits.cols;
  c.rows = gives_matrix(kernel.op) ? std::min<std::size_t>(logits.rows, 64) : logits.rows;
  for (std::size_t i = 0; i < c.rows * c.cols; ++i)
    c.x.push_back(round_to(kernel.dtype, logits.values[i]));
  const OpShape shape = shape_of(kernel.op);
  if (shape.takes_g_row) c.g.assign(c.rows, 1);
  for (std::size_t r = 0; shape.takes_labels && r < c.rows; ++r)
    c.labels.push_back(static_cast<std::int64_t>(r % c.cols));
  return c;
}

// The user's rows before those that ship. A quick look leaves out the long ones, which would cost
// it its name.
void add_corpora(const Kernel& kernel, const std::string& folder, CheckOptions& options) {
  constexpr std::size_t kLong = std::size_t{1} << 14;
  if (!folder.empty()) options.corpus = corpus_of_folder(folder, kernel.op, kernel.dtype);
  for (CorpusCase& known : shipped_corpus(kernel.op, kernel.dtype))
    if (options.effort != Effort::quick || known.c.x.size() <= kLong)
      options.corpus.push_back(std::move(known));
}

void verify_as_asked(const Json& request) {
  Kernel kernel = kernel_from_json(request["kernel"]);
  kernel.library = request["library"];
  kernel.index = request["index"];
  CheckOptions options;
  options.effort = static_cast<Effort>(request["effort"].get<int>());
  options.seed = request["seed"];
  options.call_timeout_seconds = request["call_timeout_seconds"];
  options.seconds = request["property_seconds"];
  options.rerun = request["rerun"];
  const std::string one_case = request["case"], corpus = request["corpus"];
  options.only_replay = !one_case.empty();
  if (options.only_replay) options.replay = cases_of_argument(one_case, kernel.op, kernel.dtype);
  std::optional<Case> logits_case;
  if (!request["logits"].get<std::string>().empty() && takes_logits(kernel.op)) {
    const Logits logits = read_npy(request["logits"]);
    if (logits.cols > 0)
      options.replay.push_back(logits_case.emplace(case_of_logits(logits, kernel)));
  }
  if (!options.only_replay) add_corpora(kernel, corpus, options);
  KernelSession session(kernel, options.effort, options.call_timeout_seconds);
  for (const Property* property : all_properties()) {
    const Json& names = request["properties"];
    const auto is_in = [&](const Json& list) {
      return std::find(list.begin(), list.end(), property->name) != list.end();
    };
    if ((!names.empty() && !is_in(names)) || is_in(request["told"]) || !property->applies(kernel))
      continue;
    tell("begin", property->name);
    const Checked checked = check_property(session, *property, options);
    tell("properties", checked.verdict);
    if (!corpus.empty() && checked.counterexample)
      tell("corpus", {{"kernel", kernel.id},
                      {"property", property->name},
                      {"message", checked.verdict["message"]},
                      {"case", case_to_json(*checked.counterexample, kernel.op)}});
  }
  const bool whole = !options.only_replay && request["properties"].empty();
  if (whole) try {
      for (const Json& entry : measure_accuracy(session, options.seed)) tell("accuracy", entry);
      if (logits_case) tell("accuracy", measure_accuracy_on(session, *logits_case, "logits"));
    } catch (const KernelSession::Refused&) {
    } catch (const KernelSession::Stopped&) {
      // Told already by the properties; a kernel that dies on ordinary rows has no accuracy.
    }
  Json certificate = Json::object();
  for (std::size_t tier = 0; tier < std::size(kTierNames); ++tier)
    certificate[kTierNames[tier]] = session.certificate().outputs[tier];
  tell("certificate", certificate);
}

}  // namespace

int verify_kernel_main() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  adopt_strays();
  verify_as_asked(Json::parse(read_all(3)));
  kill_strays();  // the kernel's own process has ended with its KernelSession
  return 0;
}

}  // namespace softmark
