// The part of Store that builds its prefilter from what is on disk.
#include "suppression/store.hpp"

namespace postern::suppression {

// What a full pass has gathered so far will be visible by its switch alone, so it belongs in.
Store::Keys Store::keys_to_filter() {
  Keys keys;
  keys.count = static_cast<std::uint64_t>(connection().execAndGet("SELECT own FROM state").getInt64());
  for (const auto& generation : generations_.live()) {
    keys.count += static_cast<std::uint64_t>(generation.keys - generation.shared);
    keys.generations.push_back(generation.number);
  }
  return keys;
}

base::Result<bool> Store::filter_due() try {
  const bool due = prefilter_.due(keys_to_filter().count);
  return due;
} catch (const SQLite::Exception& e) {
  return read_failed(e);
}

base::Result<void> Store::begin_filter() try {
  auto keys = keys_to_filter();
  growing_ = prefilter_.begin(keys.count);
  scan_ = std::make_unique<KeyScan>(path_, std::move(keys.generations));
  return {};
} catch (const SQLite::Exception& e) {
  return read_failed(e);
}

base::Result<bool> Store::scan_for_filter(std::size_t rows) try {
  return scan_->next(rows, [this](std::string_view key) { growing_->add(prefilter_.hash(key)); });
} catch (const SQLite::Exception& e) {
  return read_failed(e);
}

std::shared_ptr<const BloomFilter> Store::serve_filter() {
  scan_.reset();
  growing_.reset();
  return prefilter_.serve();
}

void Store::give_up_filter() {
  scan_.reset();
  growing_.reset();
  prefilter_.give_up();
}

}  // namespace postern::suppression
