// What a broker says to a request to its control API, told without knowing the product.
#pragma once

#include <string>
#include <string_view>

namespace faultline {

// What the reply complains of; empty: nothing. NATS says {"error":{"description":...}}, Memphis
// {"error":"..."}, and where its SDKs are old the text alone, which is empty where all is well.
// That proves little: Memphis does not complain of a station that is there already, whatever it
// is like.
std::string error_in(std::string_view reply);

}  // namespace faultline
