// SPDX-License-Identifier: Apache-2.0
// `experiment`: Blanchard, Higham and Higham's comparison of the formulas in low precision, on any
// logits.
#include "kernels/verbs/flags.h"
#include "properties/sweeps/bhh.h"
#include "support/files.h"

namespace softmark {

void add_experiment(CLI::App& app, int& exit_code) {
  struct ExperimentVerb {
    std::string logits;
    OutputChoice output;
  };
  auto verb = std::make_shared<ExperimentVerb>();
  CLI::App* sub = app.add_subcommand(
      "experiment",
      "log-sum-exp and softmax, basic and shifted, with every operation rounded to fp16 and bf16");
  add_logits(*sub, verb->logits)->required();
  verb->output.add_to(*sub, {"text", "csv"});  // csv: the errors and bounds of every row, for plots
  sub->callback([verb, &exit_code] {
    const Logits logits = read_npy(verb->logits);
    if (logits.values.empty()) throw Error(kUnreadable, verb->logits + ": holds no logits");
    std::string text;
    for (softmark_dtype arithmetic : {SOFTMARK_F16, SOFTMARK_BF16}) {
      const BhhResult result = bhh_experiment(logits, arithmetic);
      text += verb->output.format() == "csv" ? bhh_csv(result) : bhh_text(result);
    }
    write_file(verb->output.path, text);
    exit_code = kPass;
  });
}

}  // namespace softmark
