// A net::Stream that plays a script: what the code under test has to write (expect) and what it then gets to
// read (reply). The Script outlives its stream and tells afterwards what happened. A read that the script has
// nothing for waits: for more script, the deadline of the ManualClock, or cancellation. One thread.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "postern/net/stream.hpp"
#include "support/manual_clock.hpp"

namespace postern::support {

class Script {
 public:
  Script(base::Executor executor, base::Clock& clock);

  // The play, in order. It may be extended while the stream waits.
  Script& expect(std::string bytes);  // anything else written here fails the test and closes the stream
  Script& reply(std::string bytes);
  Script& reply_portions(const std::string& bytes, std::size_t portion);  // a read gets one portion at most
  Script& hang_up();                                                      // the peer closes its side

  // The n-th read, write or handshake (from 1) fails; the ones after it too, as on a broken connection.
  Script& fail_step(std::size_t n, base::Errc code);

  std::unique_ptr<net::Stream> stream();  // once
  net::Peer peer;                         // 127.0.0.1:4711 unless changed before stream()

  const std::string& written() const { return state_->written; }
  const std::vector<std::string>& writes() const { return state_->writes; }  // one for each call of write
  std::size_t steps() const { return state_->steps; }
  bool finished() const { return state_->scenes.empty() && state_->unmatched.empty(); }
  bool closed() const { return state_->closed; }    // close() or abort() was called
  bool aborted() const { return state_->aborted; }  // by abort(), without a goodbye
  base::SteadyTime deadline() const { return state_->deadline; }
  const std::string& tls_host() const { return state_->tls_host; }

 private:
  friend class ScriptedStream;
  struct Scene {
    enum class Kind { expect, reply, hang_up } kind;
    std::string bytes;
  };
  struct State {
    std::deque<Scene> scenes;
    std::string written;
    std::string unmatched;  // written, and not yet expected
    std::vector<std::string> writes;
    std::size_t steps = 0, failing_step = 0;
    base::Errc failure = base::Errc::io;
    bool closed = false, aborted = false, encrypted = false;
    std::string tls_host;
    base::SteadyTime deadline = base::SteadyTime::max();
    std::unique_ptr<base::Timer> wake;
  };
  Script& add(Scene scene);

  base::Clock& clock_;
  std::shared_ptr<State> state_;
};

}  // namespace postern::support
