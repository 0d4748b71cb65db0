// SPDX-License-Identifier: Apache-2.0
// `experiment`: Blanchard, Higham and Higham's comparison of the formulas in low precision, on any
// logits.
#include "kernels/verbs/flags.h"
#include "properties/sweeps/bhh.h"
#include "support/files.h"

namespace softmark {

void add_experiment(CLI::App& app, int& exit_code) {
  struct ExperimentVerb {
    std::string logits, output = "-", format = "text";
  };
  auto verb = std::make_shared<ExperimentVerb>();
  CLI::App* sub = app.add_subcommand(
      "experiment",
      "log-sum-exp and softmax, basic and shifted, with every operation rounded to fp16 and bf16");
  sub->add_option("--logits", verb->logits, "rows from a NumPy file (1-D or 2-D, float16/32/64)")
      ->type_name("FILE.npy")
      ->required();
  sub->add_option("-o,--output", verb->output, "where to write; - is standard output")
      ->type_name("FILE")
      ->capture_default_str();
  sub->add_option("--format", verb->format,
                  "text, or csv: every row's errors and bounds, for plots")
      ->check(CLI::IsMember({"text", "csv"}))
      ->capture_default_str();
  sub->callback([verb, &exit_code] {
    const Logits logits = read_npy(verb->logits);
    if (logits.values.empty()) throw Error(kUnreadable, verb->logits + ": holds no logits");
    std::string text;
    for (softmark_dtype arithmetic : {SOFTMARK_F16, SOFTMARK_BF16}) {
      const BhhResult result = bhh_experiment(logits, arithmetic);
      text += verb->format == "csv" ? bhh_csv(result) : bhh_text(result);
    }
    write_file(verb->output, text);
    exit_code = kPass;
  });
}

}  // namespace softmark
