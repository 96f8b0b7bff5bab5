#include "harness/kubernetes/api/lease.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

namespace faultline {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto group_version = "coordination.k8s.io/v1";

std::string unique(const std::string& identity) {
  std::random_device random;
  return fmt::format("{}_{:08x}{:08x}", identity, random(), random());
}

// Kubernetes' MicroTime.
std::string time_text() {
  const auto now =
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(now);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (now - seconds).count());
}

// What is no object, or lacks a member of that type, counts as empty.
struct Record {
  explicit Record(json an_object) : object(std::move(an_object)) {
    const json& spec =
        object.contains("spec") && object["spec"].is_object() ? object["spec"] : json::object();
    holder = text(spec, "holderIdentity");
    acquired = text(spec, "acquireTime");
    renewed = text(spec, "renewTime");
    if (const auto found = spec.find("leaseDurationSeconds");
        found != spec.end() && found->is_number_integer() && *found > 0)
      duration = std::chrono::seconds(found->get<int>());
    if (const auto found = spec.find("leaseTransitions");
        found != spec.end() && found->is_number_integer())
      transitions = found->get<int>();
  }

  static std::string text(const json& spec, const char* key) {
    const auto found = spec.find(key);
    return found != spec.end() && found->is_string() ? found->get<std::string>() : "";
  }

  json object;
  std::string holder, acquired, renewed;
  std::optional<std::chrono::seconds> duration;
  int transitions = 0;
};

bool is_conflict(const KubernetesError& error) { return error.status == 409; }

}  // namespace

struct Lease::Implementation {
  Implementation(Kubernetes& an_api, std::string a_path, std::string a_name,
                 const std::string& an_identity, LeaseOptions some_options)
      : api(an_api),
        path(std::move(a_path)),
        name(std::move(a_name)),
        identity(unique(an_identity)),
        options(std::move(some_options)) {}

  std::string own_path() const { return path + "/" + name; }
  Clock::duration patience() const { return options.duration * 2 / 3; }

  // Of the moment before the request that made it ours: the server's may be later only.
  void taken(Clock::time_point asked) {
    const std::lock_guard lock(mutex);
    held = true;
    renewed = asked;
    if (!keeper.joinable()) keeper = std::jthread([this](const std::stop_token& s) { keep(s); });
  }

  json spec(const std::string& acquired, int transitions) const {
    return {{"holderIdentity", identity},
            {"leaseDurationSeconds", options.duration.count()},
            {"acquireTime", acquired},
            {"renewTime", time_text()},
            {"leaseTransitions", transitions}};
  }

  std::optional<LeaseHolder> try_take() {
    constexpr int most_attempts = 100;
    for (int attempt = 1;; ++attempt) try {
        return take_once();
      } catch (const KubernetesError& error) {  // another was faster: see who
        if (!is_conflict(error) || attempt == most_attempts) throw;
      }
  }

  std::optional<LeaseHolder> take_once() {
    const auto found = api.find(own_path());
    const auto asked = options.now();
    if (!found) {
      api.create(path, {{"apiVersion", group_version},
                        {"kind", "Lease"},
                        {"metadata", {{"name", name}}},
                        {"spec", spec(time_text(), 0)}});
      taken(asked);
      return {};
    }
    Record record(*found);
    const bool ours = record.holder == identity;  // of a request whose answer was lost
    if (!ours && !record.holder.empty() && !expired(record))
      return LeaseHolder{record.holder, record.acquired};
    record.object["spec"] =
        spec(ours ? record.acquired : time_text(), record.transitions + (ours ? 0 : 1));
    api.replace(own_path(), record.object);
    taken(asked);
    return {};
  }

  // Judged by this process's own clock, since it first saw it so.
  bool expired(const Record& record) {
    const auto sign = record.holder + "\n" + record.renewed + "\n" + record.acquired;
    if (sign != seen) {
      seen = sign;
      ++signs;
      seen_at = options.now();
    }
    return options.now() - seen_at >= record.duration.value_or(options.duration);
  }

  void keep(const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    while (!wake.wait_for(lock, stop, options.renew_every, [&] { return stop.stop_requested(); })) {
      if (!held || gone) continue;
      lock.unlock();
      const auto asked = options.now();
      const auto outcome = renew();
      lock.lock();
      if (outcome == Outcome::renewed && !overdue()) renewed = asked;
      if (outcome == Outcome::anothers || overdue()) gone = true;
    }
  }

  enum class Outcome { renewed, unknown, anothers };

  Outcome renew() {
    try {
      const auto found = api.find(own_path());
      if (!found) return Outcome::anothers;
      Record record(*found);
      if (record.holder != identity) return Outcome::anothers;
      record.object["spec"] = spec(record.acquired, record.transitions);
      api.replace(own_path(), record.object);
      return Outcome::renewed;
    } catch (const std::exception&) {  // conflict or no answer: the next look tells
      return Outcome::unknown;
    }
  }

  bool overdue() const { return held && options.now() - renewed > patience(); }

  bool lost() const {
    const std::lock_guard lock(mutex);
    gone = gone || overdue();
    return gone;
  }

  bool release() {
    keeper.request_stop();
    if (keeper.joinable()) keeper.join();
    {
      const std::lock_guard lock(mutex);
      if (!std::exchange(held, false)) return false;
    }
    for (int attempt = 0; attempt < 5; ++attempt) try {
        const auto found = api.find(own_path());
        if (!found) return false;
        Record record(*found);
        if (record.holder != identity) return false;
        record.object["spec"]["holderIdentity"] = "";
        record.object["spec"]["leaseDurationSeconds"] = 1;  // as client-go does
        api.replace(own_path(), record.object);
        return true;
      } catch (const KubernetesError& error) {
        if (!is_conflict(error)) return false;
      } catch (const std::exception&) {
        return false;
      }
    return false;
  }

  Kubernetes& api;
  const std::string path, name, identity;
  const LeaseOptions options;

  std::string seen;  // the holder's last sign of life
  int signs = 0;     // how many there were
  Clock::time_point seen_at;

  mutable std::mutex mutex;
  std::condition_variable_any wake;
  bool held = false;
  mutable bool gone = false;
  Clock::time_point renewed;
  std::jthread keeper;
};

Lease::Lease(Kubernetes& api, const std::string& namespace_name, std::string name,
             const std::string& identity, LeaseOptions options)
    : implementation_(std::make_unique<Implementation>(
          api, resource_path(group_version, namespace_name, "leases"), std::move(name), identity,
          std::move(options))) {}

Lease::~Lease() { release(); }

std::optional<LeaseHolder> Lease::try_take() { return implementation_->try_take(); }

std::optional<LeaseHolder> Lease::take(const std::function<bool()>& cancelled) {
  auto& self = *implementation_;
  auto holder = self.try_take();
  for (const int before = self.signs; holder && self.signs == before;) {
    if (cancelled && cancelled()) return holder;
    std::this_thread::sleep_for(self.options.look_every);
    holder = self.try_take();
  }
  return holder;
}

bool Lease::lost() const { return implementation_->lost(); }

bool Lease::release() { return implementation_->release(); }

const std::string& Lease::identity() const { return implementation_->identity; }

}  // namespace faultline
