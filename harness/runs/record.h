// What is kept of one run, and how it is read from the run's folder.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "checkers/history.h"
#include "checkers/verdict.h"

namespace faultline {

// Bad input to what asks about runs, or a database that cannot be used. what() is one line.
struct RunsError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct CheckRecord {
  std::string check;
  Verdict verdict = Verdict::unknown;
  bool judged = true;  // false: measured and shown, no part of the run's outcome
  std::string reason, observed;

  bool operator==(const CheckRecord&) const = default;
};

// Absent where nothing was measured. Latencies are those of acknowledged publishes and of
// answered reads through the leader, from invocation to completion, over the whole run.
// Percentiles are nearest-rank. Rates are of the steady phase, before anything is broken.
struct RunFigures {
  using Value = std::optional<double>;
  Value write_gap, read_gap, delivery_gap;     // ns, the longest from strike to heal
  Value write_p50, write_p99, write_max;       // ns
  Value read_p50, read_p99, read_max;          // ns
  Value write_rate, read_rate, delivery_rate;  // per second

  bool operator==(const RunFigures&) const = default;
};

enum class FigureUnit { nanoseconds, per_second };

struct FigureKind {
  const char* name;   // of the column, and of the key in JSON
  const char* label;  // for people
  RunFigures::Value RunFigures::*value;
  FigureUnit unit;
  double matters;  // a smaller difference says nothing
};

inline constexpr std::array<FigureKind, 12> figure_kinds{{
    {"write_gap_ns", "longest gap of writes", &RunFigures::write_gap, FigureUnit::nanoseconds, 5e8},
    {"read_gap_ns", "longest gap of reads", &RunFigures::read_gap, FigureUnit::nanoseconds, 5e8},
    {"delivery_gap_ns", "longest gap of deliveries", &RunFigures::delivery_gap,
     FigureUnit::nanoseconds, 5e8},
    {"write_p50_ns", "writes, p50", &RunFigures::write_p50, FigureUnit::nanoseconds, 1e6},
    {"write_p99_ns", "writes, p99", &RunFigures::write_p99, FigureUnit::nanoseconds, 5e6},
    {"write_max_ns", "writes, slowest", &RunFigures::write_max, FigureUnit::nanoseconds, 5e8},
    {"read_p50_ns", "reads, p50", &RunFigures::read_p50, FigureUnit::nanoseconds, 1e6},
    {"read_p99_ns", "reads, p99", &RunFigures::read_p99, FigureUnit::nanoseconds, 5e6},
    {"read_max_ns", "reads, slowest", &RunFigures::read_max, FigureUnit::nanoseconds, 5e8},
    {"write_rate", "writes per second", &RunFigures::write_rate, FigureUnit::per_second, 5},
    {"read_rate", "reads per second", &RunFigures::read_rate, FigureUnit::per_second, 5},
    {"delivery_rate", "deliveries per second", &RunFigures::delivery_rate, FigureUnit::per_second,
     5},
}};

std::string format_figure(double, FigureUnit);  // "4.10 s", "187/s"

struct RunRecord {
  std::string suite, name;  // its folder: <results>/<suite>/<name>
  std::string stamp;        // of the files it was read from: differs where they changed

  std::string scenario, figure, set;
  std::string provider, broker_product, broker_version, faultline_version;
  std::string catalogue_commit;  // git's, "-dirty" behind it where files differ; may be empty
  std::uint64_t seed = 0;
  std::int64_t begin = 0;          // nanoseconds since 1970 UTC
  std::int64_t elapsed = 0;        // milliseconds; 0 where the run was killed
  std::string outcome = "broken";  // as outcome_word (report/words.h)
  std::string reason;              // one line
  std::string known_issue;         // "nats-server#6888", where that is why it failed
  std::vector<CheckRecord> checks;
  RunFigures figures;

  bool passed() const { return outcome == "pass"; }
  bool failed() const { return outcome == "fail"; }
  bool proves() const { return passed() || failed(); }  // the others say nothing of the broker
  // Went to its end, so that its figures may be compared with those of others.
  bool whole() const { return proves() || outcome == "unknown"; }
  std::string place() const { return suite + "/" + name; }
  std::vector<std::string> failing() const;  // the judged checks that failed

  bool operator==(const RunRecord&) const = default;
};

// The same experiment: their outcomes may be compared over time.
bool same_line(const RunRecord&, const RunRecord&);

// "1.3 broker-leader", "nats 2.12.15"
std::string label(const RunRecord&);
std::string broker(const RunRecord&);

// The same for the same files, whoever reads them and when. By run.json where there is one; of
// one of another version what ran, and not its verdict. A run without one was
// killed: then, too, its history is judged, and says the rest. What neither tells is told by the
// folders' names. Never throws for what is in the files. Secrets that a reason may hold
// (a password in an address, a token) are redacted (report/redact.h).
// `history` is that of the folder, where it has been read already. Complexity: linear in the
// history; near-linear where it is judged.
RunRecord read_run(const std::filesystem::path& folder, const History* history = nullptr);

}  // namespace faultline
