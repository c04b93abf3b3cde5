// Real mail: the public test messages of many mail libraries, in wire form. POSTERN_CORPORA names the folder.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/src.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "postern/mail/address.hpp"
#include "postern/mail/fixups.hpp"

namespace postern::mail {
namespace {

std::string corpus_folder() {
  const char* named = std::getenv("POSTERN_CORPORA");
  return (named != nullptr ? std::string(named) : POSTERN_SOURCE_DIR "/../shared/corpora") + "/mail/";
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What a session hands over: all up to the empty line.
std::string header_section(const std::string& message) {
  if (message.starts_with("\r\n")) return {};
  const auto end = message.find("\r\n\r\n");
  return end == std::string::npos ? message : message.substr(0, end + 2);
}

Trace trace() {
  Trace out;
  out.helo = "corpus";
  out.client = "127.0.0.1";
  out.protocol = "ESMTP";
  out.id = "0123456789ABCDEF";
  out.sender = "corpus@example.com";
  out.when = base::from_rfc3339("2026-11-24T10:15:30Z").value();
  return out;
}

bool is_added(const HeaderBlock::Field& field) {
  return field.is("Received") || field.is("From") || field.is("Date") || field.is("Message-ID") ||
         field.is("MIME-Version");
}

// After a fix: what is added, then every byte that was there without the fields that are removed.
void expect_untouched(const std::string& section, HeaderBlock before, const HeaderBlock& after,
                      const std::string& file) {
  std::size_t removed = 0;
  for (const char* name : {"Bcc", "Resent-Bcc", "DKIM-Signature"}) removed += before.remove(name);
  const std::string kept = removed == 0 ? section : before.bytes();
  EXPECT_TRUE(after.bytes().ends_with(kept)) << file;
  EXPECT_TRUE(after.fields()[0].is("Received")) << file;
  ASSERT_GT(after.fields().size(), before.fields().size()) << file;
  const std::size_t added = after.fields().size() - before.fields().size();
  for (std::size_t i = 0; i < added; ++i) EXPECT_TRUE(is_added(after.fields()[i])) << file;
}

// Goes through what an accepted message goes through. Empty: accepted; else why not.
std::string pass(const std::string& section, const std::string& file) {
  EXPECT_LE(section.size(), 1024U * 1024U) << file;
  auto header = HeaderBlock::parse(section);
  if (header.has_error()) return header.error().message;
  EXPECT_EQ(header->bytes(), section) << file;
  HeaderBlock before = *header;
  const auto done = fix(*header, {true, 50, "mail.example.com"}, {}, trace());
  if (done.has_error()) return done.error().detail;
  expect_untouched(section, std::move(before), *header, file);
  EXPECT_EQ(header->count("From"), 1U) << file;
  EXPECT_TRUE(HeaderBlock::parse(header->bytes()).has_value()) << file;
  return {};
}

bool from_is_readable(const std::string& section) {
  const auto header = HeaderBlock::parse(section);
  if (header.has_error() || header->find("From") == nullptr) return false;
  const auto from = parse_address_list(header->find("From")->body());
  return from.has_value() && !from->empty();
}

TEST(Corpus, clean_messages_pass_untouched_and_others_pass_or_are_refused) {
  const std::string manifest = read(corpus_folder() + "manifest.json");
  if (manifest.empty()) GTEST_SKIP() << "no test messages at " << corpus_folder() << " (POSTERN_CORPORA)";
  const auto entries = boost::json::parse(manifest);
  std::size_t clean = 0, too_large = 0, from_read = 0, passed = 0, refused = 0;
  for (const auto& value : entries.as_array()) {
    const auto& entry = value.as_object();
    const std::string file(entry.at("file").as_string());
    const std::string section = header_section(read(corpus_folder() + file));
    const std::string problem = pass(section, file);
    if (!entry.at("clean").as_bool()) {
      ++(problem.empty() ? passed : refused);
      continue;
    }
    ++clean;
    // Two clean messages have a field that cannot be signed.
    const bool large = problem.ends_with("field too large") && section.size() > 64U * 1024U;
    EXPECT_TRUE(problem.empty() || large) << file << ": " << problem;
    if (large) ++too_large;
    if (from_is_readable(section)) ++from_read;
  }
  std::printf("clean %zu: %zu with too large a field, From readable in %zu; others: %zu pass, %zu refused\n",
              clean, too_large, from_read, passed, refused);
  EXPECT_GT(clean, 600U);
  EXPECT_LE(too_large, 2U);
  EXPECT_GT(from_read, clean * 97 / 100);
  EXPECT_GT(refused, 20U);
}

}  // namespace
}  // namespace postern::mail
