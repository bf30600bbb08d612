// Signals are taken by the thread that blocks them, before it starts others: those inherit the mask.
#pragma once

#include <csignal>

namespace kairos::app {

inline sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

} // namespace kairos::app
