#include "http_message.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http.hpp>
#include <cctype>
#include <limits>
#include <sstream>
#include "postern/base/text.hpp"

namespace postern::net {

namespace http = boost::beast::http;
namespace asio = boost::asio;

namespace {

template <class Message>
std::string serialise(const Message& message) {
  std::ostringstream out;
  out << message;
  return out.str();
}

int status_of(const boost::system::error_code& error) {
  if (error == http::error::header_limit) return 431;
  if (error == http::error::body_limit) return 413;
  return 400;
}

}  // namespace

struct HttpRequestParser::Impl {
  http::request_parser<http::string_body> parser;
};

HttpRequestParser::HttpRequestParser(const HttpServerOptions& options) : impl_(std::make_unique<Impl>()) {
  impl_->parser.eager(true);
  impl_->parser.header_limit(static_cast<std::uint32_t>(options.max_head));
  impl_->parser.body_limit(options.max_body);
}

HttpRequestParser::~HttpRequestParser() = default;

std::size_t HttpRequestParser::feed(std::string_view bytes) {
  boost::system::error_code error;
  const auto used = impl_->parser.put(asio::buffer(bytes.data(), bytes.size()), error);
  if (error && error != http::error::need_more) status_ = status_of(error);
  return used;
}

bool HttpRequestParser::begun() const {
  return impl_->parser.got_some();
}

bool HttpRequestParser::done() const {
  return impl_->parser.is_done();
}

bool HttpRequestParser::keep_alive() const {
  return impl_->parser.get().keep_alive();
}

bool HttpRequestParser::take_invitation() {
  if (invited_ || status_ != 0 || !impl_->parser.is_header_done()) return false;
  invited_ = true;
  const auto expectation = impl_->parser.get()[http::field::expect];
  return base::to_lower({expectation.data(), expectation.size()}) == "100-continue";
}

HttpRequest HttpRequestParser::take() {
  auto message = impl_->parser.release();
  HttpRequest out;
  out.method = std::string(message.method_string());
  const std::string target(message.target());
  const auto question = target.find('?');
  out.path = target.substr(0, question);
  if (question != std::string::npos) out.query = target.substr(question + 1);
  for (const auto& field : message) {
    out.headers[base::to_lower(std::string_view(field.name_string().data(), field.name_string().size()))] =
        std::string(field.value());
  }
  out.body = std::move(message.body());
  return out;
}

std::string to_bytes(const HttpResponse& response, bool head_only, bool keep_alive) {
  http::response<http::string_body> message(static_cast<http::status>(response.status), 11);
  message.set(http::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) message.set(name, value);
  message.keep_alive(keep_alive);
  const bool bodiless = response.status == 204 || response.status == 304;  // RFC 9110 section 8.6
  if (!bodiless) message.content_length(response.body.size());
  if (!bodiless && !head_only) message.body() = response.body;
  return serialise(message);
}

std::string to_bytes(const HttpRequest& request, std::string_view host) {
  const std::string target = request.query.empty() ? request.path : request.path + "?" + request.query;
  http::request<http::string_body> message;
  message.version(11);
  message.method_string(request.method);
  message.target(target);
  message.set(http::field::host, std::string(host));
  message.set(http::field::connection, "close");
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.body() = request.body;
  message.prepare_payload();
  return serialise(message);
}

struct HttpResponseParser::Impl {
  using Parser = http::response_parser<http::string_body>;

  void begin() {
    parser.emplace();
    parser->eager(true);
    parser->skip(to_head);
    parser->header_limit(static_cast<std::uint32_t>(max_head));
    parser->body_limit(max_body);
  }

  std::size_t max_head, max_body;
  bool to_head;
  int interim = 0;
  std::optional<Parser> parser = std::nullopt;
};

HttpResponseParser::HttpResponseParser(std::size_t max_head, std::size_t max_body, bool to_head)
    : impl_(new Impl{max_head, max_body, to_head}) {
  impl_->begin();
}

HttpResponseParser::~HttpResponseParser() = default;

void HttpResponseParser::note(const boost::system::error_code& error) {
  if (!error || error == http::error::need_more) return;
  const bool too_long = error == http::error::body_limit;
  error_ = too_long ? base::fail(base::Errc::full, "the answer is longer than allowed")
                    : base::fail(base::Errc::protocol, "not a whole HTTP response: " + error.message());
}

// RFC 9110 section 15.2: interim responses come before the one that counts; 101 was not asked for.
void HttpResponseParser::skip_interim() {
  constexpr int most = 8;
  const unsigned status = impl_->parser->get().result_int();
  if (error_ || !impl_->parser->is_done() || status / 100 != 1) return;
  if (status == 101 || ++impl_->interim > most) {
    error_ = base::fail(base::Errc::protocol, "interim responses that nobody asked for");
  } else {
    impl_->begin();
  }
}

std::size_t HttpResponseParser::feed(std::string_view bytes) {
  boost::system::error_code error;
  const auto used = impl_->parser->put(asio::buffer(bytes.data(), bytes.size()), error);
  note(error);
  skip_interim();
  return used;
}

void HttpResponseParser::end() {
  boost::system::error_code error;
  if (!impl_->parser->got_some()) {
    error_ = base::fail(base::Errc::protocol, "closed without an answer");
  } else {
    impl_->parser->put_eof(error);
    note(error);
  }
}

bool HttpResponseParser::begun() const {
  return impl_->interim > 0 || impl_->parser->got_some();
}

bool HttpResponseParser::head_done() const {
  return impl_->parser->is_header_done();
}

bool HttpResponseParser::done() const {
  return impl_->parser->is_done();
}

bool HttpResponseParser::keep_alive() const {
  return impl_->parser->get().keep_alive();
}

HttpResponse HttpResponseParser::take() {
  auto message = impl_->parser->release();
  HttpResponse out;
  out.status = static_cast<int>(message.result_int());
  out.content_type = std::string(message[http::field::content_type]);
  for (const auto& field : message) {
    out.headers[base::to_lower(std::string_view(field.name_string().data(), field.name_string().size()))] =
        std::string(field.value());
  }
  out.body = std::move(message.body());
  return out;
}

base::Result<HttpResponse> parse_response(std::string_view bytes, bool to_head) {
  constexpr std::size_t max_head = 8UL * 1024;
  HttpResponseParser parser(max_head, std::numeric_limits<std::size_t>::max(), to_head);
  while (!bytes.empty() && !parser.done() && !parser.error()) {
    const auto used = parser.feed(bytes);
    if (used == 0) break;
    bytes.remove_prefix(used);
  }
  if (!parser.done() && !parser.error()) parser.end();
  if (parser.error()) return *parser.error();
  return parser.take();
}

}  // namespace postern::net
