// Whatever the text, parse_scenario returns a scenario or says what is wrong.
// scenario_fuzz scenarios/brokers
#include <cstdint>
#include <cstdlib>
#include <string>

#include "harness/scenario.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto loaded = faultline::parse_scenario(text, "fuzz.yaml");
  for (const auto& problem : loaded.problems)
    if (to_string(problem).find('\n') != std::string::npos) std::abort();
  return 0;
}
