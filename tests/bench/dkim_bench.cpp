// What a signature costs: a 4 KiB message through dkim::Signer, by threads that share it, beside RSA alone
// with a key that stays parsed (which is what `openssl speed rsa2048` shows) and the canonical form alone.
#include <benchmark/benchmark.h>

#include "dkim/keys.hpp"
#include "postern/dkim/signer.hpp"
#include "support/temp_dir.hpp"

namespace postern::dkim {
namespace {

base::SystemClock wall_clock;

const std::string header =
    "Received: from app ([127.0.0.1]) by relay with ESMTP id 0; Tue, 24 Nov 2026 10:00:00 +0000\r\n"
    "From: Shop <shop@example.com>\r\nTo: Somebody <somebody@example.net>\r\n"
    "Subject: Your password, set anew\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n";

std::string make_body(std::size_t size) {
  const std::string_view line = "Somebody has asked for a new password, and here is where to choose one.\r\n";
  std::string out;
  while (out.size() < size) out += line;
  return out;
}

struct Fixture {
  support::TempDir directory;
  std::string file = test::write_file(directory.file("key.pem"), test::pem(test::shared_rsa()));
  std::shared_ptr<const Signer> signer = Signer::create({{"example.com", "s1", file, true}}).value();
};

const Signer& shared_signer() {
  static const Fixture fixture;
  return *fixture.signer;
}

// The argument is the size of the body.
void sign(benchmark::State& state) {
  const Signer& signer = shared_signer();
  const std::string body = make_body(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    bool given = false;
    const BodySource source = [&]() -> base::Result<std::string_view> {
      return std::exchange(given, true) ? std::string_view() : std::string_view(body);
    };
    benchmark::DoNotOptimize(signer.sign("example.com", header, source, wall_clock.wall_now()).value());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(sign)->Arg(4096)->ThreadRange(1, 4)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(sign)->Arg(1 << 20)->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);

void rsa_alone(benchmark::State& state) {
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(test::shared_rsa(), nullptr);
  EVP_PKEY_sign_init(context);
  EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING);
  EVP_PKEY_CTX_set_signature_md(context, EVP_sha256());
  std::array<unsigned char, 256> signature{};
  const std::array<unsigned char, 32> digest{1};
  for (auto _ : state) {
    std::size_t length = signature.size();
    if (EVP_PKEY_sign(context, signature.data(), &length, digest.data(), digest.size()) != 1) std::abort();
  }
  EVP_PKEY_CTX_free(context);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(rsa_alone)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
}  // namespace postern::dkim

BENCHMARK_MAIN();
