// Finds scenario files and loads them.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "harness/scenario.h"

namespace faultline {

// Which scenarios a folder stands for. A file that is named always counts.
enum class Selection {
  to_run,  // known-issue and built-to-fail only from a folder that is named itself, not from below
           // it
  all,
};

struct Catalogue {
  std::vector<Scenario>
      scenarios;  // those without a problem, in order of the paths, then of file names
  std::vector<ScenarioProblem> problems;  // of all files at once, and of paths that hold nothing
};

// Files, and folders that are searched through for *.yaml and *.yml; without a
// path, the catalogue in scenarios_folder(): to_run then means the set `page`.
// A file that is met twice counts once. Never throws for what is on the disk.
Catalogue load_catalogue(std::span<const std::filesystem::path> paths, Selection);

// The folder of the catalogue, told by its schema.json: ./scenarios, else beside
// the program (../scenarios, ../share/faultline/scenarios), else where
// the program was built from. Empty if there is none.
std::filesystem::path scenarios_folder();

}  // namespace faultline
