// Takes messages the way intake and delivery do (dot decoder with repair, header section, fix-ups, signature)
// and writes what would be sent, for dkim_corpus_test.py to judge.
//   sign_tool OUT < paths of messages, one a line
// OUT/key.txt gets the DNS record of the key, made for this run, OUT/<n>.eml the n-th message. On stdout a
// line for each message: "signed" (libopendkim verifies it then), or "refused" and why, or "opendkim" and
// what it finds wrong.
#include <iostream>
#include <iterator>

#include "dkim/keys.hpp"
#include "dkim/opendkim.hpp"
#include "dkim/proof.hpp"
#include "postern/dkim/signer.hpp"
#include "postern/mail/fixups.hpp"
#include "postern/smtp/dot_codec.hpp"

namespace postern::dkim {
namespace {

const std::string domain = "corpus.example";
const auto now = base::from_rfc3339("2026-11-24T10:15:30Z").value();

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Message {
  std::string header;
  std::string body;
};

Message split(const std::string& bytes) {
  if (bytes.starts_with("\r\n")) return {"", bytes.substr(2)};
  const auto empty_line = bytes.find("\r\n\r\n");
  if (empty_line == std::string::npos) return {bytes, ""};
  return {bytes.substr(0, empty_line + 2), bytes.substr(empty_line + 4)};
}

class Tool {
 public:
  explicit Tool(std::string out) : out_(std::move(out)) {
    const auto file = test::write_file(out_ + "/key.pem", test::pem(test::shared_rsa()));
    test::write_file(out_ + "/key.txt", record_);
    signer_ = Signer::create({{domain, "s1", file, true}}).value();
  }

  std::string process(const std::string& bytes, int number) {
    std::string wire, decoded;
    smtp::DotEncoder encoder;
    encoder.feed(bytes, wire);
    encoder.finish(wire);
    smtp::DotDecoder decoder(true);
    if (decoder.feed(wire, decoded) != wire.size() || !decoder.done())
      return "refused decoder: no end of data";
    if (decoder.nul() > 0) return "refused nul: " + std::to_string(decoder.nul()) + " NUL octets";
    return fix_and_sign(split(decoded), number);
  }

 private:
  std::string fix_and_sign(const Message& message, int number) {
    auto header = mail::HeaderBlock::parse(message.header);
    if (!header) return "refused header: " + header.error().message;
    const mail::Trace trace{"app", "127.0.0.1", "ESMTP", "id", "app@" + domain, "to@example.net", now};
    const auto fixed = mail::fix(*header, {true, 50, "relay." + domain}, {}, trace);
    if (!fixed) return "refused fix: " + fixed.error().detail;
    bool given = false;
    const BodySource body = [&]() -> base::Result<std::string_view> {
      return std::exchange(given, true) ? std::string_view() : std::string_view(message.body);
    };
    const auto field = signer_->sign(domain, header->bytes(), body, now);
    if (!field) return "refused sign: " + field.error().message;
    const auto sent = *field + header->bytes();
    test::write_file(out_ + "/" + std::to_string(number) + ".eml", sent + "\r\n" + message.body);
    const auto verified = Verifier::shared().verify(sent, message.body, record_);
    if (!verified) return "signed, but " + verified.error().message;
    return "signed";
  }

  std::string out_;
  std::string record_ = key_record(PrivateKey(Key(EVP_PKEY_dup(test::shared_rsa()))));
  std::shared_ptr<const Signer> signer_;
};

}  // namespace
}  // namespace postern::dkim

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  postern::dkim::Tool tool(argv[1]);
  std::string path;
  for (int number = 0; std::getline(std::cin, path); ++number)
    std::cout << tool.process(postern::dkim::read_file(path), number) << '\n';
  return std::cin.eof() ? 0 : 1;
}
