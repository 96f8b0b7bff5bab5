#include "harness/broker/nats/nats_access.h"

#include <fmt/format.h>
#include <nats/nats.h>
#include <sys/mman.h>
#include <unistd.h>

#include <mutex>
#include <string>
#include <system_error>

#include "harness/cluster/cluster.h"
#include "harness/cluster/file_descriptor.h"

namespace faultline {
namespace {

void check(natsStatus status, const char* what) {
  if (status != NATS_OK)
    throw ClusterError(fmt::format("the {} of the brokers' clients cannot be used: {}", what,
                                   natsStatus_GetText(status)));
}

// The library reads credentials from a file at each connection. This one lies in
// memory, is nobody else's, and ends with the process.
std::string credentials_file(const std::string& credentials) {
  static std::mutex mutex;
  static FileDescriptor file;
  static std::string content;
  const std::lock_guard lock(mutex);
  if (!file || content != credentials) {
    file = FileDescriptor(::memfd_create("credentials", MFD_CLOEXEC));
    if (!file || ::write(file.get(), credentials.data(), credentials.size()) !=
                     static_cast<ssize_t>(credentials.size()))
      throw std::system_error(errno, std::generic_category(), "memory for credentials");
    content = credentials;
  }
  return fmt::format("/proc/self/fd/{}", file.get());
}

}  // namespace

void show_access(natsOptions* options, const ClientAccess& access, const std::string& name) {
  const auto shown = access.user_in_name.empty() ? name : name + "::" + access.user_in_name;
  check(natsOptions_SetName(options, shown.c_str()), "name");
  if (!access.ca.empty() || !access.certificate.empty())
    check(natsOptions_SetSecure(options, true), "TLS");
  if (!access.ca.empty())
    check(natsOptions_SetCATrustedCertificates(options, access.ca.c_str()), "CA");
  if (!access.certificate.empty())
    check(natsOptions_SetCertificatesChain(options, access.certificate.c_str(), access.key.c_str()),
          "certificate");
  if (!access.user.empty())
    check(natsOptions_SetUserInfo(options, access.user.c_str(), access.password.c_str()), "user");
  if (!access.token.empty()) check(natsOptions_SetToken(options, access.token.c_str()), "token");
  if (!access.credentials.empty())
    check(natsOptions_SetUserCredentialsFromFiles(
              options, credentials_file(access.credentials).c_str(), nullptr),
          "credentials");
}

}  // namespace faultline
