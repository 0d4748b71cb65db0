// SPDX-License-Identifier: Apache-2.0
// Where calls are made: on threads of their own, in a child of fork, in a parallel region.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "kernels/wire.h"

namespace softmark {

using Work = std::function<void()>;

/// On a fresh thread; `stack` bytes for it, or as many as the system gives.
void on_thread(Work work, std::size_t stack = 0);
/// Each on a thread of its own, at once.
void on_threads(const std::vector<Work>& works);
/// In a parallel region of the process's OpenMP, where it has one; else on threads.
void in_region(const std::vector<Work>& works);
/// In a child of fork, which ends as this process will where the call ends it.
void in_fork(const Work& work, wire::Reply& reply);

}  // namespace softmark
