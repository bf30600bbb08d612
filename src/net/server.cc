#include "net/server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "net/server_connection.h"

namespace kairos::net {

namespace asio = boost::asio;
using boost::system::error_code;

struct Server::Impl : ServerShared, std::enable_shared_from_this<Server::Impl> {
  using Endpoint = asio::generic::stream_protocol::endpoint;

  Impl(Loop& loop_in, Options options_in, Handler handler_in)
      : ServerShared(loop_in, std::move(options_in), std::move(handler_in)), acceptor(loop.context()) {}

  asio::basic_socket_acceptor<asio::generic::stream_protocol, asio::io_context::executor_type> acceptor;
  std::unique_ptr<asio::ssl::context> tls;
  std::uint16_t port = 0;

  Result<void> load_tls();
  Result<void> listen_tcp();
  Result<void> listen_unix();
  Result<void> bind_to(const Endpoint& endpoint, const std::string& where, bool share);
  void accept_next();
  void stop_accepting();
};

Result<void> Server::Impl::load_tls() {
  if (options.certificate_file.empty()) return {};
  tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  error_code error;
  SSL_CTX_set_min_proto_version(tls->native_handle(), TLS1_2_VERSION);
  tls->use_certificate_chain_file(options.certificate_file, error);
  if (error)
    return fail(Code::kIo,
                fmt::format("reading the TLS certificate {}: {}", options.certificate_file, error.message()));
  tls->use_private_key_file(options.private_key_file, asio::ssl::context::pem, error);
  if (error)
    return fail(Code::kIo, fmt::format("reading the TLS key {}: {}", options.private_key_file, error.message()));
  return {};
}

Result<void> Server::Impl::bind_to(const Endpoint& endpoint, const std::string& where, bool share) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return fail(Code::kIo, fmt::format("listening on {}: {}", where, error.message()));
  const int on = 1;
  setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (share) setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  acceptor.bind(endpoint, error);
  if (error == asio::error::address_in_use) {
    return fail(Code::kConflict,
                fmt::format("{} is in use by another program; stop it or choose another address", where));
  }
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return fail(Code::kIo, fmt::format("listening on {}: {}", where, error.message()));
  return {};
}

Result<void> Server::Impl::listen_tcp() {
  error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) {
    return fail(Code::kInvalid, fmt::format("'{}' is not an IP address to listen on, like 127.0.0.1", options.address));
  }
  const std::string where = fmt::format("{}:{}", options.address, options.port);
  const asio::ip::tcp::endpoint endpoint(address, options.port);
  if (!options.join_port && options.port != 0) { // sharing would succeed beside another instance of this program
    const auto alone = bind_to(endpoint, where, false);
    acceptor.close(error);
    if (!alone) return alone;
  }
  const auto bound = bind_to(endpoint, where, true);
  if (!bound) return bound;
  asio::ip::tcp::endpoint local;
  const auto generic = acceptor.local_endpoint();
  std::memcpy(local.data(), generic.data(), generic.size());
  port = local.port();
  return {};
}

Result<void> Server::Impl::listen_unix() {
  const std::string& path = options.unix_path;
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(Code::kInvalid, fmt::format("the socket path '{}' is too long; use one under 100 bytes", path));
  }
  struct stat there{};
  if (::lstat(path.c_str(), &there) == 0 && S_ISSOCK(there.st_mode)) ::unlink(path.c_str()); // left by an earlier run
  return bind_to(asio::local::stream_protocol::endpoint(path), path, false);
}

Result<void> Server::listen() {
  auto loaded = impl_->load_tls();
  if (!loaded) return loaded;
  auto bound = impl_->options.unix_path.empty() ? impl_->listen_tcp() : impl_->listen_unix();
  if (!bound) return bound;
  impl_->loop.add_closer(impl_.get(), [impl = impl_.get()] {
    impl->stop_accepting();
    impl->close_all();
  });
  asio::post(impl_->loop.context(), [impl = impl_] { impl->accept_next(); });
  return {};
}

void Server::Impl::stop_accepting() {
  error_code ignored;
  draining = true;
  acceptor.close(ignored);
  if (!options.unix_path.empty()) ::unlink(options.unix_path.c_str());
}

void Server::Impl::accept_next() {
  auto accepted = [self = shared_from_this()](error_code error, Stream::Socket socket) {
    if (error == asio::error::operation_aborted || self->draining) return;
    if (error) { // out of descriptors, mostly: wait for some to be closed
      return self->loop.after(std::chrono::milliseconds(50), [self] { self->accept_next(); });
    }
    if (self->open < self->options.limits.connections) {
      const int on = 1;
      if (self->port != 0) setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto serving = serve_connection(self, std::move(socket), self->tls.get());
      asio::co_spawn(self->loop.context(), std::move(serving), asio::detached);
    }
    self->accept_next();
  };
  if (!draining) acceptor.async_accept(std::move(accepted));
}

Server::Server(Loop& loop, Options options, Handler handler)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(handler))) {}
Server::~Server() {
  impl_->loop.remove_closer(impl_.get());
  asio::post(impl_->loop.context(), [impl = impl_] {
    impl->stop_accepting();
    impl->close_all();
  });
}

std::uint16_t Server::local_port() const { return impl_->port; }
size_t Server::connections() const { return impl_->open.load(); }

void Server::drain(std::function<void()> done) {
  asio::post(impl_->loop.context(), [impl = impl_, done = std::move(done)] {
    impl->stop_accepting();
    impl->drained = done;
    impl->close_idle();
    if (impl->open == 0 && impl->drained) std::exchange(impl->drained, nullptr)();
  });
}

void Server::abort_all() {
  asio::post(impl_->loop.context(), [impl = impl_] { impl->close_all(); });
}

boost::asio::any_io_executor Exchange::executor() { return loop().context().get_executor(); }

std::string_view reason_phrase(int status) {
  switch (status) {
  case 200:
    return "OK";
  case 201:
    return "Created";
  case 202:
    return "Accepted";
  case 204:
    return "No Content";
  case 304:
    return "Not Modified";
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 402:
    return "Payment Required";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 408:
    return "Request Timeout";
  case 409:
    return "Conflict";
  case 410:
    return "Gone";
  case 413:
    return "Content Too Large";
  case 415:
    return "Unsupported Media Type";
  case 421:
    return "Misdirected Request";
  case 422:
    return "Unprocessable Content";
  case 429:
    return "Too Many Requests";
  case 431:
    return "Request Header Fields Too Large";
  case 500:
    return "Internal Server Error";
  case 502:
    return "Bad Gateway";
  case 503:
    return "Service Unavailable";
  case 504:
    return "Gateway Timeout";
  default:
    return status < 400 ? "OK" : "Error";
  }
}

} // namespace kairos::net
