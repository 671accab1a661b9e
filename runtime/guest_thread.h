// Threads that the library starts in its host's process.
#pragma once

#include <functional>

namespace einc {

// Runs `work` on a thread of its own, which takes no signals: those of the host process are the
// host's threads' business. False if there is no thread to be had.
bool start_guest_thread(std::function<void()> work);

}  // namespace einc
