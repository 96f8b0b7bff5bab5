#include "checkers/verdict.h"

namespace faultline {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::unknown:
      return "unknown";
    case Verdict::fail:
      return "fail";
  }
  return "unknown";
}

}  // namespace faultline
