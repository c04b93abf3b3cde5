#include "postern/app/config.hpp"

#include <algorithm>
#include <boost/throw_exception.hpp>
#include <stdexcept>

#include "config_sections.hpp"
#include "environment.hpp"
#include "yaml_document.hpp"

namespace postern::app {

namespace {

void read_all(Section& root, Config& into) {
  root.value("hostname", into.hostname, domain());
  root.value("state_dir", into.state_dir, some_text());
  read_listen(root, into.listen);
  root.section("access", [&](Section& section) { read_access(section, into.access); });
  root.section("limits", [&](Section& section) { read_limits(section, into.limits); });
  root.section("rewrite", [&](Section& section) { read_rewrite(section, into.rewrite); });
  root.section("message", [&](Section& section) { read_message(section, into.message); });
  root.section("dkim", [&](Section& section) { read_dkim(section, into.dkim); });
  root.section("spf", [&](Section& section) { read_spf(section, into.spf); });
  root.section("dmarc", [&](Section& section) { read_dmarc(section, into.dmarc); });
  root.section("dns", [&](Section& section) { read_dns(section, into.dns); });
  root.section("suppression", [&](Section& section) { read_suppression(section, into.suppression); });
  root.section("aws", [&](Section& section) { read_aws(section, into.aws); });
  read_upstreams(root, into.upstream);
  root.section("delivery", [&](Section& section) { read_delivery(section, into.delivery); });
  root.section("admin", [&](Section& section) { read_admin(section, into.admin); });
  root.section("log", [&](Section& section) { read_log(section, into.log); });
  root.finish();
}

void read_document(std::string_view text, Loading& loading, Config& into) {
  auto document = single_document(text, loading.problems);
  if (!document) return;
  loading.from_environment = apply_environment(*document, loading.machine.variables, loading.problems);
  Section root(loading, "", *document, 1);
  read_all(root, into);
}

}  // namespace

LoadResult load_config(const std::string& path, const Machine& machine, Extent extent) {
  const auto text = machine.read_file(path);
  // In a container the environment may say it all.
  const bool none = text.has_error() && text.error().code == base::Errc::not_found;
  if (none && path == default_config_file && configures(machine.variables))
    return parse_config("", path, machine, extent);
  if (text.has_error()) return Problems{{1, "yaml", text.error().message}};
  return parse_config(*text, path, machine, extent);
}

LoadResult parse_config(std::string_view text, const std::string& file, const Machine& machine,
                        Extent extent) {
  Loading loading(machine, false, extent);
  Config config;
  config.hostname = machine.name;
  read_document(text, loading, config);
  if (!loading.problems.empty()) {
    std::stable_sort(loading.problems.begin(), loading.problems.end(),
                     [](const Problem& a, const Problem& b) { return a.line < b.line; });
    return std::move(loading.problems);
  }
  config.origin = {file, std::move(loading.lines)};
  return config;
}

std::vector<KeyInfo> known_keys() {
  const Machine nowhere;
  Loading loading(nowhere, true);
  Config ignored;
  Section root(loading, "", YAML::Node(), 1);
  read_all(root, ignored);
  return std::move(loading.keys);
}

std::string to_string(const Problem& problem, std::string_view file) {
  if (problem.line == 0) return "environment: " + problem.key + ": " + problem.message;
  return std::string(file) + ":" + std::to_string(problem.line) + ": " + problem.key + ": " + problem.message;
}

void throw_exception_from_error(const Problems& problems, const boost::source_location& where) {
  const std::string first = problems.empty() ? "" : to_string(problems.front(), "configuration");
  boost::throw_exception(std::runtime_error(first), where);
}

}  // namespace postern::app
