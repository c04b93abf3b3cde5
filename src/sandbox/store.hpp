// What was accepted: DATA/messages/<ses-id>.eml, the bytes as delivered, and beside it <ses-id>.json with
//   {"id","time","from","to":[..],"outcome":"250 Ok <id>","bytes","user","tls","helo","client",
//    "configuration_set", "recipients":[{"address","result":"delivered|bounced|complained|suppressed",
//    "reason","bounceType","bounceSubType","diagnosticCode","complaintFeedbackType"}]}, as far as they apply.
// A message that was delivered to nobody is kept as well: SES accepted it.
// The .json comes last: where it is, the message is whole. Called by sessions on the loop; blocking.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "content.hpp"
#include "outcome.hpp"
#include "postern/base/clock.hpp"
#include "postern/base/result.hpp"

namespace postern::sandbox {

struct Record {
  std::string id;
  base::WallTime time;
  Envelope envelope;
  std::string configuration_set;  // empty: none
  std::vector<Outcome> recipients;
  std::string outcome;
  std::string user, tls, helo, client;
};

class Store {
 public:
  static base::Result<Store> open(const std::string& data_directory);
  base::Result<void> keep(const Record& record, std::string_view message) const;

 private:
  explicit Store(std::string directory) : directory_(std::move(directory)) {}
  std::string directory_;
};

}  // namespace postern::sandbox
