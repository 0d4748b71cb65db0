// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/call_queue.h"

namespace softmark {

bool CallQueue::add(const Case& c) {
  const bool waits = ahead_ && session_.may_call_ahead(c);
  if (waits) {
    waiting_.push_back(c);
    return waiting_.size() < KernelSession::kMostAhead || finish();
  }
  return finish() && (goes_on_ = check_(c));
}

bool CallQueue::finish() {
  if (waiting_.empty() || !goes_on_) return goes_on_;
  session_.call_ahead(waiting_, closely_);
  for (std::size_t i = 0; goes_on_ && i < waiting_.size(); ++i) goes_on_ = check_(waiting_[i]);
  forget();
  waiting_.clear();
  return goes_on_;
}

}  // namespace softmark
