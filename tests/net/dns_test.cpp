// What is asked, and what is made of the answers. Who gets a kept one: dns_kept_test.cpp.
#include "dns_fixture.hpp"

namespace postern::net {
namespace {

using base::Errc;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using Status = DnsAnswer::Status;

TEST_F(DnsTest, a_text_is_found) {
  text("example.com", "v=spf1 -all");
  const auto answer = ask("example.com");
  ASSERT_TRUE(answer);
  EXPECT_EQ((*answer)->status, Status::found);
  EXPECT_THAT((*answer)->texts, ElementsAre("v=spf1 -all"));
  EXPECT_EQ((*answer)->expires, clock.steady_now() + seconds(300));
}

TEST_F(DnsTest, absence_is_an_answer_of_two_kinds) {
  dns.scripts["empty.example.com"] = [](const DnsQuery& query) {
    return query.reply().authority("example.com", DnsBytes::soa, 100, dns_soa(40)).bytes();
  };
  const auto none = ask("none.example.com");
  ASSERT_TRUE(none);
  EXPECT_EQ((*none)->status, Status::no_such_name);
  EXPECT_EQ((*none)->expires, clock.steady_now() + minutes(1)) << "no SOA";
  const auto empty = ask("empty.example.com");
  ASSERT_TRUE(empty);
  EXPECT_EQ((*empty)->status, Status::no_data);
  EXPECT_EQ((*empty)->expires, clock.steady_now() + seconds(40));
}

TEST_F(DnsTest, failures_of_the_server_are_unavailable) {
  dns.hosts["broken.example.com"] = {{}, 2};
  dns.hosts["refused.example.com"] = {{}, 5};
  EXPECT_EQ(error("broken.example.com"), Errc::unavailable);
  EXPECT_EQ(error("refused.example.com"), Errc::unavailable);
}

TEST_F(DnsTest, silence_is_a_timeout) {
  silence("silent.example.com");
  resolver = make(real_clock, {{}, milliseconds(20), 2});
  EXPECT_EQ(error("silent.example.com"), Errc::timeout);
  EXPECT_EQ(dns.queries, 2);
}

TEST_F(DnsTest, a_server_that_is_not_there_is_unavailable) {
  std::string closed;
  {
    const FakeDns gone(loop);
    closed = gone.address();
  }
  loop.restart();
  loop.poll();
  const DnsOptions options{{closed}, milliseconds(20), 1};
  resolver = std::move(CaresResolver::create(loop.get_executor(), real_clock, options).value());
  EXPECT_EQ(error("example.com"), Errc::unavailable);
}

TEST_F(DnsTest, answers_that_are_no_answers_are_waited_past) {
  dns.scripts["id.example.com"] = [](const DnsQuery& query) {
    auto bytes = query.reply().answer("id.example.com", DnsType::txt, 60, dns_strings({"forged"})).bytes();
    bytes[0] = static_cast<char>(bytes[0] ^ 0x55);
    return bytes;
  };
  dns.scripts["garbage.example.com"] = [](const DnsQuery&) { return std::string("\0\1\2", 3); };
  dns.scripts["other.example.com"] = [](const DnsQuery& query) {
    DnsQuery other = query;
    other.name = "forged.example.com";
    return other.reply().bytes();
  };
  resolver = make(real_clock, {{}, milliseconds(20), 1});
  for (const char* name : {"id.example.com", "garbage.example.com", "other.example.com"})
    EXPECT_EQ(error(name), Errc::timeout) << name;
}

TEST_F(DnsTest, an_answer_that_cannot_be_read_breaks_the_protocol) {
  dns.scripts["lie.example.com"] = [](const DnsQuery& query) {
    return query.reply().claim_answers(5).bytes();
  };
  dns.scripts["loop.example.com"] = [](const DnsQuery& query) {
    return query.reply().alias("loop.example.com", "loop.example.com").bytes();
  };
  EXPECT_EQ(error("lie.example.com"), Errc::protocol);
  EXPECT_EQ(error("loop.example.com"), Errc::protocol);
}

TEST_F(DnsTest, a_cut_answer_is_fetched_by_tcp) {
  dns.scripts["large.example.com"] = [](const DnsQuery& query) {
    if (!query.tcp) return query.reply(DnsBytes::truncated).bytes();
    auto reply = query.reply();
    for (int i = 0; i < 200; ++i)
      reply.record(dns_pointer(12), 16, 60, dns_strings({std::string(250, static_cast<char>('a' + i % 26))}));
    return reply.bytes();
  };
  const auto answer = ask("large.example.com");
  ASSERT_TRUE(answer);
  EXPECT_EQ((*answer)->texts.size(), 200U);
  EXPECT_EQ((*answer)->texts.back(), std::string(250, 'r'));
  EXPECT_EQ(dns.tcp_queries, 1);
}

TEST_F(DnsTest, a_datagram_larger_than_was_asked_for_is_not_trusted_but_fetched_by_tcp) {
  for (const int records : {6, 30}) {
    const auto name = "n" + std::to_string(records) + ".example.com";
    dns.scripts[name] = [records](const DnsQuery& query) {
      auto reply = query.reply();
      for (int i = 0; i < records; ++i)
        reply.record(dns_pointer(12), 16, 60, dns_strings({std::string(250, 'x')}));
      return reply.bytes();
    };
    const int before = dns.tcp_queries;
    EXPECT_THAT(texts(ask(name)), testing::SizeIs(static_cast<std::size_t>(records)));
    EXPECT_EQ(dns.tcp_queries, before + 1);
  }
}

TEST_F(DnsTest, a_connection_that_is_closed_without_an_answer_is_unavailable) {
  dns.scripts["closed.example.com"] = [](const DnsQuery& query) {
    return query.tcp ? std::string() : query.reply(DnsBytes::truncated).bytes();
  };
  resolver = make(real_clock, {{}, milliseconds(50), 2});
  EXPECT_EQ(error("closed.example.com"), Errc::unavailable);
  EXPECT_GE(dns.tcp_queries, 1);
}

TEST_F(DnsTest, a_datagram_of_1200_octets_is_asked_for_and_taken) {
  dns.scripts["edns.example.com"] = [](const DnsQuery& query) {
    auto reply = query.reply();
    for (int i = 0; i < 4; ++i) reply.record(dns_pointer(12), 16, 60, dns_strings({std::string(250, 'x')}));
    return reply.bytes();
  };
  EXPECT_THAT(texts(ask("edns.example.com")), testing::SizeIs(4));
  EXPECT_EQ(dns.tcp_queries, 0);
  EXPECT_TRUE(dns.asked.at(0).edns());
}

TEST_F(DnsTest, a_server_that_knows_no_edns_is_asked_without) {
  dns.scripts["old.example.com"] = [](const DnsQuery& query) {
    if (query.edns()) return query.reply(0x8181).bytes();
    return query.reply().answer("old.example.com", DnsType::txt, 60, dns_strings({"old"})).bytes();
  };
  EXPECT_THAT(texts(ask("old.example.com")), ElementsAre("old"));
}

TEST_F(DnsTest, an_alias_is_asked_for_where_the_server_does_not_follow_it) {
  dns.scripts["www.example.com"] = [](const DnsQuery& query) {
    return query.reply().alias("www.example.com", "end.example.net", 20).bytes();
  };
  text("end.example.net", "end", 300);
  const auto answer = ask("www.example.com");
  EXPECT_THAT(texts(answer), ElementsAre("end"));
  EXPECT_EQ((*answer)->expires, clock.steady_now() + seconds(20));
}

TEST_F(DnsTest, aliases_that_lead_in_a_circle_come_to_an_end) {
  dns.scripts["a.example.com"] = [](const DnsQuery& query) {
    return query.reply().alias("a.example.com", "b.example.com").bytes();
  };
  dns.scripts["b.example.com"] = [](const DnsQuery& query) {
    return query.reply().alias("b.example.com", "a.example.com").bytes();
  };
  EXPECT_EQ(error("a.example.com"), Errc::protocol);
  EXPECT_EQ(dns.queries, 8);
}

TEST_F(DnsTest, odd_octets_are_asked_as_they_are) {
  for (const std::string label :
       {"a b", "50%", "back\\slash", "end\\", "k\xc3\xb6ln", "\"q\"(c);@", "\x01\x7f\xff"}) {
    const auto name = label + ".example.com";
    text(name, label);
    EXPECT_THAT(texts(ask(name)), ElementsAre(label));
  }
}

TEST_F(DnsTest, names_are_asked_in_lower_case) {
  text("mixed.example.com", "case");
  EXPECT_THAT(texts(ask("MiXeD.Example.com")), ElementsAre("case"));
}

TEST_F(DnsTest, a_name_that_dns_cannot_carry_is_never_asked) {
  const std::string long_label(64, 'a');
  for (const std::string& name : {std::string(), std::string("."), std::string("a..b"),
                                  long_label + ".example.com", std::string("a\0b.example.com", 15)})
    EXPECT_EQ(error(name), Errc::invalid) << name;
  EXPECT_EQ(dns.queries, 0);
}

TEST_F(DnsTest, the_longest_names_are_asked) {
  const std::string label(63, 'a');
  const auto name = label + "." + label + "." + label + "." + std::string(61, 'b');
  text(name, "long");
  EXPECT_THAT(texts(ask(name)), ElementsAre("long"));
}

TEST_F(DnsTest, hosts_file_and_search_list_have_no_say) {
  EXPECT_EQ((*ask("localhost", DnsType::a))->status, Status::no_such_name);
  ASSERT_EQ(dns.queries, 1);
  EXPECT_EQ(dns.asked[0].name, "localhost");
}

TEST_F(DnsTest, onion_names_do_not_exist_and_are_not_asked) {
  EXPECT_EQ((*ask("example.onion"))->status, Status::no_such_name);
  EXPECT_EQ(dns.queries, 0);
}

TEST_F(DnsTest, the_next_server_is_asked_when_one_fails) {
  FakeDns broken(loop);
  broken.hosts["example.com"] = {{}, 2};
  text("example.com", "second");
  const DnsOptions options{{broken.address(), dns.address()}, milliseconds(100), 2};
  resolver = std::move(CaresResolver::create(loop.get_executor(), real_clock, options).value());
  EXPECT_THAT(texts(ask("example.com")), ElementsAre("second"));
  EXPECT_EQ(broken.queries, 1);
}

TEST(Dns, servers_that_are_none_are_named) {
  expect_servers_to_be_addresses<CaresResolver>();
}

TEST(Dns, types_have_names) {
  EXPECT_EQ(to_string(DnsType::a), "A");
  EXPECT_EQ(to_string(DnsType::ptr), "PTR");
  EXPECT_EQ(to_string(DnsType::mx), "MX");
  EXPECT_EQ(to_string(DnsType::txt), "TXT");
  EXPECT_EQ(to_string(DnsType::aaaa), "AAAA");
}

}  // namespace
}  // namespace postern::net
