#include "alerts/transport.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>

#include "alerts/retry.h"
#include "alerts/smtp_dialogue.h"

namespace kairos::alerts {
namespace {

constexpr size_t kMaxDetail = 300;

/// One attempt. Lives until curl is done with it.
struct Attempt {
  Sending sending;
  CURL* handle = nullptr;
  curl_slist* headers = nullptr;
  curl_slist* recipients = nullptr;
  std::string answer;
  size_t sent = 0; // of a mail's text
  SmtpDialogue dialogue;
  curl_socket_t socket = CURL_SOCKET_BAD;
  const std::atomic<bool>* stopping = nullptr;
  bool too_long = false;
  bool forbidden = false;
  char problem[CURL_ERROR_SIZE] = {};

  Attempt() = default;
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;
  ~Attempt() {
    if (handle != nullptr) curl_easy_cleanup(handle);
    curl_slist_free_all(headers);
    curl_slist_free_all(recipients);
  }
};

size_t on_answer(char* bytes, size_t size, size_t count, void* user) {
  auto& attempt = *static_cast<Attempt*>(user);
  attempt.too_long = attempt.answer.size() + size * count > kMaxAnswer;
  if (attempt.too_long) return 0;
  attempt.answer.append(bytes, size * count);
  return size * count;
}

size_t on_mail(char* into, size_t size, size_t count, void* user) {
  auto& attempt = *static_cast<Attempt*>(user);
  const std::string& text = std::get<MailMessage>(attempt.sending.message).text;
  const size_t part = std::min(size * count, text.size() - attempt.sent);
  std::memcpy(into, text.data() + attempt.sent, part);
  attempt.sent += part;
  return part;
}

/// Of a mail only: HTTP's would hold its headers.
int on_dialogue(CURL*, curl_infotype kind, char* bytes, size_t size, void* user) {
  auto& attempt = *static_cast<Attempt*>(user);
  if (kind == CURLINFO_HEADER_IN) attempt.dialogue.heard({bytes, size});
  if (kind != CURLINFO_HEADER_OUT) return 0;
  attempt.dialogue.said({bytes, size});
  // curl would wait for the answer to QUIT, minutes with a server that hangs.
  if (std::string_view(bytes, size).starts_with("QUIT")) ::shutdown(attempt.socket, SHUT_RD);
  return 0;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Attempt*>(user)->stopping->load(std::memory_order_acquire) ? 1 : 0;
}

curl_socket_t on_socket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& attempt = *static_cast<Attempt*>(user);
  if (!attempt.sending.guard->admits(&address->addr)) {
    attempt.forbidden = true;
    return CURL_SOCKET_BAD;
  }
  attempt.socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  return attempt.socket;
}

void set_common(Attempt& attempt) {
  CURL* handle = attempt.handle;
  const auto timeout = std::max<long>(1, static_cast<long>(attempt.sending.timeout / std::chrono::milliseconds(1)));
  curl_easy_setopt(handle, CURLOPT_PRIVATE, &attempt);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, attempt.problem);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L); // a name server that hangs must not hold up the others
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, timeout);
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_PROXY, ""); // a proxy would be asked for the address instead of us
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, on_socket);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &attempt);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_answer);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &attempt);
  curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L); // each connection is checked when it is made
  curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  const std::string& ca = attempt.sending.channel->ca_file;
  if (!ca.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, ca.c_str());
}

void set_http(Attempt& attempt, const HttpMessage& message) {
  CURL* handle = attempt.handle;
  for (const auto& [name, value] : message.headers)
    attempt.headers = curl_slist_append(attempt.headers, fmt::format("{}: {}", name, value).c_str());
  attempt.headers = curl_slist_append(attempt.headers, "Expect:");
  curl_easy_setopt(handle, CURLOPT_URL, message.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "KairosRoute");
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, attempt.headers);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, message.body.c_str());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(message.body.size()));
}

void set_mail(Attempt& attempt, const MailMessage& mail) {
  CURL* handle = attempt.handle;
  const config::AlertChannel& channel = *attempt.sending.channel;
  for (const std::string& one : mail.to)
    attempt.recipients = curl_slist_append(attempt.recipients, ("<" + one + ">").c_str());
  curl_easy_setopt(handle, CURLOPT_URL, mail.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  const bool plain = channel.smtp_security == config::SmtpSecurity::kNone;
  curl_easy_setopt(handle, CURLOPT_USE_SSL,
                   static_cast<long>(plain ? CURLUSESSL_NONE : CURLUSESSL_ALL)); // ALL: or nothing
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &attempt);
  curl_easy_setopt(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT,
                   static_cast<long>(attempt.sending.timeout / std::chrono::seconds(1)) + 1);
  curl_easy_setopt(handle, CURLOPT_MAIL_FROM, ("<" + mail.from + ">").c_str());
  curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, attempt.recipients);
  curl_easy_setopt(handle, CURLOPT_MAIL_RCPT_ALLLOWFAILS,
                   1L); // one dead mailbox must not keep the message from the others
  curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, on_dialogue);
  curl_easy_setopt(handle, CURLOPT_DEBUGDATA, &attempt);
  curl_easy_setopt(handle, CURLOPT_VERBOSE, 1L); // or on_dialogue is not called
  curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_mail);
  curl_easy_setopt(handle, CURLOPT_READDATA, &attempt);
  curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(mail.text.size()));
  if (!channel.smtp_password) return;
  curl_easy_setopt(handle, CURLOPT_USERNAME, channel.smtp_username.c_str());
  curl_easy_setopt(handle, CURLOPT_PASSWORD, channel.smtp_password->reveal().c_str());
}

void judge_http(const Attempt& attempt, CURLcode code, Outcome& outcome) {
  long status = 0;
  curl_easy_getinfo(attempt.handle, CURLINFO_RESPONSE_CODE, &status);
  outcome.status = static_cast<int>(status);
  outcome.delivered = status >= 200 && status < 300; // a 2xx is an acceptance, whatever its body does
  outcome.retry = !outcome.delivered && retry_http(outcome.status);
  outcome.detail = attempt.answer.empty() && code != CURLE_OK ? attempt.problem : attempt.answer;
  if (status >= 300 && status < 400) outcome.detail = "it answered with a redirect, which is not followed";
  if (attempt.too_long) outcome.detail = "its answer was longer than 64 KiB";
  curl_off_t seconds = 0;
  curl_easy_getinfo(attempt.handle, CURLINFO_RETRY_AFTER, &seconds);
  if (seconds > 0) outcome.retry_after = std::chrono::seconds(std::min<curl_off_t>(seconds, 3600));
}

/// "; refused for b@example.com: 550 no such mailbox"
std::string refused_text(const SmtpDialogue& dialogue) {
  std::string text;
  for (const SmtpDialogue::Refusal& one : dialogue.refusals()) {
    text += fmt::format("{}{}: {} {}", text.empty() ? "; refused for " : ", ", one.recipient, one.code, one.text);
  }
  return text;
}

/// The server took the message for some, or refused every recipient: who is refused for now is tried again, alone.
void judge_recipients(const SmtpDialogue& dialogue, Outcome& outcome) {
  for (const SmtpDialogue::Refusal& one : dialogue.refusals()) {
    if (retry_smtp(one.code)) outcome.recipients_left.push_back(one.recipient);
  }
  outcome.detail = (outcome.delivered ? "accepted" : "no recipient was accepted") + refused_text(dialogue);
  outcome.retry = !outcome.recipients_left.empty();
  outcome.delivered = outcome.delivered && !outcome.retry;
}

void judge_mail(const Attempt& attempt, CURLcode code, Outcome& outcome) {
  const SmtpDialogue& dialogue = attempt.dialogue;
  const size_t recipients = std::get<MailMessage>(attempt.sending.message).to.size();
  outcome.status = dialogue.code();
  outcome.delivered = code == CURLE_OK;
  if (outcome.delivered || dialogue.refusals().size() == recipients) return judge_recipients(dialogue, outcome);
  outcome.retry = retry_smtp(outcome.status);
  const bool refused = dialogue.code() >= 400;
  outcome.detail =
      refused ? fmt::format("{}: {} {}", attempt.problem, dialogue.code(), dialogue.text()) : attempt.problem;
}

Outcome judge(const Attempt& attempt, CURLcode code) {
  Outcome outcome;
  outcome.token = attempt.sending.token;
  std::holds_alternative<HttpMessage>(attempt.sending.message) ? judge_http(attempt, code, outcome)
                                                               : judge_mail(attempt, code, outcome);
  if (attempt.forbidden && outcome.status == 0) {
    outcome.retry = false;
    outcome.detail = "the address may not be reached: it is not a public one (alerts.allow_networks)";
  }
  if (!outcome.delivered && outcome.detail.empty()) outcome.detail = curl_easy_strerror(code);
  outcome.detail = printable(shortened(outcome.detail, kMaxDetail));
  return outcome;
}

/// A mail on its way.
struct MailRun {
  std::unique_ptr<Attempt> attempt;
  std::jthread thread;
};

} // namespace

struct Transport::Impl {
  CURLM* multi = nullptr;
  std::map<CURL*, std::unique_ptr<Attempt>> attempts; // HTTP
  std::map<CURL*, MailRun> mails;
  std::vector<Outcome> failed_at_once;
  std::atomic<bool> stopping{false};
  std::mutex mutex;
  std::vector<std::pair<CURL*, Outcome>> sent; // mails whose threads are about to end; guarded by mutex

  void start_mail(std::unique_ptr<Attempt> attempt);
  void take_sent(std::vector<Outcome>& done);
  void take_answered(std::vector<Outcome>& done);
};

void Transport::Impl::start_mail(std::unique_ptr<Attempt> attempt) {
  attempt->stopping = &stopping;
  Attempt* one = attempt.get();
  MailRun& run = mails[one->handle];
  run.attempt = std::move(attempt);
  run.thread = std::jthread([this, one] {
    const CURLcode code = curl_easy_perform(one->handle);
    Outcome outcome = judge(*one, code);
    const std::scoped_lock lock(mutex);
    sent.emplace_back(one->handle, std::move(outcome));
    curl_multi_wakeup(multi);
  });
}

void Transport::Impl::take_sent(std::vector<Outcome>& done) {
  std::vector<std::pair<CURL*, Outcome>> ended;
  {
    const std::scoped_lock lock(mutex);
    ended.swap(sent);
  }
  for (auto& [handle, outcome] : ended) {
    mails.at(handle).thread.join();
    mails.erase(handle);
    done.push_back(std::move(outcome));
  }
}

void Transport::Impl::take_answered(std::vector<Outcome>& done) {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* handle = message->easy_handle;
    done.push_back(judge(*attempts.at(handle), message->data.result));
    curl_multi_remove_handle(multi, handle);
    attempts.erase(handle);
  }
}

Transport::Transport() : impl_(std::make_unique<Impl>()) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  impl_->multi = curl_multi_init();
}

Transport::~Transport() {
  impl_->stopping.store(true, std::memory_order_release);
  for (auto& [handle, run] : impl_->mails) run.thread.join();
  impl_->mails.clear();
  for (const auto& [handle, attempt] : impl_->attempts) curl_multi_remove_handle(impl_->multi, handle);
  impl_->attempts.clear();
  curl_multi_cleanup(impl_->multi);
}

void Transport::start(Sending sending) {
  auto attempt = std::make_unique<Attempt>();
  attempt->sending = std::move(sending);
  attempt->handle = curl_easy_init();
  if (attempt->handle == nullptr) {
    impl_->failed_at_once.push_back(
        {attempt->sending.token, false, true, 0, "no memory for a connection", std::nullopt});
    return;
  }
  set_common(*attempt);
  const auto& message = attempt->sending.message;
  const auto* http = std::get_if<HttpMessage>(&message);
  http != nullptr ? set_http(*attempt, *http) : set_mail(*attempt, std::get<MailMessage>(message));
  attempt->sending.channel = nullptr; // may go now
  if (http == nullptr) return impl_->start_mail(std::move(attempt));
  CURL* handle = attempt->handle;
  curl_multi_add_handle(impl_->multi, handle);
  impl_->attempts.emplace(handle, std::move(attempt));
}

std::vector<Outcome> Transport::poll(Duration wait) {
  std::vector<Outcome> done = std::exchange(impl_->failed_at_once, {});
  int running = 0;
  curl_multi_perform(impl_->multi, &running);
  impl_->take_sent(done);
  const bool ended = static_cast<size_t>(running) < impl_->attempts.size();
  if (!ended && done.empty()) {
    const auto ms = std::clamp<std::int64_t>(wait / std::chrono::milliseconds(1), 0, 60'000);
    curl_multi_poll(impl_->multi, nullptr, 0, static_cast<int>(ms), nullptr);
    curl_multi_perform(impl_->multi, &running);
    impl_->take_sent(done);
  }
  impl_->take_answered(done);
  return done;
}

size_t Transport::running() const { return impl_->attempts.size() + impl_->mails.size(); }
void Transport::wake() { curl_multi_wakeup(impl_->multi); }

} // namespace kairos::alerts
