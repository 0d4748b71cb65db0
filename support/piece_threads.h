// SPDX-License-Identifier: Apache-2.0
// Threads that run pieces of work as they come.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace softmark {

class PieceThreads {
 public:
  struct Done {
    std::string piece, result;
  };

  PieceThreads(std::function<std::string(const std::string&)> run, std::size_t threads);
  ~PieceThreads() { join(); }
  PieceThreads(const PieceThreads&) = delete;
  PieceThreads& operator=(const PieceThreads&) = delete;

  /// Threads without a piece.
  std::size_t idle();
  void give(std::string piece);
  /// A result, where one has come. Throws what `run` threw.
  std::optional<Done> finished();
  /// Returns when there is one, at the latest after this time.
  void wait_for_one(std::chrono::microseconds most);
  /// Waits for the pieces that run, and ends the threads; results that were not asked for.
  std::deque<Done> join();

 private:
  void work();

  std::function<std::string(const std::string&)> run_;
  std::mutex mutex_;
  std::condition_variable given_, came_;
  std::deque<std::string> pieces_;
  std::deque<Done> done_;
  std::exception_ptr failure_;
  std::size_t busy_ = 0;
  bool ends_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace softmark
