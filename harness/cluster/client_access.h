#pragma once

#include <string>

namespace faultline {

// What a client shows a broker to be let in. Secrets, but for the CA: they must
// reach no log, no report, no history and no message.
struct ClientAccess {
  std::string ca;                // PEM; empty: no TLS, unless the URL says tls://
  std::string certificate, key;  // PEM
  std::string user, password;
  std::string token;
  std::string credentials;  // of NATS: a JWT and its seed, as nsc writes them
  // Of Memphis, which looks the user up by the end of a connection's name: "<name>::<user>".
  std::string user_in_name = {};
};

}  // namespace faultline
