#include "net/dns_message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns_bytes.hpp"

namespace postern::net {
namespace {

using base::Errc;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Status = DnsAnswer::Status;

const std::string one(1, '\1');

DnsReading read(const DnsBytes& message, std::string_view name = "example.com", DnsType type = DnsType::txt) {
  const auto result = read_dns_answer(message.bytes(), name, type);
  if (!result) throw std::runtime_error(result.error().message);
  return *result;
}

std::string error(std::string_view bytes, std::string_view name = "example.com",
                  DnsType type = DnsType::txt) {
  const auto result = read_dns_answer(bytes, name, type);
  if (result) return "read";
  return std::string(base::to_string(result.error().code)) + " " + result.error().message;
}
std::string error(const DnsBytes& message, std::string_view name = "example.com",
                  DnsType type = DnsType::txt) {
  return error(message.bytes(), name, type);
}

DnsBytes about(std::string_view name, DnsType type, std::size_t flags = DnsBytes::plain) {
  DnsBytes out(flags);
  out.question(name, type);
  return out;
}
DnsBytes txt() {
  return about("example.com", DnsType::txt);
}

const auto unreadable = HasSubstr("protocol error DNS: unreadable");

TEST(DnsMessage, the_strings_of_a_text_record_are_joined_and_records_kept_apart) {
  const auto got = read(txt()
                            .answer("example.com", DnsType::txt, 300, dns_strings({"v=spf1 a", "ll ", "x"}))
                            .answer("example.com", DnsType::txt, 200, dns_strings({"other"})));
  EXPECT_EQ(got.answer.status, Status::found);
  EXPECT_THAT(got.answer.texts, ElementsAre("v=spf1 all x", "other"));
  EXPECT_EQ(got.ttl, seconds(200));
}

TEST(DnsMessage, octets_of_a_text_are_kept_as_they_are) {
  const std::string odd("\0\xff\"\\ \x7f", 6);
  EXPECT_THAT(read(txt().answer("example.com", DnsType::txt, 1, dns_strings({odd}))).answer.texts,
              ElementsAre(odd));
}

TEST(DnsMessage, a_text_record_without_strings_is_an_empty_text) {
  EXPECT_THAT(read(txt().answer("example.com", DnsType::txt, 1, "")).answer.texts, ElementsAre(""));
}

TEST(DnsMessage, addresses_of_both_families) {
  const std::string v4("\xc0\0\2\1", 4);
  auto message = about("example.com", DnsType::a);
  message.answer("example.com", DnsType::a, 60, v4);
  const auto got = read(message, "example.com", DnsType::a);
  ASSERT_EQ(got.answer.addresses.size(), 1U);
  EXPECT_EQ(got.answer.addresses[0].to_string(), "192.0.2.1");
  auto six = about("example.com", DnsType::aaaa);
  six.answer("example.com", DnsType::aaaa, 60, "\x20\1\xd\xb8" + std::string(11, '\0') + one);
  const auto long_one = read(six, "example.com", DnsType::aaaa);
  ASSERT_EQ(long_one.answer.addresses.size(), 1U);
  EXPECT_EQ(long_one.answer.addresses[0].to_string(), "2001:db8::1");
}

TEST(DnsMessage, exchanges_stand_by_preference) {
  auto message = about("example.com", DnsType::mx);
  message.answer("example.com", DnsType::mx, 60, dns_word(20) + dns_name("b.example.com"))
      .answer("example.com", DnsType::mx, 60, dns_word(10) + dns_name("A.Example.COM"))
      .answer("example.com", DnsType::mx, 60, dns_word(0) + dns_name(""));
  EXPECT_THAT(read(message, "example.com", DnsType::mx).answer.mx,
              ElementsAre(MxRecord{0, ""}, MxRecord{10, "a.example.com"}, MxRecord{20, "b.example.com"}));
}

TEST(DnsMessage, names_are_read_through_compression) {
  auto message = about("1.2.0.192.in-addr.arpa", DnsType::ptr);
  // The question begins at 12; "arpa" in it at 12 + 2 + 2 + 2 + 4 + 8.
  message.record(dns_pointer(12), 12, 60, "\4mail" + dns_pointer(30));
  EXPECT_THAT(read(message, "1.2.0.192.in-addr.arpa", DnsType::ptr).answer.names, ElementsAre("mail.arpa"));
}

TEST(DnsMessage, case_does_not_matter) {
  const auto got =
      read(about("EXAMPLE.com", DnsType::txt).answer("example.COM", DnsType::txt, 60, dns_strings({"Case"})));
  EXPECT_THAT(got.answer.texts, ElementsAre("Case"));
}

TEST(DnsMessage, aliases_are_followed_in_any_order_and_lower_the_time_to_live) {
  const auto got = read(txt()
                            .answer("c.example", DnsType::txt, 300, dns_strings({"end"}))
                            .alias("b.example", "c.example", 40)
                            .alias("example.com", "b.example", 500));
  EXPECT_THAT(got.answer.texts, ElementsAre("end"));
  EXPECT_EQ(got.ttl, seconds(40));
}

TEST(DnsMessage, records_of_other_names_types_and_classes_count_for_nothing) {
  const auto got = read(txt()
                            .answer("other.example", DnsType::txt, 1, dns_strings({"no"}))
                            .answer("example.com", DnsType::a, 1, "1234")
                            .record(dns_name("example.com"), 16, 1, dns_strings({"chaos"}), 3)
                            .answer("example.com", DnsType::txt, 300, dns_strings({"yes"})));
  EXPECT_THAT(got.answer.texts, ElementsAre("yes"));
  EXPECT_EQ(got.ttl, seconds(300));
}

TEST(DnsMessage, a_name_that_does_not_exist_is_an_answer_with_the_time_of_its_zone) {
  const auto got = read(about("example.com", DnsType::txt, DnsBytes::nxdomain)
                            .authority("com", DnsBytes::soa, 900, dns_soa(70000)));
  EXPECT_EQ(got.answer.status, Status::no_such_name);
  EXPECT_EQ(got.ttl, seconds(900));
}

TEST(DnsMessage, no_record_of_the_type_is_an_answer) {
  const auto got = read(txt().authority("com", DnsBytes::soa, 900, dns_soa(70)));
  EXPECT_EQ(got.answer.status, Status::no_data);
  EXPECT_EQ(got.ttl, seconds(70)) << "the least of TTL and MINIMUM: RFC 2308 section 5";
  EXPECT_EQ(read(txt()).answer.status, Status::no_data);
  EXPECT_EQ(read(txt()).ttl, std::nullopt) << "a SOA is missing";
}

TEST(DnsMessage, the_end_of_an_alias_may_not_exist) {
  const auto got = read(about("example.com", DnsType::txt, DnsBytes::nxdomain)
                            .alias("example.com", "b.example", 30)
                            .authority("example", DnsBytes::soa, 900, dns_soa(900)));
  EXPECT_EQ(got.answer.status, Status::no_such_name);
  EXPECT_EQ(got.ttl, seconds(30));
  const auto empty =
      read(txt().alias("example.com", "b.example").authority("example", DnsBytes::soa, 9, dns_soa(9)));
  EXPECT_EQ(empty.answer.status, Status::no_data);
  EXPECT_THAT(empty.alias, IsEmpty());
}

TEST(DnsMessage, an_alias_that_the_server_did_not_follow_is_to_be_asked) {
  const auto got = read(txt().alias("example.com", "B.example", 30));
  EXPECT_EQ(got.alias, "b.example");
  EXPECT_EQ(got.ttl, seconds(30));
  EXPECT_THAT(error(txt().alias("example.com", "")), unreadable) << "the root is no name to ask for";
}

TEST(DnsMessage, a_referral_is_no_answer) {
  EXPECT_THAT(error(txt().authority("com", DnsBytes::ns, 900, dns_name("ns.example"))),
              HasSubstr("unavailable DNS: a referral"));
}

TEST(DnsMessage, failures_of_the_server_are_errors) {
  EXPECT_THAT(error(about("example.com", DnsType::txt, DnsBytes::servfail)),
              HasSubstr("unavailable DNS: SERVFAIL"));
  EXPECT_THAT(error(about("example.com", DnsType::txt, 0x8185)), HasSubstr("unavailable DNS: REFUSED"));
  EXPECT_THAT(error(about("example.com", DnsType::txt, 0x818f)), HasSubstr("unavailable DNS: RCODE 15"));
}

TEST(DnsMessage, an_answer_to_another_question_is_none) {
  EXPECT_THAT(error(about("example.org", DnsType::txt)), unreadable);
  EXPECT_THAT(error(about("example.com", DnsType::a)), unreadable);
  EXPECT_THAT(error(DnsBytes()), unreadable);
  EXPECT_THAT(error(txt().question("example.com", DnsType::txt)), unreadable);
  EXPECT_THAT(error(DnsBytes().question("example.com", DnsType::txt, 3)), unreadable);
}

TEST(DnsMessage, a_query_is_no_answer) {
  EXPECT_THAT(error(about("example.com", DnsType::txt, 0x0100)), unreadable);
  EXPECT_THAT(error(about("example.com", DnsType::txt, 0xa180)), unreadable) << "a NOTIFY";
}

TEST(DnsMessage, a_message_that_is_cut_off_is_an_error_at_every_octet) {
  auto message = txt();
  message.alias("example.com", "b.example").answer("b.example", DnsType::txt, 300, dns_strings({"text"}));
  const auto whole = message.bytes();
  EXPECT_EQ(error(whole), "read");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THAT(error(std::string_view(whole).substr(0, size)), unreadable) << size;
}

TEST(DnsMessage, the_mark_of_truncation_is_an_error) {
  EXPECT_THAT(error(about("example.com", DnsType::txt, DnsBytes::truncated)), unreadable);
}

TEST(DnsMessage, counts_that_lie_are_an_error) {
  EXPECT_THAT(error(txt().claim_answers(5)), unreadable);
  EXPECT_THAT(error(txt().claim_answers(65535)), unreadable);
}

TEST(DnsMessage, data_that_does_not_fit_its_record_is_an_error) {
  EXPECT_THAT(error(txt().answer("example.com", DnsType::txt, 1, "\5four")), unreadable);
  const auto bad = [](DnsType type, const std::string& data) {
    auto message = about("example.com", type);
    message.answer("example.com", type, 1, data);
    return error(message, "example.com", type);
  };
  EXPECT_THAT(bad(DnsType::a, "123"), unreadable);
  EXPECT_THAT(bad(DnsType::a, "12345"), unreadable);
  EXPECT_THAT(bad(DnsType::aaaa, "1234"), unreadable);
  EXPECT_THAT(bad(DnsType::mx, "1"), unreadable);
  EXPECT_THAT(bad(DnsType::mx, dns_word(10)), unreadable);
  EXPECT_THAT(bad(DnsType::mx, dns_word(10) + dns_name("a.example") + "x"), unreadable);
  EXPECT_THAT(bad(DnsType::ptr, dns_name("a.example") + "x"), unreadable);
  EXPECT_THAT(bad(DnsType::ptr, ""), unreadable);
  EXPECT_THAT(error(txt().record(dns_name("example.com"), DnsBytes::cname, 1, "\7short")), unreadable);
  EXPECT_THAT(error(txt().authority("com", DnsBytes::soa, 900, dns_soa(1) + "x")), unreadable);
  EXPECT_THAT(error(txt().authority("com", DnsBytes::soa, 900, "")), unreadable);
}

TEST(DnsMessage, a_loop_of_aliases_is_an_error) {
  EXPECT_THAT(error(txt().alias("example.com", "example.com")), HasSubstr("a loop of CNAMEs"));
  EXPECT_THAT(error(txt().alias("example.com", "b.example").alias("b.example", "example.com")),
              HasSubstr("a loop of CNAMEs"));
}

TEST(DnsMessage, a_chain_of_sixteen_aliases_is_followed_and_no_longer_one) {
  const auto chain = [](int length) {
    auto message = txt();
    std::string from = "example.com";
    for (int i = 0; i < length; ++i) {
      const auto to = "n" + std::to_string(i) + ".example";
      message.alias(from, to);
      from = to;
    }
    return error(message.answer(from, DnsType::txt, 1, dns_strings({"end"})));
  };
  EXPECT_EQ(chain(16), "read");
  EXPECT_THAT(chain(17), HasSubstr("a loop of CNAMEs"));
}

TEST(DnsMessage, pointers_of_compression_lead_back_only) {
  // Where the owner of the first record begins.
  const std::size_t owner = 12 + dns_name("example.com").size() + 4;
  EXPECT_THAT(error(txt().record(dns_pointer(owner), 16, 1, one)), unreadable) << "to itself";
  EXPECT_THAT(error(txt().record(dns_pointer(owner + 4), 16, 1, one)), unreadable) << "ahead";
  EXPECT_THAT(error(txt().record(dns_pointer(0x3fff), 16, 1, one)), unreadable) << "outside";
  EXPECT_THAT(error(txt().record("\1a" + dns_pointer(owner), 16, 1, one)), unreadable) << "to its own label";
  EXPECT_THAT(error(txt().record(std::string("\x40") + "a", 16, 1, one)), unreadable) << "bits of no meaning";
}

TEST(DnsMessage, a_name_has_255_octets_at_most) {
  std::string name;
  for (int i = 0; i < 3; ++i) name += '\x3f' + std::string(63, 'a');
  const auto longest = name + '\x3d' + std::string(61, 'b') + '\0';
  const auto too_long = name + '\x3e' + std::string(62, 'b') + '\0';
  EXPECT_EQ(longest.size(), 255U);
  EXPECT_EQ(error(txt().record(longest, 16, 1, "")), "read");
  EXPECT_THAT(error(txt().record(too_long, 16, 1, "")), unreadable);
}

TEST(DnsMessage, a_name_that_no_text_can_carry_is_an_error) {
  auto message = about("example.com", DnsType::ptr);
  message.answer("example.com", DnsType::ptr, 1, std::string("\3a.b\0", 5));
  EXPECT_THAT(error(message, "example.com", DnsType::ptr), unreadable);
}

TEST(DnsMessage, a_negative_time_to_live_is_none) {
  EXPECT_EQ(read(txt().answer("example.com", DnsType::txt, 0xffffffff, one + "x")).ttl, seconds(0));
}

TEST(DnsMessage, sixty_kilobytes_of_text_are_read) {
  auto message = txt();
  for (int i = 0; i < 230; ++i)
    message.record(dns_pointer(12), 16, 60, dns_strings({std::string(255, static_cast<char>('a' + i % 26))}));
  const auto got = read(message);
  EXPECT_EQ(got.answer.texts.size(), 230U);
  EXPECT_EQ(got.answer.texts[27], std::string(255, 'b'));
}

TEST(DnsName, is_lower_case_without_the_final_dot) {
  std::string name = "_DMARC.Example.COM.";
  EXPECT_TRUE(normalize_dns_name(name));
  EXPECT_EQ(name, "_dmarc.example.com");
}

TEST(DnsName, may_have_any_octet_but_nul) {
  std::string odd = "a b%\\\xff.example.com";
  EXPECT_TRUE(normalize_dns_name(odd));
  EXPECT_EQ(odd, "a b%\\\xff.example.com");
  std::string nul("a\0b.example.com", 15);
  EXPECT_EQ(normalize_dns_name(nul).error().code, Errc::invalid);
}

TEST(DnsName, that_dns_cannot_carry_is_invalid) {
  const std::string label(63, 'a');
  const auto valid = [](std::string name) { return normalize_dns_name(name).has_value(); };
  for (const char* bad : {"", ".", "..", ".example.com", "a..b", "example.com.."})
    EXPECT_FALSE(valid(bad)) << bad;
  EXPECT_TRUE(valid(label + ".example.com"));
  EXPECT_FALSE(valid(label + "a.example.com"));
  const auto three = label + "." + label + "." + label + ".";
  EXPECT_TRUE(valid(three + std::string(61, 'b')));
  EXPECT_TRUE(valid(three + std::string(61, 'b') + "."));
  EXPECT_FALSE(valid(three + std::string(62, 'b')));
}

}  // namespace
}  // namespace postern::net
