// How much a test does of what takes minutes under a sanitizer, which sees as much in a part.
#pragma once

namespace faultline::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int share = 10;  // one tenth
#else
inline constexpr int share = 1;
#endif

}  // namespace faultline::testing
