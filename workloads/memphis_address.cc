#include "workloads/memphis_address.h"

#include "harness/broker/memphis/memphis_names.h"
#include "harness/broker/memphis/memphis_requests.h"
#include "harness/broker/nats/nats_api.h"

namespace faultline {

NatsAddress in_memphis(NatsAddress address, std::uint32_t partition) {
  address.subject = memphis_subject(address.stream, partition);
  address.stream = memphis_stream(address.stream, partition);
  address.headers = {{"$memphis_connectionId", NatsApi::control_name},
                     {"$memphis_producedBy", memphis_producer}};
  address.id_header = "msg-id";  // NATS's own, Nats-Msg-Id, does nothing there
  return address;
}

}  // namespace faultline
