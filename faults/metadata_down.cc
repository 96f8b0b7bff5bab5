#include "faults/metadata_down.h"

#include <fmt/format.h>

#include "harness/broker/memphis/metadata_database.h"

namespace faultline {

using namespace std::chrono_literals;

void MetadataDown::strike() { database().kill(); }

Evidence MetadataDown::look() {
  if (const auto processes = database().processes(); !processes.empty())
    return {false, processes + " run"};
  const auto answer = database().ask(3s);
  if (answer.took) return {false, "a query is answered"};
  return {true, fmt::format("no process of it is left; a query: {}, {} ms before the strike",
                            answer.complaint, before().count())};
}

void MetadataDown::undo() { database().start(database().access().host); }

}  // namespace faultline
