// The configuration file as plain structs, a section each, with the defaults of the keys. The loader finds
// all problems of a file in one go. Used by serve, check and whoever needs a path of it; blocking (reads
// files), so at start and on the disk pool for a reload. What needs keys and certificates to be read is in
// snapshot.hpp.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "postern/base/clock.hpp"
#include "postern/base/log.hpp"
#include "postern/base/result.hpp"
#include "postern/delivery/delivery.hpp"
#include "postern/dkim/signer.hpp"
#include "postern/mail/rewrite.hpp"
#include "postern/policy/alignment.hpp"
#include "postern/policy/gate.hpp"

namespace postern::app {

struct ListenConfig {
  std::string address;
  bool written = true;  // false: a default address; the kernel may lack it
  bool operator==(const ListenConfig&) const = default;
};

struct AccessConfig {
  std::vector<std::string> networks{"127.0.0.0/8", "::1"};
  bool allow_public = false;
  std::vector<std::string> senders, recipients;  // patterns; empty: all
  bool operator==(const AccessConfig&) const = default;
};

struct LimitsConfig {
  std::uint64_t message_size = 40 << 20;
  std::size_t recipients = 1000;
  std::size_t connections = 500;
  std::size_t connections_per_client = 100;
  int errors = 10;
  int hops = 50;
  base::Duration command_timeout{std::chrono::minutes(5)};
  base::Duration data_timeout{std::chrono::minutes(10)};
  std::size_t messages_per_minute_per_client = 0;  // 0: no limit
  std::uint64_t memory = 64 << 20;
  std::uint64_t spool_size = 0;  // 0: no limit
  std::uint64_t min_free = 64 << 20;
  bool operator==(const LimitsConfig&) const = default;
};

enum class BareNewline { normalize, reject };
struct MessageConfig {
  BareNewline bare_newline = BareNewline::normalize;
  bool add_missing = true;
  bool operator==(const MessageConfig&) const = default;
};

struct DkimConfig {
  delivery::OnMissingKey on_missing_key = delivery::OnMissingKey::send;
  std::vector<dkim::KeySpec> keys;
};

struct SpfConfig {
  policy::AlignmentAction action = policy::AlignmentAction::report;
  std::vector<std::string> authorised{"amazonses.com"};               // domains or networks
  std::vector<std::pair<std::string, std::string>> mail_from_domain;  // identity -> its custom MAIL FROM
  bool operator==(const SpfConfig&) const = default;
};

struct DmarcConfig {
  policy::AlignmentAction action = policy::AlignmentAction::report;
  bool operator==(const DmarcConfig&) const = default;
};

struct DnsConfig {
  std::vector<std::string> servers;  // host:port; empty: the system's
  base::Duration timeout{std::chrono::seconds(2)};
  int tries = 2;
  std::size_t cache = 10'000;  // answers
  bool operator==(const DnsConfig&) const = default;
};

struct SyncConfig {
  bool enabled = false;
  base::Duration interval{std::chrono::minutes(5)};
  base::Duration full_interval{std::chrono::hours(24)};
  bool operator==(const SyncConfig&) const = default;
};

struct SuppressionConfig {
  policy::SuppressionAction action = policy::SuppressionAction::drop;
  std::vector<std::string> reasons{"BOUNCE", "COMPLAINT"};
  policy::OnError on_error = policy::OnError::send;
  base::Duration max_age{0};  // 0: as long as SES lists it
  SyncConfig sync;
  bool operator==(const SuppressionConfig&) const = default;
};

// Empty texts: as the SDKs find them.
struct AwsConfig {
  std::string region = "ap-northeast-1";
  std::string endpoint_url;
  std::string ca_file;
  std::string profile;
  std::string access_key_id;
  std::string secret_access_key;
  std::string secret_access_key_file;
  bool operator==(const AwsConfig&) const = default;
};

struct UpstreamConfig {
  std::string host;
  std::uint16_t port = 0;
  delivery::TlsMode tls = delivery::TlsMode::starttls;
  std::string ca_file;
  std::string username;
  std::string password;       // whichever way it was given
  std::string password_file;  // where it was read from; empty: written in the file
  bool derive = false;        // user name and password come from the AWS keys
  std::size_t connections = 8;
  std::string configuration_set;
  std::vector<std::pair<std::string, std::string>> tags;
  bool operator==(const UpstreamConfig&) const = default;
};

enum class UnverifiedSender { hold, bounce };
struct DeliveryConfig {
  double rate = 0;  // recipients a second; 0: auto
  std::size_t recipients_per_message = 50;
  std::vector<base::Duration> retry = delivery::RetryPolicy().schedule;
  base::Duration lifetime = delivery::RetryPolicy().lifetime;
  UnverifiedSender unverified_sender = UnverifiedSender::hold;
  base::Duration drain{std::chrono::seconds(10)};
  bool drain_queue = false;
  bool operator==(const DeliveryConfig&) const = default;
};

struct AdminConfig {
  std::string listen = "127.0.0.1:8025";  // empty: no HTTP
  std::string socket = "/run/postern/admin.sock";
  bool operator==(const AdminConfig&) const = default;
};

struct LogConfig {
  base::LogFormat format = base::LogFormat::text;
  base::LogLevel level = base::LogLevel::info;
  bool mask_addresses = false;
  bool operator==(const LogConfig&) const = default;
};

// Where the keys stand, for messages that come later than the loading.
struct Origin {
  std::string file;
  std::map<std::string, int> lines;         // dotted key as written, "upstream[0].tls" -> line
  int line_of(std::string_view key) const;  // that of the nearest key around it; 1 when there is none
};

struct Config {
  std::string hostname;  // the machine's name when the file has none
  std::string state_dir = "/var/lib/postern";
  std::vector<ListenConfig> listen{{"127.0.0.1:25", false}, {"[::1]:25", false}};
  AccessConfig access;
  LimitsConfig limits;
  mail::RewriteRules rewrite;
  MessageConfig message;
  DkimConfig dkim;
  SpfConfig spf;
  DmarcConfig dmarc;
  DnsConfig dns;
  SuppressionConfig suppression;
  AwsConfig aws;
  std::vector<UpstreamConfig> upstream;  // never empty in a whole configuration
  DeliveryConfig delivery;
  AdminConfig admin;
  LogConfig log;
  Origin origin;
};

// May be missing when the environment configures (POSTERN_..., RELAYHOST).
inline constexpr const char* default_config_file = "/etc/postern/postern.yaml";

struct Problem {
  int line = 1;     // 0: in the environment; the key is a variable's name
  std::string key;  // dotted path; "yaml" when the file as such is wrong
  std::string message;
  bool operator==(const Problem&) const = default;
};
using Problems = std::vector<Problem>;
std::string to_string(const Problem& problem, std::string_view file);  // FILE:LINE: key: message
[[noreturn]] void throw_exception_from_error(const Problems& problems, const boost::source_location& where);

using Variables = std::map<std::string, std::string>;

// What the loader asks of the machine.
struct Machine {
  Variables variables;  // for ${NAME}
  std::string name;     // default of hostname
  std::function<base::Result<std::string>(const std::string& path)> read_file;
  static Machine here();  // this process's environment, gethostname, the disk
};

// How much of the file counts. local: not upstream, dkim and aws, for commands over the stores: they run
// where neither the secrets nor the environment of the service are to be had.
enum class Extent { whole, local };

using LoadResult = boost::system::result<Config, Problems>;
LoadResult load_config(const std::string& path, const Machine& machine = Machine::here(),
                       Extent extent = Extent::whole);
LoadResult parse_config(std::string_view text, const std::string& file, const Machine& machine,
                        Extent extent = Extent::whole);

// Every key there is, in the order of the file; elements of lists as "upstream[].tls".
struct KeyInfo {
  std::string path;
  std::string kind;  // "size", "duration", "drop | reject | hold" ...
  bool operator==(const KeyInfo&) const = default;
};
std::vector<KeyInfo> known_keys();

// Not wrong, but worth a line in the log at start.
Problems warnings(const Config& config);

// The keys whose change a reload can't take up: of listen, state_dir, admin.
std::vector<std::string> needs_restart(const Config& running, const Config& loaded);

// What a change of which calls for a reload: the file itself, keys, secrets, CA files. Sorted, each once.
std::vector<std::string> watched_files(const Config& config);

}  // namespace postern::app
