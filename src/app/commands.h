// The command line. Exit codes: 0 done, 1 failed, 2 wrong usage; an error is one line that says what, where, what to
// do.
#pragma once

namespace kairos::app {

int run(int argc, char** argv);

} // namespace kairos::app
