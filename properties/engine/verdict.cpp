// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/verdict.h"

namespace softmark {

Json to_json(const Verdict& verdict) {
  Json json = {{"kernel", verdict.kernel},       {"property", verdict.property},
               {"criterion", verdict.criterion}, {"severity", verdict.severity},
               {"verdict", verdict.outcome},     {"expected", verdict.expected},
               {"cases", verdict.cases},         {"outputs", verdict.outputs},
               {"message", verdict.message},     {"counterexample", verdict.counterexample},
               {"repro", verdict.repro}};
  if (!verdict.combinations.is_null()) json["combinations"] = verdict.combinations;
  if (!verdict.cause.empty()) json["cause"] = verdict.cause;
  if (verdict.seconds) json["seconds"] = number(*verdict.seconds);
  if (verdict.reason) json["reason"] = *verdict.reason;
  if (!verdict.brief.empty()) json["brief"] = verdict.brief;
  return json;
}

Verdict verdict_from_json(const Json& json) {
  Verdict verdict;
  verdict.kernel = json.at("kernel");
  verdict.property = json.at("property");
  verdict.criterion = json.at("criterion");
  verdict.severity = json.at("severity");
  verdict.outcome = json.at("verdict");
  verdict.expected = json.at("expected");
  verdict.cases = json.at("cases");
  verdict.outputs = json.value("outputs", std::uint64_t{0});
  if (json.contains("combinations")) verdict.combinations = json["combinations"];
  verdict.message = json.at("message");
  verdict.counterexample = json.at("counterexample");
  verdict.repro = json.at("repro");
  verdict.cause = json.value("cause", "");
  if (json.contains("seconds")) verdict.seconds = json["seconds"];
  if (json.contains("reason")) verdict.reason = json["reason"];
  verdict.brief = json.value("brief", "");
  return verdict;
}

}  // namespace softmark
