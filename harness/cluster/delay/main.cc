// faultline-delay: holds the packets that a rule of the packet filter (NFQUEUE) hands to
// it, and lets them go on later. For kernels without netem. Runs in the network namespace
// of the rule; where it is gone, packets pass at once (--queue-bypass of the rule).
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <poll.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <system_error>

extern "C" {
#include <libnetfilter_queue/libnetfilter_queue.h>
}

#include "harness/cluster/delay/delay_queue.h"

namespace {

using namespace faultline::delay;
using std::chrono::milliseconds;

constexpr std::uint32_t most_held = 20'000;  // above, the kernel drops packets
constexpr unsigned socket_buffer = 8 << 20;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

template <auto close>
struct Closer {
  template <class T>
  void operator()(T* handle) const {
    close(handle);
  }
};

class PacketQueue {
 public:
  explicit PacketQueue(std::uint16_t number, const Settings& settings)
      : held_(settings), library_(nfq_open()) {
    if (!library_) fail("nfnetlink_queue");
    queue_.reset(nfq_create_queue(library_.get(), number, &received, this));
    if (!queue_) fail("binding the queue");
    if (nfq_set_mode(queue_.get(), NFQNL_COPY_META, 0) < 0) fail("its mode");
    if (nfq_set_queue_maxlen(queue_.get(), most_held) < 0) fail("its length");
    if (nfq_set_queue_flags(queue_.get(), NFQA_CFG_F_GSO, NFQA_CFG_F_GSO) < 0) fail("its flags");
    nfnl_rcvbufsiz(nfq_nfnlh(library_.get()), socket_buffer);
  }

  void step() {
    pollfd ready{nfq_fd(library_.get()), POLLIN, 0};
    const auto pause = time_to_wait();
    if (::ppoll(&ready, 1, pause ? &*pause : nullptr, nullptr) > 0) take();
    while (const auto packet = held_.release(std::chrono::steady_clock::now()))
      if (nfq_set_verdict(queue_.get(), *packet, NF_ACCEPT, 0, nullptr) < 0) fail("a verdict");
  }

 private:
  static int received(nfq_q_handle*, nfgenmsg*, nfq_data* packet, void* self) {
    if (const auto* header = nfq_get_msg_packet_hdr(packet))
      static_cast<PacketQueue*>(self)->held_.hold(ntohl(header->packet_id),
                                                  std::chrono::steady_clock::now());
    return 0;
  }

  std::optional<timespec> time_to_wait() const {
    const auto next = held_.next();
    if (!next) return {};
    const auto left = std::max(*next - std::chrono::steady_clock::now(), Time::duration::zero());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    return timespec{static_cast<time_t>(seconds.count()),
                    static_cast<long>(std::chrono::nanoseconds(left - seconds).count())};
  }

  void take() {
    std::array<char, 65'536> buffer;
    const auto size = ::recv(nfq_fd(library_.get()), buffer.data(), buffer.size(), 0);
    if (size >= 0)
      nfq_handle_packet(library_.get(), buffer.data(), static_cast<int>(size));
    else if (errno != ENOBUFS && errno != EINTR)  // ENOBUFS: the kernel dropped some
      fail("the queue");
  }

  DelayQueue held_;
  std::unique_ptr<nfq_handle, Closer<nfq_close>> library_;
  std::unique_ptr<nfq_q_handle, Closer<nfq_destroy_queue>> queue_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App program("Holds packets of an NFQUEUE rule for a while");
  std::uint16_t number = 0;
  std::int64_t delay = 0, jitter = 0;
  std::uint64_t seed = 0;
  bool probe = false;
  program.add_option("--queue", number, "The queue's number")->required();
  program.add_option("--delay", delay, "Milliseconds");
  program.add_option("--jitter", jitter, "Milliseconds more or less, at random");
  program.add_option("--seed", seed, "Of the jitter");
  program.add_flag("--probe", probe, "End as soon as the queue is bound");
  CLI11_PARSE(program, argc, argv);
  try {
    PacketQueue queue(number, {milliseconds(delay), milliseconds(jitter), seed});
    while (!probe) queue.step();
  } catch (const std::exception& error) {
    std::cerr << "faultline-delay: " << error.what() << "\n";
    return 1;
  }
}
