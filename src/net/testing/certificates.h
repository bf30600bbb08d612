// Certificates for tests, made on the spot: a private authority and a server certificate that it signed.
#pragma once

#include <string>

namespace kairos::net::testing {

struct Certificates {
  /// For "localhost" and 127.0.0.1, valid for an hour. Files lie in a new folder under the temporary directory.
  Certificates();
  ~Certificates(); // removes the folder
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  std::string folder;
  std::string authority_file;
  std::string certificate_file;
  std::string private_key_file;
};

} // namespace kairos::net::testing
