// A configuration made ready for use: keys read and proved, TLS contexts made, settings of each module
// filled. Built whole or not at all, then shared read-only: each session and each delivery keeps the one that
// it began with. Building is blocking (reads files, tries keys): at start, on the disk pool for a reload, in
// `check`.
#pragma once

#include <memory>

#include "postern/app/config.hpp"
#include "postern/aws/credentials.hpp"
#include "postern/delivery/delivery.hpp"
#include "postern/feedback/suppression_sync.hpp"
#include "postern/intake/intake.hpp"
#include "postern/net/http_client.hpp"
#include "postern/policy/gate.hpp"

namespace postern::app {

// What the API of SES is reached with.
struct AwsSettings {
  std::shared_ptr<net::TlsContext> tls;
  net::ProxyRules proxies;
  net::Environment environment;
  aws::CredentialOptions credentials;  // region: resolved
};

struct Snapshot {
  Config config;
  std::shared_ptr<const intake::Settings> intake;
  std::shared_ptr<const policy::Settings> policy;
  std::shared_ptr<const delivery::Settings> delivery;
  std::shared_ptr<const feedback::SuppressionSyncSettings> sync;
  AwsSettings aws;
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;
using SnapshotResult = boost::system::result<SnapshotPtr, Problems>;

// Problems are of keys and certificates, with the line of the key that names them.
SnapshotResult build_snapshot(Config config, const Machine& machine = Machine::here());

// load_config and build_snapshot: all there is to say about a file.
SnapshotResult load_snapshot(const std::string& path, const Machine& machine = Machine::here());

}  // namespace postern::app
