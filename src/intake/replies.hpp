// The one place that turns verdicts, refusals and errors into replies to the client. Pure.
// The text names what the sender can do, never what is inside of postern.
#pragma once

#include <string_view>

#include "body_reader.hpp"
#include "postern/base/result.hpp"
#include "postern/mail/fixups.hpp"
#include "postern/policy/gate.hpp"
#include "postern/smtp/reply.hpp"

namespace postern::intake::replies {

smtp::Reply for_client(const policy::Verdict& verdict);
smtp::Reply for_sender(const policy::Verdict& verdict);
smtp::Reply for_recipient(const policy::Verdict& verdict);
smtp::Reply for_refused_header(const mail::Refused& refused);
smtp::Reply for_body_problem(BodyProblem problem);
smtp::Reply for_store_error(const base::Error& error);

smtp::Reply queued(std::string_view id);
smtp::Reply all_dropped();
smtp::Reply disk_full();  // 452 4.3.1: below limits.min_free, or above limits.spool_size
smtp::Reply too_fast();   // messages_per_minute_per_client
smtp::Reply too_many_connections();
smtp::Reply shutting_down();  // 421
smtp::Reply idle_too_long();  // 421

}  // namespace postern::intake::replies
