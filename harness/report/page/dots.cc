#include "harness/report/page/dots.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace faultline {
namespace {

constexpr std::size_t kinds = 6, outcomes = 3, all_series = kinds * outcomes;

std::size_t series_of(const Operation& o) {
  return static_cast<std::size_t>(o.kind) * outcomes + static_cast<std::size_t>(o.outcome);
}

struct Cell {
  std::uint32_t count = 0;
  std::uint32_t first = std::numeric_limits<std::uint32_t>::max();

  void add(std::uint32_t operations, std::uint32_t operation) {
    count += operations;
    first = std::min(first, operation);
  }
};

// Every series on a grid of its own. Row 0 holds what was never answered.
class Grid {
 public:
  Grid(std::size_t columns, std::size_t rows)
      : columns_(columns), rows_(rows), cells_(all_series * columns * rows) {}

  std::size_t columns() const { return columns_; }
  std::size_t rows() const { return rows_; }
  Cell& at(std::size_t series, std::size_t column, std::size_t row) {
    return cells_[(series * columns_ + column) * rows_ + row];
  }

  std::size_t occupied() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(cells_, [](const Cell& cell) { return cell.count > 0; }));
  }

  // Half as many columns, or rows where there are more of them.
  Grid coarser() {
    const bool fewer_columns = columns_ >= 4 * rows_ || rows_ <= 2;
    Grid half(fewer_columns ? (columns_ + 1) / 2 : columns_, fewer_columns ? rows_ : rows_ / 2 + 1);
    for (std::size_t series = 0; series < all_series; ++series)
      for (std::size_t column = 0; column < columns_; ++column)
        for (std::size_t row = 0; row < rows_; ++row) {
          const Cell& cell = at(series, column, row);
          const std::size_t wider = fewer_columns ? row : (row + 1) / 2;
          half.at(series, fewer_columns ? column / 2 : column, wider).add(cell.count, cell.first);
        }
    return half;
  }

 private:
  std::size_t columns_, rows_;
  std::vector<Cell> cells_;
};

Grid filled(const History& history, Interval interval) {
  constexpr std::size_t columns = 1024, rows = 64;
  Grid grid(columns, rows);
  const LatencyScale scale = latency_scale(history);
  const double length =
      std::max(1.0, static_cast<double>(interval.end) - static_cast<double>(interval.begin));
  const auto index = [](double part, std::size_t size) {
    return static_cast<std::size_t>(std::clamp(part, 0.0, 1.0) * static_cast<double>(size - 1));
  };
  for (std::size_t i = 0; i < history.operations.size(); ++i) {
    const Operation& o = history.operations[i];
    const double part =
        (static_cast<double>(o.invoked) - static_cast<double>(interval.begin)) / length;
    const Duration took = latency(o);
    const std::size_t row = took < 0 ? 0 : 1 + index(position(scale, took), rows - 1);
    grid.at(series_of(o), index(part, columns), row).add(1, static_cast<std::uint32_t>(i));
  }
  return grid;
}

std::vector<DotSeries> empty_series() {
  std::vector<DotSeries> all(all_series);
  for (std::size_t i = 0; i < all_series; ++i) {
    all[i].kind = static_cast<OperationKind>(i / outcomes);
    all[i].outcome = static_cast<Outcome>(i % outcomes);
  }
  return all;
}

void collect(Grid& grid, std::vector<DotSeries>& all) {
  for (std::size_t series = 0; series < all_series; ++series) {
    for (std::size_t column = 0; column < grid.columns(); ++column)
      for (std::size_t row = 0; row < grid.rows(); ++row)
        if (const Cell& cell = grid.at(series, column, row); cell.count > 0)
          all[series].dots.push_back({cell.first, cell.count});
    std::ranges::sort(all[series].dots, {}, &Dot::operation);
  }
}

}  // namespace

Duration latency(const Operation& o) {
  Duration took = -1;  // a damaged history may hold any time
  if (o.completed == never || __builtin_sub_overflow(o.completed, o.invoked, &took)) return -1;
  return std::max<Duration>(took, -1);
}

LatencyScale latency_scale(const History& history) {
  Duration lowest = never, highest = 0;
  for (const Operation& o : history.operations)
    if (const Duration took = latency(o); took >= 0) {
      lowest = std::min(lowest, std::max<Duration>(took, 1));
      highest = std::max(highest, took);
    }
  if (lowest == never) return {};
  LatencyScale scale;
  scale.lowest = static_cast<int>(std::floor(std::log10(static_cast<double>(lowest))));
  scale.highest =
      static_cast<int>(std::ceil(std::log10(static_cast<double>(std::max<Duration>(highest, 1)))));
  // What is refused before it is sent takes less than anything that a broker does.
  constexpr int fastest = 4;  // 10 us
  if (scale.highest > fastest + 1) scale.lowest = std::max(scale.lowest, fastest);
  scale.highest = std::max(scale.highest, scale.lowest + 2);
  return scale;
}

double position(const LatencyScale& scale, Duration took) {
  const double power = std::log10(static_cast<double>(std::max<Duration>(took, 1)));
  return std::clamp((power - scale.lowest) / (scale.highest - scale.lowest), 0.0, 1.0);
}

Dots thinned(const History& history, Interval interval, std::size_t most) {
  Dots dots;
  dots.operations = history.operations.size();
  std::vector<DotSeries> all = empty_series();
  if (dots.operations <= most) {
    for (std::size_t i = 0; i < history.operations.size(); ++i)
      all[series_of(history.operations[i])].dots.push_back({i, 1});
  } else {
    Grid grid = filled(history, interval);
    while (grid.occupied() > most && grid.columns() > 1) grid = grid.coarser();
    dots.columns = grid.columns();
    dots.rows = grid.rows() - 1;
    collect(grid, all);
  }
  for (DotSeries& series : all) {
    for (const Dot& dot : series.dots) series.operations += dot.count;
    dots.dots += series.dots.size();
  }
  std::erase_if(all, [](const DotSeries& series) { return series.dots.empty(); });
  dots.series = std::move(all);
  return dots;
}

}  // namespace faultline
