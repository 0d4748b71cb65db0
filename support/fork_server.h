// SPDX-License-Identifier: Apache-2.0
// A child that has done what takes long, as loading a library does, and then makes copies of
// itself: each is as fresh as the first, and starts in a millisecond.
#pragma once

#include <vector>

#include "support/channel.h"

namespace softmark {

/// Makes a copy of this process whenever the parent asks for one (ChildProcess::copy). Returns true
/// in each copy, where the channel and the descriptors after it are its own, and false in this
/// process, once the parent has closed the channel. This process must have one thread. The copies
/// are not its children but those of the nearest process that adopts strays (support/strays.h):
/// the parent has to, and this process must not.
bool serve_forks(Channel& parent);

/// The parent's side: sends descriptors over a socket, and one byte with them.
bool send_descriptors(int socket, const std::vector<int>& descriptors);

}  // namespace softmark
