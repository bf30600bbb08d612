#include "net/server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <unordered_set>

#include "net/server_connection.h"

namespace kairos::net {

namespace asio = boost::asio;
using boost::system::error_code;

struct Server::Impl : ServerShared, std::enable_shared_from_this<Server::Impl> {
  Impl(Loop& loop_in, Options options_in, Handler handler_in) : ServerShared(loop_in, std::move(options_in), std::move(handler_in)), acceptor(loop.context()) {}

  asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor;
  std::unique_ptr<asio::ssl::context> tls;
  std::uint16_t port = 0;

  Result<void> load_tls();
  Result<void> bind_to(const asio::generic::stream_protocol::endpoint& endpoint, const std::string& where, bool reuse);
  void accept_next();
};

Result<void> Server::Impl::load_tls() {
  if (options.certificate_file.empty()) return {};
  tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  error_code error;
  SSL_CTX_set_min_proto_version(tls->native_handle(), TLS1_2_VERSION);
  tls->use_certificate_chain_file(options.certificate_file, error);
  if (error) return fail(Code::kIo, fmt::format("reading the TLS certificate {}: {}", options.certificate_file, error.message()));
  tls->use_private_key_file(options.private_key_file, asio::ssl::context::pem, error);
  if (error) return fail(Code::kIo, fmt::format("reading the TLS key {}: {}", options.private_key_file, error.message()));
  return {};
}

Result<void> Server::Impl::bind_to(const asio::generic::stream_protocol::endpoint& endpoint, const std::string& where, bool reuse) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return fail(Code::kIo, fmt::format("listening on {}: {}", where, error.message()));
  if (reuse) {
    const int on = 1;
    setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  }
  acceptor.bind(endpoint, error);
  if (error == asio::error::address_in_use) {
    return fail(Code::kConflict, fmt::format("{} is in use by another program; stop it or choose another address", where));
  }
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return fail(Code::kIo, fmt::format("listening on {}: {}", where, error.message()));
  return {};
}

Result<void> Server::listen() {
  Impl& me = *impl_;
  auto loaded = me.load_tls();
  if (!loaded) return loaded;
  Result<void> bound;
  if (!me.options.unix_path.empty()) {
    ::unlink(me.options.unix_path.c_str());
    bound = me.bind_to(asio::local::stream_protocol::endpoint(me.options.unix_path), me.options.unix_path, false);
  } else {
    error_code error;
    const auto address = asio::ip::make_address(me.options.address, error);
    if (error) return fail(Code::kInvalid, fmt::format("'{}' is not an IP address to listen on, like 127.0.0.1", me.options.address));
    const std::string where = fmt::format("{}:{}", me.options.address, me.options.port);
    bound = me.bind_to(asio::ip::tcp::endpoint(address, me.options.port), where, true);
  }
  if (!bound) return bound;
  if (me.options.unix_path.empty()) {
    asio::ip::tcp::endpoint local;
    const auto generic = me.acceptor.local_endpoint();
    memcpy(local.data(), generic.data(), generic.size());
    me.port = local.port();
  }
  asio::post(me.loop.context(), [impl = impl_] { impl->accept_next(); });
  return {};
}

void Server::Impl::accept_next() {
  auto accepted = [self = shared_from_this()](error_code error, Stream::Socket socket) {
    if (error == asio::error::operation_aborted || self->draining) return;
    if (error) return self->loop.after(std::chrono::milliseconds(50), [self] { self->accept_next(); }); // out of descriptors: wait
    if (self->open < self->options.limits.connections) {
      const int on = 1;
      if (self->options.unix_path.empty()) setsockopt(socket.native_handle(), IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof on);
      asio::co_spawn(self->loop.context(), serve_connection(self, std::move(socket), self->tls.get()), asio::detached);
    }
    self->accept_next();
  };
  acceptor.async_accept(std::move(accepted));
}

Server::Server(Loop& loop, Options options, Handler handler) : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(handler))) {}
Server::~Server() = default;

std::uint16_t Server::local_port() const { return impl_->port; }
size_t Server::connections() const { return impl_->open.load(); }

void Server::drain(std::function<void()> done) {
  asio::post(impl_->loop.context(), [impl = impl_, done = std::move(done)] {
    error_code ignored;
    impl->draining = true;
    impl->acceptor.close(ignored);
    impl->drained = done;
    impl->close_idle();
    if (impl->open == 0) std::exchange(impl->drained, nullptr)();
  });
}

void Server::abort_all() {
  asio::post(impl_->loop.context(), [impl = impl_] { impl->close_all(); });
}

std::string_view reason_phrase(int status) {
  switch (status) {
  case 200: return "OK";
  case 201: return "Created";
  case 202: return "Accepted";
  case 204: return "No Content";
  case 304: return "Not Modified";
  case 400: return "Bad Request";
  case 401: return "Unauthorized";
  case 402: return "Payment Required";
  case 403: return "Forbidden";
  case 404: return "Not Found";
  case 405: return "Method Not Allowed";
  case 408: return "Request Timeout";
  case 409: return "Conflict";
  case 413: return "Content Too Large";
  case 415: return "Unsupported Media Type";
  case 421: return "Misdirected Request";
  case 422: return "Unprocessable Content";
  case 429: return "Too Many Requests";
  case 431: return "Request Header Fields Too Large";
  case 500: return "Internal Server Error";
  case 502: return "Bad Gateway";
  case 503: return "Service Unavailable";
  case 504: return "Gateway Timeout";
  default: return status < 400 ? "OK" : "Error";
  }
}

} // namespace kairos::net
