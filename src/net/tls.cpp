#include "postern/net/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls_context.hpp"

namespace postern::net {

namespace ssl = boost::asio::ssl;

std::string tls_error_text(const std::string& otherwise) {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return otherwise;
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : otherwise;
}

namespace {

void common_options(ssl::context& context) {
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.native_handle(),
                   SSL_MODE_RELEASE_BUFFERS);  // 34 KiB a connection while it is idle
}

base::Error passphrase_needed(const std::string& key_file) {
  ERR_clear_error();
  return base::fail(
      base::Errc::tls,
      key_file +
          ": the key is encrypted with a passphrase, for which nobody can be asked; keep it without "
          "one, readable by postern alone: openssl pkey -in " +
          key_file + " -out NEW_KEY_FILE");
}

}  // namespace

base::Result<std::shared_ptr<TlsContext>> TlsContext::client(const std::string& ca_file) {
  auto out = std::make_shared<OpensslContext>(ssl::context::tls_client);
  common_options(out->context);
  boost::system::error_code error;
  out->context.set_default_verify_paths(error);
  if (error)
    return base::fail(base::Errc::tls, "the system's certificates can't be used: " + error.message());
  if (!ca_file.empty()) {
    ERR_clear_error();
    out->context.load_verify_file(ca_file, error);
    if (error) {
      return base::fail(base::Errc::tls,
                        ca_file + ": no CA certificates in PEM: " + tls_error_text(error.message()));
    }
  }
  out->context.set_verify_mode(ssl::verify_peer);
  out->sessions.attach(*out->context.native_handle());
  return std::shared_ptr<TlsContext>(std::move(out));
}

base::Result<std::shared_ptr<TlsContext>> TlsContext::server(const std::string& certificate_file,
                                                             const std::string& key_file) {
  auto out = std::make_shared<OpensslContext>(ssl::context::tls_server);
  common_options(out->context);
  // Left to itself OpenSSL asks for a passphrase on the terminal and waits.
  auto asked = std::make_shared<bool>(false);
  out->context.set_password_callback([asked](std::size_t, ssl::context::password_purpose) {
    *asked = true;
    return std::string();
  });
  boost::system::error_code error;
  ERR_clear_error();
  out->context.use_certificate_chain_file(certificate_file, error);
  if (error) {
    return base::fail(base::Errc::tls,
                      certificate_file + ": no certificate chain in PEM: " + tls_error_text(error.message()));
  }
  out->context.use_private_key_file(key_file, ssl::context::pem, error);
  if (error && *asked) return passphrase_needed(key_file);
  if (error) {
    return base::fail(base::Errc::tls, key_file + ": no key in PEM that fits the certificate: " +
                                           tls_error_text(error.message()));
  }
  return std::shared_ptr<TlsContext>(std::move(out));
}

}  // namespace postern::net
