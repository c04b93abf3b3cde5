// Where the tests of aws find outside data, and requests as text: the signature suite and what SDKs sent.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "postern/aws/sigv4.hpp"

namespace postern::aws {

inline std::filesystem::path corpus(const std::string& name) {
  const char* given = std::getenv("POSTERN_CORPORA");
  const std::filesystem::path root = given != nullptr ? given : POSTERN_SOURCE_DIR "/../shared/corpora";
  return root / "aws" / name;
}

inline std::string slurp(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A request as text: start line (blanks in its target stay), header lines of which some may be folded, body.
struct TextRequest {
  std::string method, path, query;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  std::string header(const std::string& lower_name) const {
    for (const auto& [name, value] : headers) {
      std::string lower = name;
      for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (lower == lower_name) return value;
    }
    return {};
  }
};

inline TextRequest parse_text_request(const std::string& text) {
  TextRequest out;
  std::istringstream in(text);
  std::string line;
  std::getline(in, line);
  if (line.ends_with(" HTTP/1.1")) line.resize(line.size() - 9);
  out.method = line.substr(0, line.find(' '));
  const std::string target = line.substr(line.find(' ') + 1);
  out.path = target.substr(0, target.find('?'));
  if (out.path.size() < target.size()) out.query = target.substr(out.path.size() + 1);
  while (std::getline(in, line) && !line.empty()) {
    if (line.front() == ' ') {
      out.headers.back().second += "\n" + line;
    } else {
      const auto colon = line.find(':');
      const auto value = std::min(line.find_first_not_of(' ', colon + 1), line.size());
      out.headers.emplace_back(line.substr(0, colon), line.substr(value));
    }
  }
  out.body.assign(std::istreambuf_iterator<char>(in), {});
  return out;
}

// "--- METHOD TARGET" begins each request of a capture.
inline std::vector<TextRequest> read_capture(const std::string& name) {
  std::vector<TextRequest> out;
  const std::string text = slurp(corpus("wire/" + name));
  for (auto at = text.find("--- "); at != std::string::npos;) {
    const auto next = text.find("\n--- ", at);
    auto request = parse_text_request(text.substr(at + 4, next == std::string::npos ? next : next - at - 4));
    while (!request.body.empty() && request.body.back() == '\n') request.body.pop_back();
    out.push_back(std::move(request));
    at = next == std::string::npos ? next : next + 1;
  }
  return out;
}

}  // namespace postern::aws
