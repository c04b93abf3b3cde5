#include "yaml_document.hpp"

#include <yaml-cpp/eventhandler.h>

#include <optional>
#include <sstream>
#include <string>

namespace postern::app {

namespace {

// On some broken input yaml-cpp 0.7 finds empty documents without end, so YAML::LoadAll must not be used.
constexpr int most_documents = 8;

// Looks for content, no matter what.
class ContentFinder final : public YAML::EventHandler {
 public:
  const std::optional<YAML::Mark>& found() const { return found_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { find(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t, const std::string&) override {
    find(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    find(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    find(mark);
  }
  void OnMapEnd() override {}

 private:
  void find(const YAML::Mark& mark) {
    if (!found_) found_ = mark;
  }

  std::optional<YAML::Mark> found_;
};

int line_of(const YAML::Mark& mark) {
  return mark.is_null() ? 1 : mark.line + 1;
}

// Only the first document is read. What stands in another one would be accepted and ignored.
std::optional<int> line_of_later_content(const std::string& text) {
  std::istringstream in(text);
  YAML::Parser parser(in);
  for (int i = 0; i < most_documents; ++i) {
    ContentFinder finder;
    if (!parser.HandleNextDocument(finder)) return std::nullopt;
    if (i > 0 && finder.found()) return line_of(*finder.found());
  }
  return 1;
}

}  // namespace

std::optional<YAML::Node> single_document(std::string_view text, Problems& problems) {
  try {
    const std::string copy(text);
    const auto later = line_of_later_content(copy);
    const YAML::Node root = later ? YAML::Node() : YAML::Load(copy);
    if (!later && (root.IsMap() || root.IsNull())) return root;
    problems.push_back({later.value_or(1), "yaml",
                        later ? "there must be one document in the file" : "the file must be a map of keys"});
  } catch (const YAML::Exception& error) {
    problems.push_back({line_of(error.mark), "yaml", error.msg});
  }
  return std::nullopt;
}

}  // namespace postern::app
