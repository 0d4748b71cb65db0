// SPDX-License-Identifier: Apache-2.0
#include "support/piece_threads.h"

#include <utility>

namespace softmark {

PieceThreads::PieceThreads(std::function<std::string(const std::string&)> run, std::size_t threads)
    : run_(std::move(run)) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

std::size_t PieceThreads::idle() {
  const std::lock_guard lock(mutex_);
  return threads_.size() - busy_;
}

void PieceThreads::give(std::string piece) {
  const std::lock_guard lock(mutex_);
  ++busy_;
  pieces_.push_back(std::move(piece));
  given_.notify_one();
}

std::optional<PieceThreads::Done> PieceThreads::finished() {
  const std::lock_guard lock(mutex_);
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  if (done_.empty()) return std::nullopt;
  Done done = std::move(done_.front());
  done_.pop_front();
  --busy_;
  return done;
}

void PieceThreads::wait_for_one(std::chrono::microseconds most) {
  std::unique_lock lock(mutex_);
  came_.wait_for(lock, most, [this] { return failure_ || !done_.empty(); });
}

std::deque<PieceThreads::Done> PieceThreads::join() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
    pieces_.clear();
  }
  given_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  return std::exchange(done_, {});
}

void PieceThreads::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    given_.wait(lock, [this] { return ends_ || !pieces_.empty(); });
    if (pieces_.empty()) return;
    std::string piece = std::move(pieces_.front());
    pieces_.pop_front();
    lock.unlock();
    std::string result;
    std::exception_ptr failure;
    try {
      result = run_(piece);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    if (failure)
      failure_ = failure;
    else
      done_.push_back({std::move(piece), std::move(result)});
    came_.notify_one();
  }
}

}  // namespace softmark
