// Takes passwords, tokens and keys out of what brokers and users wrote.
#pragma once

#include <string>
#include <string_view>

namespace faultline {

inline constexpr std::string_view redacted_mark = "[redacted]";

// Replaces what looks like a secret by redacted_mark, and leaves the rest as it is:
//  - the value of a name that says what it holds (password, pass, token, secret, ...),
//    as nats-server's configuration, YAML, JSON, an environment or a URL writes it;
//  - the user information of a URL: nats://user:password@host;
//  - what follows "Bearer" or "Basic", a JSON Web Token, a seed of an NKey, a PEM block.
// Rather too much than too little; but "pass: " without a quote is a verdict. Complexity: linear.
std::string redact(std::string_view text);

// The same for a configuration, where a blank may stand for the colon: `password secret`.
std::string redact_configuration(std::string_view text);

}  // namespace faultline
