// Asks the server that holds a data folder, through its socket there. Blocking; one question, one connection.
#pragma once

#include <string>

#include "base/result.h"

namespace kairos::app {

struct LocalAnswer {
  int status = 0;
  std::string body;
};

/// kIo: no server answers there, or what it sent is no answer.
Result<LocalAnswer> ask_server(const std::string& data_dir, const std::string& method, const std::string& path,
                               const std::string& body);

} // namespace kairos::app
