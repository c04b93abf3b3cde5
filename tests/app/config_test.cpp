#include "postern/app/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "app/config_check.hpp"
#include "support/temp_dir.hpp"

namespace postern::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

TEST(Config, an_upstream_is_all_that_a_file_must_have) {
  const Config config = parse(upstream_line).value();
  EXPECT_EQ(config.hostname, "box.example.net");
  EXPECT_EQ(config.state_dir, "/var/lib/postern");
  EXPECT_EQ(config.listen, (std::vector<ListenConfig>{{"127.0.0.1:25", false}, {"[::1]:25", false}}));
  EXPECT_EQ(config.limits, LimitsConfig());
  EXPECT_EQ(config.upstream.at(0).host, "smtp.example.com");
  EXPECT_EQ(config.upstream.at(0).port, 587);
  EXPECT_EQ(config.upstream.at(0).tls, delivery::TlsMode::starttls);
}

TEST(Config, an_empty_file_lacks_only_the_upstream) {
  EXPECT_THAT(problems_of(""), ElementsAre("1: upstream: is missing"));
  EXPECT_THAT(problems_of("# nothing\n"), ElementsAre("1: upstream: is missing"));
  EXPECT_THAT(problems_of("upstream: []"), ElementsAre("1: upstream: must name at least one server"));
}

const std::string every_key = R"(
hostname: mail.example.com
state_dir: /srv/postern
listen: [{address: "0.0.0.0:2525", tls: none, auth: none, proxy_protocol: false},
         {address: "unix:/run/p.sock"}]
access: {networks: [10.0.0.0/8], senders: ["*@example.com"], recipients: ["*@test.example"]}
limits: {message_size: 1K, recipients: 2, connections: 3, connections_per_client: 4, errors: 5, hops: 6,
         command_timeout: 7s, data_timeout: 8m, messages_per_minute_per_client: 9,
         memory: 10M, spool_size: 11G, min_free: 0}
rewrite:
  default_domain: example.com
  sender: [{match: "root@*", to: ops@example.com}]
  from: [{match: "*@*.internal", to: noreply@example.com, keep: reply-to}]
  null_sender: bounces@example.com
  redirect_all_to: test@example.com
message: {bare_newline: reject, add_missing: false}
dkim:
  on_missing_key: defer
  keys: [{domain: example.com, selector: s1, key_file: /k.pem, subdomains: false}]
spf: {action: enforce, authorised: [amazonses.com, 192.0.2.0/24],
      mail_from_domain: {example.com: b.example.com}}
dmarc: {action: false}
dns: {servers: ["127.0.0.1:5353", 10.0.0.2, "::1"], timeout: 500ms, tries: 3, cache: 77}
suppression: {action: hold, reasons: [COMPLAINT], on_error: defer, max_age: 5d,
              sync: {enabled: true, interval: 1m, full_interval: 2h}}
aws: {region: eu-west-1, endpoint_url: "https://127.0.0.1:8443", ca_file: /aws-ca.pem, profile: mail,
      access_key_id: AKIA, secret_access_key_file: /run/secrets/aws}
upstream:
  - {type: smtp, endpoint: "[::1]:465", tls: implicit, ca_file: /ca.pem, username: AKIA,
     password_file: /run/secrets/ses,
     connections: 20, configuration_set: set-1, tags: {app: shop, "ses:feedback-id-a": x}}
delivery: {mode: queue, rate: 13.5, recipients_per_message: 7, retry: [1s, 2m], lifetime: 1d,
           unverified_sender: bounce, drain: 0, drain_queue: true}
admin: {listen: "", socket: /tmp/admin.sock}
log: {format: json, level: warn, mask_addresses: true}
)";

Config with_every_key() {
  FakeMachine fake;
  fake.files["/run/secrets/ses"] = "secret\n";
  fake.files["/run/secrets/aws"] = "key\n";
  return parse(every_key, fake).value();
}

TEST(Config, every_value_of_the_listening_side_arrives_in_its_field) {
  const Config config = with_every_key();
  EXPECT_EQ(config.hostname, "mail.example.com");
  EXPECT_EQ(config.state_dir, "/srv/postern");
  EXPECT_EQ(config.listen, (std::vector<ListenConfig>{{"0.0.0.0:2525", true}, {"unix:/run/p.sock", true}}));
  EXPECT_EQ(config.access, (AccessConfig{{"10.0.0.0/8"}, false, {"*@example.com"}, {"*@test.example"}}));
  EXPECT_EQ(config.limits,
            (LimitsConfig{1024, 2, 3, 4, 5, 6, 7s, 8min, 9, 10 << 20, std::uint64_t{11} << 30, 0}));
}

TEST(Config, every_value_about_messages_arrives_in_its_field) {
  const Config config = with_every_key();
  EXPECT_EQ(config.rewrite.default_domain, "example.com");
  ASSERT_EQ(config.rewrite.sender.size(), 1u);
  EXPECT_EQ(config.rewrite.sender[0].match, "root@*");
  EXPECT_EQ(config.rewrite.sender[0].to, "ops@example.com");
  ASSERT_EQ(config.rewrite.from.size(), 1u);
  EXPECT_TRUE(config.rewrite.from[0].keep_reply_to);
  EXPECT_EQ(config.rewrite.null_sender, "bounces@example.com");
  EXPECT_EQ(config.rewrite.redirect_all_to, "test@example.com");
  EXPECT_EQ(config.message, (MessageConfig{BareNewline::reject, false}));
  EXPECT_EQ(config.dkim.on_missing_key, delivery::OnMissingKey::defer);
  ASSERT_EQ(config.dkim.keys.size(), 1u);
  EXPECT_EQ(config.dkim.keys[0].selector, "s1");
  EXPECT_EQ(config.dkim.keys[0].key_file, "/k.pem");
  EXPECT_FALSE(config.dkim.keys[0].subdomains);
}

TEST(Config, every_value_about_alignment_arrives_in_its_field) {
  const Config config = with_every_key();
  EXPECT_EQ(config.spf, (SpfConfig{policy::AlignmentAction::enforce,
                                   {"amazonses.com", "192.0.2.0/24"},
                                   {{"example.com", "b.example.com"}}}));
  EXPECT_EQ(config.dmarc, (DmarcConfig{policy::AlignmentAction::off}));
}

TEST(Config, keys_of_aws_come_in_pairs_and_not_in_clear) {
  EXPECT_THAT(problems_with_upstream("aws: {access_key_id: AKIA}"),
              ElementsAre("2: aws.access_key_id: needs a secret_access_key or secret_access_key_file"));
  EXPECT_THAT(problems_with_upstream("aws: {secret_access_key: s}"),
              ElementsAre("2: aws.secret_access_key: needs an access_key_id"));
  EXPECT_THAT(problems_with_upstream("aws: {access_key_id: \"\", secret_access_key: \"\"}"), ElementsAre());
  EXPECT_THAT(problems_with_upstream("aws: {endpoint_url: \"http://email.example.com\"}"),
              ElementsAre("2: aws.endpoint_url: http:// is for loopback only, keys would go in clear to "
                          "'http://email.example.com'"));
  EXPECT_THAT(problems_with_upstream("aws: {endpoint_url: \"https://a b\"}"),
              ElementsAre("2: aws.endpoint_url: must be https://host[:port], not 'https://a b'"));
}

TEST(Config, derived_credentials_stand_alone) {
  EXPECT_THAT(problems_of("upstream: [{endpoint: \"h.example:1\", derive: true, username: x}]"),
              ElementsAre("1: upstream[0].derive: user name and password come from the AWS keys: leave them "
                          "out"));
  EXPECT_TRUE(parse("upstream: [{endpoint: \"h.example:1\", derive: true}]").value().upstream[0].derive);
}

TEST(Config, a_full_pass_is_no_more_often_than_an_incremental_one) {
  EXPECT_THAT(problems_with_upstream("suppression: {sync: {interval: 2h, full_interval: 1h}}"),
              ElementsAre("2: suppression.sync.full_interval: must not be shorter than interval"));
}

TEST(Config, every_value_of_the_sending_side_arrives_in_its_field) {
  const Config config = with_every_key();
  EXPECT_EQ(config.dns, (DnsConfig{{"127.0.0.1:5353", "10.0.0.2:53", "[::1]:53"}, 500ms, 3, 77}));
  EXPECT_EQ(config.suppression, (SuppressionConfig{policy::SuppressionAction::hold,
                                                   {"COMPLAINT"},
                                                   policy::OnError::defer,
                                                   std::chrono::hours(120),
                                                   {true, 1min, 2h}}));
  EXPECT_EQ(config.aws, (AwsConfig{"eu-west-1", "https://127.0.0.1:8443", "/aws-ca.pem", "mail", "AKIA",
                                   "key", "/run/secrets/aws"}));
  EXPECT_EQ(config.upstream, (std::vector<UpstreamConfig>{{"::1",
                                                           465,
                                                           delivery::TlsMode::implicit,
                                                           "/ca.pem",
                                                           "AKIA",
                                                           "secret",
                                                           "/run/secrets/ses",
                                                           false,
                                                           20,
                                                           "set-1",
                                                           {{"app", "shop"}, {"ses:feedback-id-a", "x"}}}}));
  EXPECT_EQ(
      config.delivery,
      (DeliveryConfig{13.5, 7, {1s, 2min}, std::chrono::hours(24), UnverifiedSender::bounce, 0ms, true}));
  EXPECT_EQ(config.admin, (AdminConfig{"", "/tmp/admin.sock"}));
  EXPECT_EQ(config.log, (LogConfig{base::LogFormat::json, base::LogLevel::warn, true}));
}

TEST(Config, all_problems_come_in_one_go_with_their_lines) {
  EXPECT_THAT(problems_of("hostname: [a]\n"
                          "limits:\n"
                          "  mesage_size: 40M\n"
                          "  recipients: many\n"
                          "upstream:\n"
                          "  - endpoint: smtp.example.com:587\n"
                          "    tls: maybe\n"
                          "  - username: x\n"),
              ElementsAre("1: hostname: must be a single value, but is a list",
                          "3: limits.mesage_size: unknown key; did you mean message_size?",
                          "4: limits.recipients: must be a whole number, not 'many'",
                          "7: upstream[0].tls: must be one of starttls, implicit, none, not 'maybe'",
                          "8: upstream[1].endpoint: is missing",
                          "8: upstream[1].username: needs a password or password_file"));
}

TEST(Config, an_unknown_key_is_refused_with_the_name_that_is_near_or_the_place_where_it_belongs) {
  EXPECT_THAT(problems_with_upstream("hostnam: x"),
              ElementsAre("2: hostnam: unknown key; did you mean hostname?"));
  EXPECT_THAT(problems_with_upstream("message_size: 1M"),
              ElementsAre("2: message_size: unknown key; did you mean limits.message_size?"));
  EXPECT_THAT(problems_with_upstream("zzz: 1"), ElementsAre("2: zzz: unknown key"));
}

TEST(Config, keys_of_what_is_not_built_are_unknown) {
  for (const std::string text :
       {"events: {}", "gmail: {}", "reputation: {}", "access: {users_file: /x}", "message: {eight_bit: pass}",
        "message: {duplicate_headers: fix}", "delivery: {delay_warning: 4h}",
        "delivery: {bounce_to_sender: true}", "listen: [{address: \"127.0.0.1:25\", key_file: /k}]"}) {
    const auto problems = problems_with_upstream(text);
    ASSERT_EQ(problems.size(), 1u) << text;
    EXPECT_THAT(problems[0], HasSubstr("unknown key")) << text;
  }
}

TEST(Config, values_of_what_is_not_built_are_refused_as_such) {
  EXPECT_THAT(problems_with_upstream("delivery: {mode: direct}"),
              ElementsAre("2: delivery.mode: 'direct' is not supported yet: only queue is"));
  EXPECT_THAT(problems_with_upstream("listen: [{address: \"127.0.0.1:25\", tls: starttls}]"),
              ElementsAre("2: listen[0].tls: 'starttls' is not supported yet: only none is"));
  EXPECT_THAT(problems_of("upstream: [{type: api, endpoint: \"h.example:1\"}]"),
              ElementsAre("1: upstream[0].type: 'api' is not supported yet: only smtp is"));
  EXPECT_THAT(problems_with_upstream("dmarc: {action: maybe}"),
              ElementsAre("2: dmarc.action: must be one of off, report, enforce, not 'maybe'"));
}

TEST(Config, a_listener_may_be_inherited_by_name) {
  EXPECT_THAT(problems_with_upstream("listen: [{address: \"systemd:smtp\"}, {address: \"systemd:in box\"}]"),
              IsEmpty());
  const std::string form = "must be systemd:NAME with the FileDescriptorName= of a .socket unit, not ";
  for (const std::string address : {"systemd:", "systemd:a:b"}) {
    EXPECT_THAT(problems_with_upstream("listen: [{address: \"" + address + "\"}]"),
                ElementsAre("2: listen[0].address: " + form + "'" + address + "'"));
  }
  EXPECT_THAT(problems_with_upstream("listen: [{address: \"systemd:a\"}, {address: \"systemd:a\"}]"),
              ElementsAre("2: listen[1].address: 'systemd:a' is listed twice"));
}

TEST(Config, a_key_given_twice_is_an_error_that_names_both_lines) {
  EXPECT_THAT(problems_with_upstream("hostname: a.example\n\nhostname: b.example\n"),
              ElementsAre("4: hostname: is given twice, first on line 2"));
  EXPECT_THAT(problems_with_upstream("log: {level: info, level: debug}"),
              ElementsAre("2: log.level: is given twice, first on line 2"));
}

TEST(Config, only_loopback_may_go_without_TLS) {
  EXPECT_THAT(problems_of("upstream: [{endpoint: \"127.0.0.1:25\", tls: none}]"), IsEmpty());
  EXPECT_THAT(problems_of("upstream: [{endpoint: \"[::1]:25\", tls: none}]"), IsEmpty());
  EXPECT_THAT(problems_of("upstream: [{endpoint: \"localhost:25\", tls: none}]"), IsEmpty());
  EXPECT_THAT(problems_of("upstream: [{endpoint: \"10.0.0.1:25\", tls: none}]"),
              ElementsAre("1: upstream[0].tls: none is for loopback only: mail and password would go to "
                          "10.0.0.1 in clear"));
}

TEST(Config, a_public_network_needs_the_word) {
  EXPECT_THAT(problems_with_upstream("access: {networks: [10.0.0.0/8, 8.8.8.0/24]}"),
              ElementsAre(HasSubstr("2: access.networks[1]: '8.8.8.0/24' is not a private network")));
  EXPECT_THAT(problems_with_upstream("access: {networks: [8.8.8.0/24], allow_public: true}"), IsEmpty());
  EXPECT_THAT(problems_with_upstream("access: {networks: [example.com]}"),
              ElementsAre(HasSubstr("must be a network")));
}

TEST(Config, values_out_of_range_are_refused_with_the_range) {
  EXPECT_THAT(problems_with_upstream("delivery: {recipients_per_message: 51}"),
              ElementsAre("2: delivery.recipients_per_message: must be between 1 and 50, not '51'"));
  EXPECT_THAT(problems_of("upstream: [{endpoint: \"h.example:1\", connections: 0}]"),
              ElementsAre("1: upstream[0].connections: must be between 1 and 1000, not '0'"));
  EXPECT_THAT(problems_with_upstream("limits: {memory: 1K}"),
              ElementsAre("2: limits.memory: must be between 1M and 1024G, not '1K'"));
  EXPECT_THAT(problems_with_upstream("delivery: {lifetime: 31d}"),
              ElementsAre("2: delivery.lifetime: must be between 1s and 30d, not '31d'"));
  EXPECT_THAT(problems_with_upstream("delivery: {retry: []}"),
              ElementsAre("2: delivery.retry: must have at least one wait"));
}

TEST(Config, types_are_strict) {
  for (const std::string text : {"limits: {errors: 1.5}",
                                 "limits: {errors: -1}",
                                 "limits: {errors: }",
                                 "limits: {errors: 0x10}",
                                 "message: {add_missing: yes}",
                                 "delivery: {drain: 10}",
                                 "delivery: {drain: 1h30m}",
                                 "limits: {message_size: 40MB}",
                                 "limits: {message_size: 99999999999999999999}",
                                 "limits: {message_size: 18446744073709551615G}",
                                 "delivery: {rate: fast}",
                                 "delivery: {rate: 0}",
                                 "delivery: {rate: nan}",
                                 "access: {senders: \"*@example.com\"}",
                                 "access: {senders: [[a]]}",
                                 "limits: [1]",
                                 "listen: {address: \"127.0.0.1:25\"}",
                                 "listen: [\"127.0.0.1:25\"]",
                                 "listen: []",
                                 "listen: [{address: \"localhost:25\"}]",
                                 "listen: [{address: \":25\"}]",
                                 "listen: [{}]",
                                 "listen: [{address: \"unix:\"}]",
                                 "admin: {listen: 8025}",
                                 "admin: {socket: \"\"}",
                                 "rewrite: {null_sender: bounces}",
                                 "rewrite: {sender: [{match: \"root@*\"}]}",
                                 "rewrite: {sender: [{match: a, to: a@example.com, keep: reply-to}]}",
                                 "hostname: \"a b\"",
                                 "hostname: \"[127.0.0.1]\"",
                                 "suppression: {reasons: [SPAM]}",
                                 "suppression: {action: off}",
                                 "dns: {servers: [localhost]}",
                                 "hostname: \"a\\nb\""}) {
    EXPECT_EQ(problems_with_upstream(text).size(), 1u) << text;
  }
}

TEST(Config, names_that_go_into_a_header_are_those_that_SES_takes) {
  const auto with = [](const std::string& rest) {
    return problems_of("upstream: [{endpoint: \"h.example:1\", " + rest + "}]");
  };
  EXPECT_THAT(with("configuration_set: \"a b\""),
              ElementsAre(HasSubstr("upstream[0].configuration_set: must be")));
  EXPECT_THAT(with("tags: {\"a,b\": c}"), ElementsAre(HasSubstr("upstream[0].tags.a,b: must be")));
  EXPECT_THAT(with("tags: {a: \"b\\r\\nc\"}"), ElementsAre(HasSubstr("control character")));
  EXPECT_THAT(with("tags: [a]"), ElementsAre(HasSubstr("must be a map, but is a list")));
  EXPECT_THAT(with("tags: {a: 1, a: 2}"), ElementsAre(HasSubstr("is given twice")));
}

TEST(Config, one_domain_has_one_DKIM_key) {
  EXPECT_THAT(
      problems_with_upstream("dkim:\n  keys:\n"
                             "    - {domain: example.com, selector: a, key_file: /a}\n"
                             "    - {domain: Example.com, selector: b, key_file: /b}\n"),
      ElementsAre("5: dkim.keys[1].domain: 'Example.com' has a key already: SES takes one signature"));
  EXPECT_THAT(problems_with_upstream("dkim: {keys: [{domain: example.com}]}"),
              ElementsAre("2: dkim.keys[0].selector: is missing", "2: dkim.keys[0].key_file: is missing"));
}

TEST(Config, an_address_is_listened_on_once) {
  EXPECT_THAT(problems_with_upstream("listen: [{address: \"127.0.0.1:25\"}, {address: \"127.0.0.1:25\"}]"),
              ElementsAre("2: listen[1].address: '127.0.0.1:25' is listed twice"));
}

TEST(Config, a_file_on_disk_is_loaded_and_one_that_is_not_there_is_a_problem) {
  const support::TempDir directory;
  const std::string path = directory.file("p.yaml");
  std::ofstream(path) << upstream_line;
  const Config config = load_config(path).value();
  EXPECT_EQ(config.origin.file, path);
  EXPECT_FALSE(config.hostname.empty());

  const auto missing = load_config(directory.file("q.yaml"));
  ASSERT_TRUE(missing.has_error());
  EXPECT_EQ(to_string(missing.error().at(0), "q.yaml"),
            "q.yaml:1: yaml: " + directory.file("q.yaml") + " cannot be read: No such file or directory");
  ASSERT_TRUE(load_config(directory.path()).has_error());
  EXPECT_THAT(load_config(directory.path()).error().at(0).message, HasSubstr("Is a directory"));
}

TEST(Config, a_refused_null_sender_is_worth_a_warning) {
  EXPECT_EQ(warnings(parse(upstream_line + "rewrite:\n  null_sender: \"\"\n").value()).at(0).line, 3);
  EXPECT_THAT(warnings(parse(upstream_line + "rewrite: {null_sender: b@example.com}").value()), IsEmpty());
}

TEST(Config, what_a_reload_cannot_change_is_named) {
  const Config running = parse(upstream_line).value();
  EXPECT_THAT(needs_restart(running, parse(upstream_line + "log: {level: debug}").value()), IsEmpty());
  EXPECT_THAT(needs_restart(running, parse(upstream_line + "listen: [{address: \"127.0.0.1:25\"},"
                                                           " {address: \"[::1]:25\"}]")
                                         .value()),
              IsEmpty());
  EXPECT_THAT(needs_restart(running, parse(upstream_line + "listen: [{address: \"127.0.0.1:2525\"}]\n"
                                                           "state_dir: /x\nadmin: {listen: \"\"}")
                                         .value()),
              ElementsAre("listen", "state_dir", "admin"));
}

TEST(Config, the_files_whose_change_counts_are_the_file_and_what_it_names) {
  FakeMachine fake;
  fake.files["/pw"] = "p";
  const Config config = parse(
                            "upstream:\n"
                            "  - {endpoint: \"h.example:1\", ca_file: /ca, username: u, password_file: /pw}\n"
                            "  - {endpoint: \"i.example:1\", ca_file: /ca}\n"
                            "dkim: {keys: [{domain: example.com, selector: s, key_file: /k}]}\n",
                            fake)
                            .value();
  EXPECT_THAT(watched_files(config), ElementsAre("/ca", "/k", "/pw", "p.yaml"));
}

TEST(Config, later_messages_find_the_line_of_a_key_or_of_what_is_around_it) {
  const Config config =
      parse("dkim:\n  keys:\n    - domain: example.com\n      selector: s\n      key_file: /k\n" +
            upstream_line)
          .value();
  EXPECT_EQ(config.origin.line_of("dkim.keys[0].key_file"), 5);
  EXPECT_EQ(config.origin.line_of("dkim.keys[0].subdomains"), 3);
  EXPECT_EQ(config.origin.line_of("dkim.on_missing_key"), 1);
  EXPECT_EQ(config.origin.line_of("log.level"), 1);
}

}  // namespace
}  // namespace postern::app
