// What the SQLite books need to run in a test: a loop, threads, a log that is kept, a directory.
#pragma once

#include <boost/asio/io_context.hpp>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include "postern/base/books_writer.hpp"
#include "postern/base/log.hpp"
#include "postern/base/metrics.hpp"
#include "postern/base/offload.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

namespace postern::support {

struct Books {
  TempDir directory;
  boost::asio::io_context loop;
  ManualClock clock;
  std::mutex mutex;
  std::vector<std::string> lines;
  base::Log log{clock, [this](std::string_view line) {
                  const std::lock_guard lock(mutex);
                  lines.emplace_back(line);
                }};
  base::Metrics metrics;
  base::Pool disk{"disk", 2};
  base::BooksWriter writer;

  template <class T>
  T wait(base::Task<T> task) {
    return run(loop, std::move(task));
  }
  std::string logged() {
    const std::lock_guard lock(mutex);
    std::string all;
    for (const auto& line : lines) all += line;
    return all;
  }
  void write_file(const std::string& name, const std::string& bytes) const {
    std::ofstream(directory.file(name), std::ios::binary) << bytes;
  }
};

}  // namespace postern::support
