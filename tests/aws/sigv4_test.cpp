#include "postern/aws/sigv4.hpp"

#include <boost/json.hpp>

#include "corpus.hpp"

namespace postern::aws {
namespace {

namespace json = boost::json;

constexpr const char* secret = "a/secret+with=every KIND~of.character";

base::WallTime at(const char* text) {
  return base::from_rfc3339(text).value();
}

SignedRequest example() {
  SignedRequest out;
  out.method = "GET";
  out.path = "/v2/email/suppression/addresses/O%27Brien%2Btag%2Fx%40Example.com";
  out.headers = {{"Host", "email.eu-south-2.amazonaws.com"}};
  return out;
}

SigningScope example_scope() {
  return {"eu-south-2", "ses", at("2026-11-24T10:00:00Z")};
}

// The line of the canonical request: 0 the method, 1 the path, 2 the query.
std::string canonical_line(const SignedRequest& request, int line) {
  std::istringstream in(canonical_request(request, example_scope()));
  std::string out;
  for (int i = 0; i <= line; ++i) std::getline(in, out);
  return out;
}

std::string canonical_path_of(const std::string& path) {
  auto request = example();
  request.path = path;
  return canonical_line(request, 1);
}

std::string canonical_query_of(const std::string& query) {
  auto request = example();
  request.query = query;
  return canonical_line(request, 2);
}

// The signature was computed by a Python script of a dozen lines (hmac, hashlib) and copied here.
TEST(SigV4, a_request_is_signed_as_an_independent_computation_has_it) {
  auto request = example();
  EXPECT_EQ(authorize(request, example_scope(), {"AKIDEXAMPLE", secret, ""}),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/eu-south-2/ses/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=72c1247c7710e7a9012f868e42985575d5fbd08b5afe2dfde951fef3935d9cff");
  EXPECT_EQ(request.headers.back().second, "20261124T100000Z");
}

TEST(SigV4, a_session_token_is_sent_and_signed) {
  auto request = example();
  const auto authorization = authorize(request, example_scope(), {"ASIAEXAMPLE", secret, "the token"});
  EXPECT_NE(authorization.find("SignedHeaders=host;x-amz-date;x-amz-security-token,"), std::string::npos);
  EXPECT_EQ(request.headers.back(),
            (std::pair<std::string, std::string>{"X-Amz-Security-Token", "the token"}));
}

TEST(SigV4, a_date_and_a_token_that_are_there_are_not_added_again) {
  auto request = example();
  request.headers.emplace_back("x-amz-date", "20261124T100000Z");
  request.headers.emplace_back("x-amz-security-token", "the token");
  authorize(request, example_scope(), {"ASIAEXAMPLE", secret, "the token"});
  EXPECT_EQ(request.headers.size(), 3U);
}

TEST(SigV4, what_is_encoded_in_the_path_is_encoded_again) {
  EXPECT_EQ(canonical_path_of("/a/O%27Brien%2Btag%2Fx%40Example.com"),
            "/a/O%2527Brien%252Btag%252Fx%2540Example.com");
  EXPECT_EQ(canonical_path_of(""), "/");
}

TEST(SigV4, dot_segments_go_unless_the_service_keeps_them) {
  EXPECT_EQ(canonical_path_of("/a/./b/../c//d/"), "/a/c/d/");
  EXPECT_EQ(canonical_path_of("/../.."), "/");
  auto request = example();
  request.path = "/a/./b/../c//d/";
  auto scope = example_scope();
  scope.normalize_path = false;
  EXPECT_NE(canonical_request(request, scope).find("\n/a/./b/../c//d/\n"), std::string::npos);
}

TEST(SigV4, parameters_are_sorted_and_encoded_in_one_manner) {
  EXPECT_EQ(canonical_query_of("b=2&a=2&a=1"), "a=1&a=2&b=2");
  EXPECT_EQ(canonical_query_of("d=2026-11-01T00%3a00:00Z&t=a/%2B%3D="),
            "d=2026-11-01T00%3A00%3A00Z&t=a%2F%2B%3D%3D");
  EXPECT_EQ(canonical_query_of("flag&&x="), "flag=&x=");
}

TEST(SigV4, the_payload_changes_the_signature) {
  auto request = example();
  const auto empty = signature(request, example_scope(), secret);
  request.payload = "{}";
  EXPECT_NE(signature(request, example_scope(), secret), empty);
}

TEST(SmtpPassword, is_what_aws_derives) {
  EXPECT_EQ(smtp_password("some+secret+key", "eu-central-1"), "BMXhUYlu5Z3gSXVQORxlVa7XPaz91aGWdfHxvkOZdWZ2");
  EXPECT_EQ(smtp_password("another+secret+key", "us-west-1"), "BKVmjjMDFk/qqw8EROW99bjCS65PF8WKvK5bSr4Y6EqF");
}

// Computed by the same independent script.
TEST(SmtpPassword, of_a_key_with_every_kind_of_character) {
  EXPECT_EQ(smtp_password(secret, "eu-south-2"), "BBOGUgpe2pfYm4oNj6Jhqe8tBHLNtbNxA/hFKCxaspmR");
}

// One case of the suite.
struct SuiteCase {
  explicit SuiteCase(const std::filesystem::path& folder) : text(slurp(folder / "request.txt")) {
    const auto context = json::parse(slurp(folder / "context.json")).as_object();
    const auto& credentials = context.at("credentials").as_object();
    key.access_key_id = json::value_to<std::string>(credentials.at("access_key_id"));
    key.secret_access_key = json::value_to<std::string>(credentials.at("secret_access_key"));
    const auto* omit = context.if_contains("omit_session_token");
    const bool with_token = credentials.contains("token") && !(omit != nullptr && omit->as_bool());
    if (with_token) key.session_token = json::value_to<std::string>(credentials.at("token"));
    scope = {json::value_to<std::string>(context.at("region")),
             json::value_to<std::string>(context.at("service")),
             at(context.at("timestamp").as_string().c_str()), context.at("normalize").as_bool()};
    parsed = parse_text_request(text);
    request = {parsed.method, parsed.path, parsed.query, parsed.headers, parsed.body};
    if (context.at("sign_body").as_bool())
      request.headers.emplace_back("x-amz-content-sha256", payload_hash(parsed.body));
  }

  std::string text;
  TextRequest parsed;
  SignedRequest request;
  SigningScope scope;
  SigningKey key;
};

TEST(SigV4, all_cases_of_the_published_suite) {
  const auto root = corpus("sigv4-suite/v4");
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "no signature suite in " << root;
  int cases = 0;
  for (const auto& folder : std::filesystem::directory_iterator(root)) {
    SCOPED_TRACE(folder.path().filename().string());
    SuiteCase one(folder.path());
    const auto authorization = authorize(one.request, one.scope, one.key);
    EXPECT_EQ(canonical_request(one.request, one.scope),
              slurp(folder.path() / "header-canonical-request.txt"));
    EXPECT_EQ(string_to_sign(one.request, one.scope), slurp(folder.path() / "header-string-to-sign.txt"));
    const auto wanted = parse_text_request(slurp(folder.path() / "header-signed-request.txt"));
    EXPECT_EQ(authorization, wanted.header("authorization"));
    ++cases;
  }
  EXPECT_EQ(cases, 38);
}

// Signs again what an SDK has signed; gives its Authorization and ours.
std::pair<std::string, std::string> signed_again(const TextRequest& captured) {
  const std::string theirs = captured.header("authorization");
  const std::string names = ";" + theirs.substr(theirs.find("SignedHeaders=") + 14) + ";";
  const std::string list = names.substr(0, names.find(',')) + ";";
  SignedRequest request{captured.method, captured.path, captured.query, {}, captured.body};
  for (const auto& [name, value] : captured.headers) {
    std::string lower = name;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (list.find(";" + lower + ";") != std::string::npos) request.headers.emplace_back(name, value);
  }
  const std::string date = captured.header("x-amz-date");
  const std::string when = date.substr(0, 4) + "-" + date.substr(4, 2) + "-" + date.substr(6, 5) + ":" +
                           date.substr(11, 2) + ":" + date.substr(13);
  const std::string service = theirs.find("/sqs/") != std::string::npos ? "sqs" : "ses";
  const SigningScope scope{"us-west-2", service, at(when.c_str())};
  const auto ours =
      authorize(request, scope, {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""});
  return {theirs, ours};
}

TEST(SigV4, requests_of_two_sdks_are_signed_the_same) {
  const auto captured = read_capture("sdk-capture.txt");
  if (captured.empty()) GTEST_SKIP() << "no captured requests in " << corpus("wire");
  EXPECT_EQ(captured.size(), 16U);
  for (const auto& request : captured) {
    SCOPED_TRACE(request.method + " " + request.path);
    const auto [theirs, ours] = signed_again(request);
    EXPECT_EQ(ours, theirs);
  }
}

}  // namespace
}  // namespace postern::aws
