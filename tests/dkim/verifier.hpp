// A verifier of one rsa-sha256 relaxed/relaxed signature, written from RFC 6376 alone, so that unit tests can
// change a message and see the verdict at once. The corpus is judged by dkimpy (dkim_corpus_test.py).
#pragma once

#include <openssl/evp.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::dkim::test {

inline bool is_wsp(char c) {
  return c == ' ' || c == '\t';
}

inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

// Runs of white space become one blank; with `trim` those at both ends go.
inline std::string squeeze(std::string_view text, bool trim) {
  std::string out;
  for (const char c : text) {
    if (!is_wsp(c))
      out += c;
    else if (out.empty() || out.back() != ' ')
      out += ' ';
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  if (trim && out.starts_with(' ')) out.erase(0, 1);
  return out;
}

inline std::string without(std::string_view text, std::string_view unwanted) {
  std::string out;
  for (const char c : text) {
    if (unwanted.find(c) == std::string_view::npos) out += c;
  }
  return out;
}

struct Field {
  std::string name;  // lower case, trimmed
  std::string body;  // as it stands, without the final CRLF
};

inline std::vector<Field> split_fields(std::string_view header) {
  std::vector<Field> fields;
  std::size_t begin = 0;
  while (begin < header.size()) {
    std::size_t end = header.find("\r\n", begin);
    while (end + 2 < header.size() && is_wsp(header[end + 2])) end = header.find("\r\n", end + 2);
    const auto line = header.substr(begin, end - begin);
    const auto colon = line.find(':');
    fields.push_back({squeeze(lower(line.substr(0, colon)), true), std::string(line.substr(colon + 1))});
    begin = end + 2;
  }
  return fields;
}

// RFC 6376 3.4.2
inline std::string relaxed(const Field& field) {
  return field.name + ":" + squeeze(without(field.body, "\r\n"), true);
}

// RFC 6376 3.4.4
inline std::string relaxed_body(std::string_view body) {
  std::string out;
  std::size_t kept = 0;  // up to the last line that is not empty
  while (!body.empty()) {
    const auto end = std::min(body.find("\r\n"), body.size());
    out += squeeze(body.substr(0, end), false) + "\r\n";
    if (out.size() > 2 && out.compare(out.size() - 4 < out.size() ? out.size() - 4 : 0, 4, "\r\n\r\n") != 0)
      kept = out.size();
    body.remove_prefix(std::min(end + 2, body.size()));
  }
  out.resize(kept);
  return out;
}

inline std::string base64_decode(std::string text) {
  text = without(text, " \t\r\n");
  std::string out(text.size() / 4 * 3 + 3, '\0');
  const int n =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(std::max(n, 0)) -
             static_cast<std::size_t>(std::count(text.begin(), text.end(), '=')));
  return out;
}

inline std::map<std::string, std::string> tags_of(std::string_view body) {
  std::map<std::string, std::string> tags;
  while (!body.empty()) {
    const auto part = body.substr(0, body.find(';'));
    body.remove_prefix(std::min(part.size() + 1, body.size()));
    const auto equals = part.find('=');
    if (equals != std::string_view::npos)
      tags[without(part.substr(0, equals), " \t\r\n")] = without(part.substr(equals + 1), " \t\r\n");
  }
  return tags;
}

inline bool rsa_verify(EVP_PKEY* key, std::string_view data, std::string_view signature) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(data.data()),
                          data.size()) == 1;
}

inline std::string sha256(std::string_view data) {
  std::string out(32, '\0');
  EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr, EVP_sha256(),
             nullptr);
  return out;
}

// What the signature covers of the header: instances from the bottom, missing ones count as nothing.
inline std::string covered_header(std::vector<Field> fields, std::string names) {
  std::string data;
  names += ':';
  for (std::size_t begin = 0; begin < names.size();) {
    const auto end = names.find(':', begin);
    const auto name = lower(std::string_view(names).substr(begin, end - begin));
    begin = end + 1;
    const auto found =
        std::find_if(fields.rbegin(), fields.rend(), [&](const Field& f) { return f.name == name; });
    if (found == fields.rend()) continue;
    data += relaxed(*found) + "\r\n";
    fields.erase(std::next(found).base());
  }
  return data;
}

// "pass", or what is wrong. `header` begins with the DKIM-Signature field.
inline std::string verify(std::string_view header, std::string_view body, EVP_PKEY* key) {
  auto fields = split_fields(header);
  if (fields.empty() || fields.front().name != "dkim-signature") return "no signature";
  auto own = fields.front();
  fields.erase(fields.begin());
  auto tags = tags_of(own.body);
  if (sha256(relaxed_body(body)) != base64_decode(tags["bh"])) return "body hash differs";
  auto b = own.body.rfind("b=");
  own.body.resize(b + 2);
  const auto data = covered_header(fields, tags["h"]) + relaxed(own);
  return rsa_verify(key, data, base64_decode(tags["b"])) ? "pass" : "signature differs";
}

}  // namespace postern::dkim::test
