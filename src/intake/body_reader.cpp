#include "body_reader.hpp"

#include <utility>

namespace postern::intake {

BodyReader::BodyReader(net::BufferedReader& reader, base::Pool& disk, base::Budget& memory, BodyLimits limits,
                       std::string file_path)
    : reader_(reader),
      disk_(disk),
      lease_(memory),
      limits_(limits),
      file_path_(std::move(file_path)),
      decoder_(!limits.reject_bare_newline) {}

base::Task<base::Result<Body>> BodyReader::read() {
  std::string decoded;
  while (!decoder_.done()) {
    if (reader_.pending().empty()) {
      auto filled = co_await reader_.fill();
      if (!filled) co_return filled.error();
    }
    decoded.clear();
    reader_.consume(decoder_.feed(reader_.pending(), decoded));
    co_await take(decoded);
  }
  co_await finish();
  co_return std::move(body_);
}

base::Task<void> BodyReader::take(std::string& decoded) {
  body_.received += decoded.size();
  if (body_.received > limits_.message_size) refuse(BodyProblem::too_large);
  if (body_.problem != BodyProblem::none) co_return;
  if (in_header_) take_header(decoded);
  if (in_header_ || body_.problem != BodyProblem::none) co_return;
  body_.size += decoded.size();
  // The lease covers what is held in memory; without one the body goes to the file from its first byte.
  const bool fits =
      !body_.file && pending_.size() + decoded.size() <= memory_bound && lease_.grow(decoded.size());
  pending_ += decoded;
  if (!fits && (!body_.file || pending_.size() >= memory_bound)) co_await spill();
}

// Leaves in `decoded` what belongs to the body.
void BodyReader::take_header(std::string& decoded) {
  auto& header = body_.header;
  header += decoded;
  decoded.clear();
  const std::size_t body_begin = header.starts_with("\r\n") ? 0 : header.find("\r\n\r\n", scanned_);
  if (body_begin == std::string::npos) {
    scanned_ = header.size() < 3 ? 0 : header.size() - 3;  // the empty line may be cut by the portions
    if (header.size() > header_bound) refuse(BodyProblem::header_too_large);
    return;
  }
  in_header_ = false;
  const std::size_t header_end = header.starts_with("\r\n") ? 0 : body_begin + 2;
  decoded = header.substr(header_end + 2);
  header.resize(header_end);
  if (header.size() > header_bound) refuse(BodyProblem::header_too_large);
}

base::Task<void> BodyReader::spill() {
  const bool begin = !body_.file;
  std::string bytes = std::exchange(pending_, {});
  auto work = [this, begin, &bytes]() -> base::Result<void> {
    if (begin) {
      auto created = spool::BodyFile::create(file_path_);
      if (!created) return created.error();
      body_.file.emplace(std::move(*created));
    }
    return body_.file->write(bytes);
  };
  auto written = co_await base::offload(disk_, std::move(work));
  lease_.release();
  if (!written) disk_failure(written.error());
}

base::Task<void> BodyReader::finish() {
  body_.eight_bit = decoder_.eight_bit();
  if (decoder_.nul() > 0) refuse(BodyProblem::nul);
  if (limits_.reject_bare_newline && decoder_.bare_lf() + decoder_.bare_cr() > 0)
    refuse(BodyProblem::bare_newline);
  if (body_.problem != BodyProblem::none) co_return;
  if (body_.file) {
    if (!pending_.empty()) co_await spill();
    if (body_.problem != BodyProblem::none) co_return;
    auto work = [this] { return body_.file->sync(); };
    auto synced = co_await base::offload(disk_, std::move(work));
    if (!synced) disk_failure(synced.error());
    co_return;
  }
  // The bytes give their share of the budget back when the last holder lets go of them, here or in delivery.
  struct Held {
    base::Lease lease;
    std::string bytes;
  };
  auto held = std::make_shared<Held>(Held{std::move(lease_), std::move(pending_)});
  held->bytes.shrink_to_fit();
  body_.memory = std::shared_ptr<const std::string>(held, &held->bytes);
}

// The first reason stands. What was kept so far goes at once: the rest is only read to find its end.
void BodyReader::refuse(BodyProblem problem, std::string detail) {
  if (body_.problem != BodyProblem::none) return;
  body_.problem = problem;
  body_.detail = std::move(detail);
  body_.file.reset();
  body_.header.clear();
  pending_ = {};
  lease_.release();
}

void BodyReader::disk_failure(const base::Error& error) {
  refuse(error.code == base::Errc::full ? BodyProblem::disk_full : BodyProblem::disk_failed, error.message);
}

}  // namespace postern::intake
