#include "postern/base/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace postern::base {

namespace {

// The text format escapes \ and line ends everywhere, " in label values only.
std::string escape(std::string_view value, bool quotes) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || (c == '"' && quotes)) out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

// {a="1",b="2"}, or nothing; `extra` is a label of the renderer's own (le of a histogram).
std::string braces(const Labels& labels, std::string_view extra = {}) {
  if (labels.empty() && extra.empty()) return {};
  std::string out = "{";
  for (const auto& [name, value] : labels) {
    if (out.size() > 1) out += ',';
    out += name + "=\"" + escape(value, true) + '"';
  }
  if (!extra.empty()) {
    if (out.size() > 1) out += ',';
    out += extra;
  }
  return out + "}";
}

// The format spells these out its own way.
std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

}  // namespace

struct Metrics::Family {
  std::string help;
  std::string type;
  std::map<Labels, std::unique_ptr<Counter>> counters;
  std::map<Labels, std::unique_ptr<Gauge>> gauges;
  std::map<Labels, std::function<double()>> functions;
  std::map<Labels, std::unique_ptr<Histogram>> histograms;
};

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)),
      buckets_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1)) {}

void Histogram::observe(double seconds) {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), seconds) - bounds_.begin();
  buckets_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(seconds, std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= bounds_.size(); ++i) total += buckets_[i].load(std::memory_order_relaxed);
  return total;
}

Metrics::Metrics() = default;
Metrics::~Metrics() = default;

Metrics::Family& Metrics::family(std::string_view name, std::string_view help, std::string_view type) {
  auto found = families_.find(name);
  if (found == families_.end()) {
    found = families_.emplace(std::string(name), std::make_unique<Family>()).first;
    found->second->help = help;
    found->second->type = type;
  }
  return *found->second;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, Labels labels) {
  const std::lock_guard lock(mutex_);
  auto& slot = family(name, help, "counter").counters[std::move(labels)];
  if (!slot) slot = std::make_unique<Counter>();
  return *slot;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, Labels labels) {
  const std::lock_guard lock(mutex_);
  auto& slot = family(name, help, "gauge").gauges[std::move(labels)];
  if (!slot) slot = std::make_unique<Gauge>();
  return *slot;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                              Labels labels) {
  const std::lock_guard lock(mutex_);
  auto& slot = family(name, help, "histogram").histograms[std::move(labels)];
  if (!slot) slot = std::make_unique<Histogram>(std::move(bounds));
  return *slot;
}

void Metrics::gauge_function(std::string_view name, std::string_view help, Labels labels,
                             std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  family(name, help, "gauge").functions[std::move(labels)] = std::move(read);
}

std::string Metrics::render() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  auto to = std::back_inserter(out);
  for (const auto& [name, f] : families_) {
    fmt::format_to(to, "# HELP {} {}\n# TYPE {} {}\n", name, escape(f->help, false), name, f->type);
    for (const auto& [labels, c] : f->counters)
      fmt::format_to(to, "{}{} {}\n", name, braces(labels), c->value());
    for (const auto& [labels, g] : f->gauges)
      fmt::format_to(to, "{}{} {}\n", name, braces(labels), number(g->value()));
    for (const auto& [labels, read] : f->functions)
      fmt::format_to(to, "{}{} {}\n", name, braces(labels), number(read()));
    for (const auto& [labels, h] : f->histograms) {
      std::uint64_t total = 0;
      for (std::size_t i = 0; i < h->bounds_.size(); ++i) {
        total += h->buckets_[i].load(std::memory_order_relaxed);
        const std::string le = fmt::format("le=\"{}\"", h->bounds_[i]);
        fmt::format_to(to, "{}_bucket{} {}\n", name, braces(labels, le), total);
      }
      total += h->buckets_[h->bounds_.size()].load(std::memory_order_relaxed);
      fmt::format_to(to, "{}_bucket{} {}\n", name, braces(labels, "le=\"+Inf\""), total);
      fmt::format_to(to, "{}_sum{} {}\n{}_count{} {}\n", name, braces(labels),
                     h->sum_.load(std::memory_order_relaxed), name, braces(labels), total);
    }
  }
  return out;
}

}  // namespace postern::base
