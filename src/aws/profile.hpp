// The files of the AWS CLI and SDKs: ~/.aws/credentials and ~/.aws/config. Parsing is pure; load_profile
// reads through a function and blocks. Private to the module.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "postern/aws/credentials.hpp"

namespace postern::aws {

using Section = std::map<std::string, std::string>;  // keys in lower case
using Sections = std::map<std::string, Section>;     // by profile

enum class ProfileFile { credentials, config };  // sections [name]; [profile name] and [default]

// Errc::invalid names the line, never what it holds.
base::Result<Sections> parse_profiles(std::string_view text, ProfileFile kind);

struct Profiles {
  std::string name;                           // the one that is asked for
  bool named = false;                         // by the configuration or AWS_PROFILE: it has to exist
  std::string credentials_path, config_path;  // empty: there is no home to look in
  Sections credentials, config;

  bool contains(const std::string& profile) const;
  // A key of a profile, from either file; empty: none.
  std::string value(const std::string& profile, const std::string& key) const;
};

// Which files and which profile, not yet read.
Profiles locate_profiles(const CredentialOptions& options, const net::Environment& environment);
base::Result<Profiles> load_profiles(Profiles located, const ReadFile& read);

// A variable of the environment; empty: not set.
std::string variable(const net::Environment& environment, const std::string& name);

// Keys of one section of one file. An error: half of them is there. nullopt: none.
base::Result<std::optional<Credentials>> keys_of(const Sections& sections, const std::string& profile,
                                                 const std::string& path);
base::Result<std::optional<Credentials>> keys_of(const CredentialOptions& options);
base::Result<std::optional<Credentials>> keys_of(const net::Environment& environment);

// What a profile asks for that postern does not do, in the order of the chain; empty: nothing.
std::string unsupported_sign_in(const Profiles& profiles, const std::string& profile);
std::string unsupported_process(const Profiles& profiles, const std::string& profile);

}  // namespace postern::aws
