// A certificate authority for one test: makes certificates and keys as PEM files in a directory.
#pragma once

#include <memory>
#include <string>

#include "support/temp_dir.hpp"

namespace postern::support {

class TestCa {
 public:
  explicit TestCa(const TempDir& directory, const std::string& name = "Test CA");
  ~TestCa();
  TestCa(const TestCa&) = delete;
  TestCa& operator=(const TestCa&) = delete;

  struct Files {
    std::string certificate, key;
  };
  // subject_names as OpenSSL writes them: "DNS:mail.example.com", "IP:127.0.0.1", several with a comma.
  Files issue(const std::string& subject_names) const;
  const std::string& file() const { return file_; }  // for a client to trust

 private:
  struct Impl;
  const TempDir& directory_;
  std::string file_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace postern::support
