// The part of Store that changes what is there: outcomes of attempts and the operator's requests.
#include <algorithm>

#include "store.hpp"

namespace postern::spool {

using base::Errc;
using base::Result;

Result<void> Store::settle(const std::string& id, const std::vector<Settlement>& settlements) {
  const auto row = find(id);
  if (!row) return base::fail(Errc::not_found, id + " is not in the spool");
  auto open = recipients_of(*row);
  std::vector<std::pair<const Settlement*, RecipientState>> todo;
  std::size_t done = 0;
  for (const auto& s : settlements) {
    const auto at =
        std::find_if(open.begin(), open.end(), [&s](const auto& r) { return r.first == s.number; });
    if (at == open.end()) continue;  // settled before, or named twice
    todo.emplace_back(&s, at->second);
    done += s.kind == Settlement::Kind::done;
    open.erase(at);
  }
  if (open.empty() && done == todo.size()) {
    remove(*row);
    return {};
  }
  for (const auto& [settlement, state] : todo) settle_one(*row, *settlement, state);
  refresh(*row);
  return {};
}

// A retry leaves a recipient held that the operator held while it was under way.
void Store::settle_one(const Row& row, const Settlement& s, RecipientState state) {
  if (s.kind == Settlement::Kind::done) {
    const base::StatementReset gone(done_);
    gone->bind(1, row.seq);
    gone->bind(2, s.number);
    gone->exec();
    --counter(state);
    return;
  }
  const bool retry = s.kind == Settlement::Kind::retry;
  const base::StatementReset update(retry ? retry_ : hold_one_);
  update->bind(1, row.seq);
  update->bind(2, s.number);
  retry ? update->bind(3, to_column(s.due)) : update->bindNoCopy(3, s.hold_reason);
  update->bind(4, s.count_attempt ? 1 : 0);
  update->bindNoCopy(5, s.reply);
  update->exec();
  if (!retry) moved(state, RecipientState::held, 1);
}

bool Store::make_due(const Row& row, base::WallTime now) {
  const base::StatementReset use(due_);
  use->bind(1, row.seq);
  use->bind(2, to_column(now));
  if (use->exec() == 0) return false;
  refresh(row);
  return true;
}

bool Store::hasten(const Row& row, base::WallTime now) {
  const base::StatementReset use(hasten_);
  use->bind(1, row.seq);
  use->bind(2, to_column(now));
  if (use->exec() == 0) return false;
  refresh(row);
  return true;
}

bool Store::hold(const Row& row, const std::string& reason) {
  const base::StatementReset use(hold_);
  use->bind(1, row.seq);
  use->bindNoCopy(2, reason);
  if (moved(RecipientState::queued, RecipientState::held, use->exec()) == 0) return false;
  refresh(row);
  return true;
}

bool Store::release(const Row& row, base::WallTime now) {
  const base::StatementReset use(release_);
  use->bind(1, row.seq);
  use->bind(2, to_column(now));
  if (moved(RecipientState::held, RecipientState::queued, use->exec()) == 0) return false;
  refresh(row);
  return true;
}

void Store::remove(const Row& row) {
  for (const auto& [number, state] : recipients_of(row)) --counter(state);
  for (auto* statement : {&remove_recipients_, &remove_content_}) {
    const base::StatementReset use(*statement);
    use->bind(1, row.seq);
    use->exec();
  }
  const base::StatementReset use(remove_message_);
  use->bindNoCopy(1, row.id);
  use->exec();
  --current_.messages;
  current_.bytes -= row.size;
  if (row.arrived <= current_.oldest) oldest_left_ = true;
  if (!row.body_file.empty()) removing_.push_back(bodies_ + "/" + row.body_file);
}

// message.due and message.tried follow from the recipients.
void Store::refresh(const Row& row) {
  const base::StatementReset use(refresh_);
  use->bindNoCopy(1, row.id);
  use->bind(2, row.seq);
  use->exec();
}

int Store::moved(RecipientState from, RecipientState to, int recipients) {
  counter(from) -= static_cast<std::uint64_t>(recipients);
  counter(to) += static_cast<std::uint64_t>(recipients);
  return recipients;
}

}  // namespace postern::spool
