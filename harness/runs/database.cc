#include "harness/runs/database.h"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <functional>

namespace faultline {
namespace {

namespace fs = std::filesystem;

constexpr int wait_ms = 30'000;
constexpr int schema_version = 1;
constexpr int application_id = 0x464C544C;  // "FLTL"

// The columns of `runs`, once for all: how each is written and read back.
struct Column {
  std::string name, type;
  std::function<void(SQLite::Statement&, int, const RunRecord&)> bind;
  std::function<void(const SQLite::Column&, RunRecord&)> read;
};

Column text_column(const char* name, std::string RunRecord::*member) {
  return {
      name, "TEXT NOT NULL",
      [=](SQLite::Statement& to, int index, const RunRecord& run) { to.bind(index, run.*member); },
      [=](const SQLite::Column& from, RunRecord& run) { run.*member = from.getString(); }};
}

Column integer_column(const char* name, std::int64_t RunRecord::*member) {
  return {
      name, "INTEGER NOT NULL",
      [=](SQLite::Statement& to, int index, const RunRecord& run) { to.bind(index, run.*member); },
      [=](const SQLite::Column& from, RunRecord& run) { run.*member = from.getInt64(); }};
}

Column figure_column(const FigureKind& kind) {
  return {kind.name, "REAL",
          [=](SQLite::Statement& to, int index, const RunRecord& run) {
            const RunFigures::Value& value = run.figures.*kind.value;
            value ? to.bind(index, *value) : to.bind(index);
          },
          [=](const SQLite::Column& from, RunRecord& run) {
            if (!from.isNull()) run.figures.*kind.value = from.getDouble();
          }};
}

// As text: SQLite has no unsigned number of 64 bits.
Column seed_column() {
  return {"seed", "TEXT NOT NULL",
          [](SQLite::Statement& to, int index, const RunRecord& run) {
            to.bind(index, std::to_string(run.seed));
          },
          [](const SQLite::Column& from, RunRecord& run) {
            const std::string digits = from.getString();
            std::from_chars(digits.data(), digits.data() + digits.size(), run.seed);
          }};
}

const std::vector<Column>& columns() {
  static const std::vector<Column> all = [] {
    std::vector<Column> list{
        text_column("suite", &RunRecord::suite),
        text_column("name", &RunRecord::name),
        text_column("stamp", &RunRecord::stamp),
        text_column("scenario", &RunRecord::scenario),
        text_column("figure", &RunRecord::figure),
        text_column("scenario_set", &RunRecord::set),
        text_column("provider", &RunRecord::provider),
        text_column("broker_product", &RunRecord::broker_product),
        text_column("broker_version", &RunRecord::broker_version),
        text_column("faultline_version", &RunRecord::faultline_version),
        text_column("catalogue_commit", &RunRecord::catalogue_commit),
        seed_column(),
        integer_column("begin_ns", &RunRecord::begin),
        integer_column("elapsed_ms", &RunRecord::elapsed),
        text_column("outcome", &RunRecord::outcome),
        text_column("reason", &RunRecord::reason),
        text_column("known_issue", &RunRecord::known_issue),
    };
    for (const FigureKind& kind : figure_kinds) list.push_back(figure_column(kind));
    return list;
  }();
  return all;
}

std::string column_names() {
  std::vector<std::string> names;
  for (const Column& column : columns()) names.push_back(column.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string schema() {
  std::string definitions;
  for (const Column& column : columns())
    definitions += fmt::format("  {} {},\n", column.name, column.type);
  return fmt::format(R"(CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
{}  UNIQUE (suite, name)
);
CREATE TABLE checks (
  run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  place INTEGER NOT NULL,  -- in the order they are judged in
  name TEXT NOT NULL,
  verdict TEXT NOT NULL,   -- pass, unknown or fail
  judged INTEGER NOT NULL, -- 0: no part of the outcome
  reason TEXT NOT NULL,
  observed TEXT NOT NULL,
  PRIMARY KEY (run, place)
) WITHOUT ROWID;
CREATE INDEX runs_of_scenario ON runs (scenario, begin_ns);
)",
                     definitions);
}

Verdict verdict_of(const std::string& word) {
  if (word == "pass") return Verdict::pass;
  return word == "fail" ? Verdict::fail : Verdict::unknown;
}

bool is_damage(const SQLite::Exception& error) {
  return error.getErrorCode() == SQLITE_CORRUPT || error.getErrorCode() == SQLITE_NOTADB;
}

[[noreturn]] void refuse(const fs::path& file, const SQLite::Exception& error) {
  if (is_damage(error))
    throw RunsError(
        fmt::format("'{}' is damaged ({}): 'faultline runs --rebuild' keeps it aside and makes it "
                    "anew from the run folders",
                    file.string(), error.what()));
  throw RunsError(fmt::format("'{}': {}", file.string(), error.what()));
}

int number(SQLite::Database& database, const std::string& query) {
  return database.execAndGet(query).getInt();
}

void drop_everything(SQLite::Database& database) {
  std::vector<std::string> tables;
  SQLite::Statement query(database,
                          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "
                          "'sqlite_%'");
  while (query.executeStep()) tables.push_back(query.getColumn(0).getString());
  query.reset();
  for (std::string name : tables) {
    for (std::size_t at = 0; (at = name.find('"', at)) != name.npos; at += 2)
      name.insert(at, 1, '"');
    database.exec("DROP TABLE \"" + name + "\"");
  }
}

void check_ours(SQLite::Database& database, const fs::path& file) {
  const bool empty = number(database, "SELECT count(*) FROM sqlite_master") == 0;
  if (!empty && number(database, "PRAGMA application_id") != application_id)
    throw RunsError(
        fmt::format("'{}' is a database of another program: move it away, or choose "
                    "another folder with --results DIR",
                    file.string()));
  const int version = number(database, "PRAGMA user_version");
  if (version > schema_version)
    throw RunsError(fmt::format(
        "'{}' is of a newer faultline (version {}, this one knows {}): use that one, or "
        "another folder with --results DIR",
        file.string(), version, schema_version));
}

// An older one is made anew; the run folders fill it.
void make_schema(SQLite::Database& database, const fs::path& file) {
  check_ours(database, file);
  if (number(database, "PRAGMA user_version") == schema_version) return;
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  check_ours(database, file);  // somebody else may have been first
  if (number(database, "PRAGMA user_version") == schema_version) return;
  drop_everything(database);
  database.exec(schema());
  database.exec(fmt::format("PRAGMA application_id = {}", application_id));
  database.exec(fmt::format("PRAGMA user_version = {}", schema_version));
  transaction.commit();
}

// What root makes in somebody's folder is theirs, or their own runs could not be added.
void give_to_owner_of(const fs::path& folder, const fs::path& file) {
  struct stat owner {};
  if (::geteuid() == 0 && ::stat(folder.c_str(), &owner) == 0 && owner.st_uid != 0)
    (void)!::lchown(file.c_str(), owner.st_uid, owner.st_gid);
}

SQLite::Database open_to_write(const fs::path& results) {
  const fs::path file = results / runs_database_name;
  std::error_code error;
  const bool there = fs::exists(file, error);
  SQLite::Database database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, wait_ms);
  database.exec("PRAGMA foreign_keys = ON");
  make_schema(database, file);
  if (!there) give_to_owner_of(results, file);
  return database;
}

SQLite::Database open_copy(const fs::path& results) {
  const fs::path file = results / runs_database_name;
  SQLite::Database copy(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  std::error_code error;
  if (fs::file_size(file, error) > 0 && !error) try {
      SQLite::Database original(file.string(), SQLite::OPEN_READONLY, wait_ms);
      check_ours(original, file);
      SQLite::Backup(copy, original).executeStep(-1);
    } catch (const SQLite::Exception& problem) {
      if (is_damage(problem)) throw;
      copy = SQLite::Database(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    }  // a file that cannot be read: the folders fill the copy
  copy.exec("PRAGMA foreign_keys = ON");
  make_schema(copy, file);
  return copy;
}

void erase(SQLite::Database& database, const std::string& suite, const std::string& name) {
  SQLite::Statement statement(database, "DELETE FROM runs WHERE suite = ? AND name = ?");
  statement.bind(1, suite);
  statement.bind(2, name);
  statement.exec();
}

void insert(SQLite::Database& database, const RunRecord& run) {
  std::string marks = "?";
  for (std::size_t i = 1; i < columns().size(); ++i) marks += ", ?";
  SQLite::Statement statement(
      database, fmt::format("INSERT INTO runs ({}) VALUES ({})", column_names(), marks));
  int index = 0;
  for (const Column& column : columns()) column.bind(statement, ++index, run);
  statement.exec();
  const std::int64_t id = database.getLastInsertRowid();
  SQLite::Statement check(database, "INSERT INTO checks VALUES (?, ?, ?, ?, ?, ?, ?)");
  for (std::size_t i = 0; i < run.checks.size(); ++i) {
    check.reset();
    check.bind(1, id);
    check.bind(2, static_cast<std::int64_t>(i));
    check.bind(3, run.checks[i].check);
    check.bind(4, std::string(to_string(run.checks[i].verdict)));
    check.bind(5, run.checks[i].judged ? 1 : 0);
    check.bind(6, run.checks[i].reason);
    check.bind(7, run.checks[i].observed);
    check.exec();
  }
}

}  // namespace

struct RunsDatabase::Implementation {
  fs::path file;
  mutable SQLite::Database database;

  // Every use of SQLite: what it throws is told as ours.
  template <typename Use>
  static auto guarded(const fs::path& file, const Use& use) {
    try {
      return use();
    } catch (const SQLite::Exception& error) {
      refuse(file, error);
    }
  }
  template <typename Change>
  void transaction(const Change& change) {
    guarded(file, [&] {
      SQLite::Transaction whole(database, SQLite::TransactionBehavior::IMMEDIATE);
      change();
      whole.commit();
    });
  }
};

RunsDatabase::RunsDatabase(const fs::path& results, Mode mode) {
  const fs::path file = results / runs_database_name;
  implementation_ = Implementation::guarded(file, [&] {
    return std::make_unique<Implementation>(
        Implementation{file, mode == Mode::write ? open_to_write(results) : open_copy(results)});
  });
}

RunsDatabase::~RunsDatabase() = default;
RunsDatabase::RunsDatabase(RunsDatabase&&) noexcept = default;
RunsDatabase& RunsDatabase::operator=(RunsDatabase&&) noexcept = default;

void RunsDatabase::add(const RunRecord& run) {
  implementation_->transaction([&] {
    erase(implementation_->database, run.suite, run.name);
    insert(implementation_->database, run);
  });
}

void RunsDatabase::remove(const std::string& suite, const std::string& name) {
  implementation_->transaction([&] { erase(implementation_->database, suite, name); });
}

void RunsDatabase::replace_all(const std::vector<RunRecord>& runs) {
  implementation_->transaction([&] {
    implementation_->database.exec("DELETE FROM runs");
    for (const RunRecord& run : runs) insert(implementation_->database, run);
  });
}

std::vector<RunRecord> RunsDatabase::runs() const {
  return Implementation::guarded(implementation_->file, [&] {
    SQLite::Database& database = implementation_->database;
    SQLite::Transaction one_moment(database);
    std::vector<RunRecord> runs;
    std::map<std::int64_t, std::size_t> by_id;
    SQLite::Statement query(
        database,
        fmt::format("SELECT id, {} FROM runs ORDER BY begin_ns, suite, name", column_names()));
    while (query.executeStep()) {
      by_id[query.getColumn(0).getInt64()] = runs.size();
      RunRecord& run = runs.emplace_back();
      int index = 0;
      for (const Column& column : columns()) column.read(query.getColumn(++index), run);
    }
    SQLite::Statement checks(database,
                             "SELECT run, name, verdict, judged, reason, observed FROM checks "
                             "ORDER BY run, place");
    while (checks.executeStep())
      if (const auto run = by_id.find(checks.getColumn(0).getInt64()); run != by_id.end())
        runs[run->second].checks.push_back(
            {checks.getColumn(1).getString(), verdict_of(checks.getColumn(2).getString()),
             checks.getColumn(3).getInt() != 0, checks.getColumn(4).getString(),
             checks.getColumn(5).getString()});
    return runs;
  });
}

std::map<std::string, std::string> RunsDatabase::stamps() const {
  return Implementation::guarded(implementation_->file, [&] {
    std::map<std::string, std::string> stamps;
    SQLite::Statement query(implementation_->database, "SELECT suite, name, stamp FROM runs");
    while (query.executeStep())
      stamps[query.getColumn(0).getString() + "/" + query.getColumn(1).getString()] =
          query.getColumn(2).getString();
    return stamps;
  });
}

std::string RunsDatabase::damage() const {
  try {
    SQLite::Statement query(implementation_->database, "PRAGMA integrity_check");
    query.executeStep();
    const std::string found = query.getColumn(0).getString();
    return found == "ok" ? "" : found;
  } catch (const SQLite::Exception& error) {
    if (is_damage(error)) return error.what();
    refuse(implementation_->file, error);
  }
}

fs::path put_damaged_aside(const fs::path& results) {
  const fs::path file = results / runs_database_name;
  std::error_code error;
  if (!fs::exists(file, error)) return {};
  try {
    SQLite::Database database(file.string(), SQLite::OPEN_READONLY, wait_ms);
    SQLite::Statement query(database, "PRAGMA integrity_check");
    if (query.executeStep() && query.getColumn(0).getString() == "ok") return {};
  } catch (const SQLite::Exception& problem) {
    if (!is_damage(problem)) refuse(file, problem);
  }
  fs::path aside;
  for (int number = 1; aside.empty() || fs::exists(aside, error); ++number)
    aside = file.string() + fmt::format(".damaged-{}", number);
  fs::rename(file, aside, error);
  if (error) throw RunsError(fmt::format("cannot rename '{}': {}", file.string(), error.message()));
  const std::string journal = file.string() + "-journal";
  if (fs::exists(journal, error)) fs::rename(journal, aside.string() + "-journal", error);
  return aside;
}

}  // namespace faultline
