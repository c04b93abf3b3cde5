// The handler over real stores in a temporary directory, without sockets.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "postern/admin/admin.hpp"
#include "postern/base/random.hpp"
#include "support/books.hpp"

namespace postern::admin {

struct AdminTest : testing::Test {
  support::Books books;
  base::SeededRandom random{11};
  std::unique_ptr<spool::Spool> spool = opened(
      spool::Spool::open({books.directory.path()}, books.loop.get_executor(), books.log, books.metrics));
  std::unique_ptr<suppression::List> list = opened(suppression::List::open(
      books.directory.path(), books.loop.get_executor(), books.disk, books.writer, books.log, books.metrics));
  std::unique_ptr<ledger::Ledger> ledger = opened(ledger::Ledger::open(
      books.directory.path(), books.loop.get_executor(), books.disk, books.writer, books.log));
  DeliveryView view;
  std::string why_not_ready;
  int woken = 0;
  net::HttpHandler handler =
      make_handler({books.loop.get_executor(), books.clock, books.log, books.metrics, *spool, *list, *ledger,
                    [this] { return view; }, [this] { ++woken; }, [this] { return why_not_ready; }});

  ~AdminTest() override { spool->close(); }

  template <class T>
  static std::unique_ptr<T> opened(base::Result<std::unique_ptr<T>> result) {
    return std::move(result.value());
  }
  net::HttpResponse ask(const std::string& method, const std::string& target, std::string body = {},
                        bool local = true) {
    net::HttpRequest request;
    request.method = method;
    request.path = target.substr(0, target.find('?'));
    if (target.find('?') != std::string::npos) request.query = target.substr(target.find('?') + 1);
    request.body = std::move(body);
    request.over_local_socket = local;
    return books.wait(handler(request));
  }
  boost::json::object object(const std::string& method, const std::string& target, std::string body = {}) {
    const auto response = ask(method, target, std::move(body));
    EXPECT_EQ(response.status, 200) << response.body;
    return boost::json::parse(response.body).as_object();
  }
  std::string append(const std::vector<std::string>& recipients,
                     const std::string& sender = "app@example.com") {
    auto m = std::make_shared<spool::Message>();
    m->id = base::make_id(books.clock.wall_now(), random);
    m->arrived = books.clock.wall_now();
    m->sender = sender;
    m->client = "127.0.0.1";
    m->stream = "127.0.0.1";
    m->content.header = "Subject: hello\r\n";
    m->content.body = std::make_shared<const std::string>("body\r\n");
    m->content.body_size = 6;
    int number = 0;
    for (const auto& address : recipients) {
      spool::Recipient r;
      r.number = number++;
      r.address = address;
      r.due = books.clock.wall_now();
      m->recipients.push_back(r);
    }
    books.clock.set(std::chrono::milliseconds(1));
    EXPECT_TRUE(books.wait(spool->append(m)).has_value());
    return m->id;
  }
};

}  // namespace postern::admin
