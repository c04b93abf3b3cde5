// Reads the content of DATA from the client: dot-decoded, split into header section and body, the body in
// memory up to a bound and the shared budget, beyond that in a file of the spool. A 40 MB message never holds
// 40 MB of memory. Called by the session; loop thread, the file is written on the disk pool.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "postern/base/budget.hpp"
#include "postern/base/offload.hpp"
#include "postern/base/result.hpp"
#include "postern/base/task.hpp"
#include "postern/net/buffered.hpp"
#include "postern/smtp/dot_codec.hpp"
#include "postern/spool/body_file.hpp"

namespace postern::intake {

// What makes a message unacceptable once it was read to its end.
enum class BodyProblem { none, too_large, header_too_large, nul, bare_newline, disk_full, disk_failed };

struct Body {
  BodyProblem problem = BodyProblem::none;
  std::string detail;                         // of a disk failure, for the log
  std::string header;                         // fields with their CRLF, without the empty line
  std::shared_ptr<const std::string> memory;  // null: file
  std::optional<spool::BodyFile> file;        // synced; keep() is the caller's, once the spool has it
  std::uint64_t size = 0;                     // of the body
  std::uint64_t received = 0;                 // of all
  bool eight_bit = false;
};

struct BodyLimits {
  std::uint64_t message_size = 0;
  bool reject_bare_newline = false;
};

class BodyReader {
 public:
  static constexpr std::size_t memory_bound = 256 * 1024;
  static constexpr std::size_t header_bound = 1024 * 1024;

  BodyReader(net::BufferedReader& reader, base::Pool& disk, base::Budget& memory, BodyLimits limits,
             std::string file_path);

  // Reads to the end of data, whatever is wrong with it, so that the reply stands where the client expects
  // it. An error is one of the connection: there is nobody to reply to.
  base::Task<base::Result<Body>> read();

 private:
  base::Task<void> take(std::string& decoded);  // one portion of decoded bytes
  void take_header(std::string& decoded);
  base::Task<void> spill();  // memory -> file, and what follows too
  base::Task<void> finish();
  void refuse(BodyProblem problem, std::string detail = {});
  void disk_failure(const base::Error& error);

  net::BufferedReader& reader_;
  base::Pool& disk_;
  base::Lease lease_;
  BodyLimits limits_;
  std::string file_path_;
  smtp::DotDecoder decoder_;
  Body body_;
  std::string pending_;  // body bytes that are not in the file yet; all of them while there is none
  bool in_header_ = true;
  std::size_t scanned_ = 0;  // of the header, for the empty line
};

}  // namespace postern::intake
