#include "faults/metadata_frozen.h"

#include <fmt/format.h>

#include "harness/broker/memphis/metadata_database.h"

namespace faultline {

using namespace std::chrono_literals;

void MetadataFrozen::strike() { database().freeze(); }

Evidence MetadataFrozen::look() {
  const auto processes = database().processes();
  if (processes.empty()) return {false, "it does not run"};
  if (!database().frozen()) return {false, processes + " run"};
  const auto answer = database().ask(3s);
  if (answer.took) return {false, "a query is answered"};
  return {true, fmt::format("{} are stopped; a query: {}, {} ms before the strike", processes,
                            answer.complaint, before().count())};
}

void MetadataFrozen::undo() { database().thaw(); }

}  // namespace faultline
