// SPDX-License-Identifier: Apache-2.0
// Cases in their order, some of whose calls are made ahead: an exchange with the child costs as
// much as many small calls.
#pragma once

#include <functional>
#include <vector>

#include "properties/engine/property.h"

namespace softmark {

class CallQueue {
 public:
  /// `check` is given each case in turn; false: no more. `ahead`, `closely`: as Property has them.
  CallQueue(KernelSession& session, bool ahead, int closely, std::function<bool(const Case&)> check)
      : session_(session), ahead_(ahead), closely_(closely), check_(std::move(check)) {
    waiting_.reserve(KernelSession::kMostAhead);
  }
  ~CallQueue() { forget(); }
  CallQueue(const CallQueue&) = delete;
  CallQueue& operator=(const CallQueue&) = delete;
  /// Checks it now or later. False where no more are wanted.
  bool add(const Case& c);
  /// Checks those that wait.
  bool finish();

 private:
  /// What came of calls made ahead: other cases may come to lie where these did.
  void forget() { session_.call_ahead({}, 0); }

  KernelSession& session_;
  bool ahead_;
  int closely_;
  std::function<bool(const Case&)> check_;
  std::vector<Case> waiting_;
  bool goes_on_ = true;
};

}  // namespace softmark
