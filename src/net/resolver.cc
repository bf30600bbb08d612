#include "net/resolver.h"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

namespace kairos::net {

using boost::asio::ip::tcp;

namespace {
constexpr Duration kResolvedFor = std::chrono::seconds(30);
constexpr Duration kFailedFor = std::chrono::seconds(1);
constexpr size_t kMaxEntries = 1000;
} // namespace

Task<Result<Resolver::Endpoints>> Resolver::resolve(std::string host, std::uint16_t port, Turn turn) {
  boost::system::error_code not_an_address;
  const auto address = boost::asio::ip::make_address(host, not_an_address);
  if (!not_an_address) {
    Endpoints one(1, tcp::endpoint(address, port));
    co_return one;
  }
  if (entries_.size() >= kMaxEntries) entries_.clear();
  std::shared_ptr<Entry>& slot = entries_[fmt::format("{}:{}", host, port)];
  if (!slot) slot = std::make_shared<Entry>();
  const auto entry = slot;
  if (!entry->looking && entry->until > std::chrono::steady_clock::now()) co_return entry->endpoints;
  entry->waiting.push_back(turn);
  if (!entry->looking) look_up(host, port, entry);
  co_await turn->wait();
  if (entry->looking) co_return fail(Code::kCancelled, "the lookup was not waited for");
  co_return entry->endpoints;
}

void Resolver::look_up(const std::string& host, std::uint16_t port, std::shared_ptr<Entry> entry) {
  entry->looking = true;
  auto found = [entry, host](boost::system::error_code error, const tcp::resolver::results_type& results) {
    entry->looking = false;
    entry->endpoints = Endpoints{};
    for (const auto& result : results) entry->endpoints->push_back(result.endpoint());
    if (error)
      entry->endpoints = fail(Code::kNotFound, fmt::format("looking up the host {}: {}", host, error.message()));
    entry->until = std::chrono::steady_clock::now() + (error ? kFailedFor : kResolvedFor);
    const auto waiting = std::exchange(entry->waiting, {});
    for (const Turn& turn : waiting) turn->notify();
  };
  resolver_.async_resolve(host, std::to_string(port), std::move(found));
}

} // namespace kairos::net
