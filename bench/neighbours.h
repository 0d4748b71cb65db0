// SPDX-License-Identifier: Apache-2.0
// Work on the other hardware thread of a core that this system does not show: a virtual machine's
// neighbour. It takes no time from this one, by any of the system's counts; it makes it slower.
#pragma once

#include <string>
#include <vector>

namespace softmark::bench {

/// Additions that the core completes in a cycle now, eight of them not waiting for each other: all
/// its units can do, or what the other hardware thread leaves of it. Takes some 50 us; 0 on other
/// processors than x86-64.
double additions_per_cycle();

/// How often cores were shared, of many looks at them.
struct Sharing {
  double share = 0;   // of the looks, 0 .. 1
  double slower = 1;  // the time that independent additions took then, of the least
};
/// Compares each look with the best ones. No sharing where there are few looks, or none that was
/// alone.
Sharing sharing_of(std::vector<double> looks);

/// Looks for some 0.4 s.
std::vector<double> look_at_cores();

/// What it means for measurements, and what to do; empty where less than a tenth was shared.
std::string sentence_of(const Sharing& sharing);

}  // namespace softmark::bench
