// Names for threads, so that `top -H`, a debugger or a profile tells them apart.
#pragma once

#include <pthread.h>

namespace esteira {

// At most 15 bytes; the kernel keeps no more. Call it in the thread that it names.
inline void name_this_thread(const char* name) { pthread_setname_np(pthread_self(), name); }

}  // namespace esteira
