// What a fault that damages files leaves to chance: the same for the same seed.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "harness/broker/broker.h"
#include "harness/cluster/volume.h"

namespace faultline {

using Random = std::mt19937_64;

Random random_of(std::uint64_t seed, const std::string& server);

// Those of `all` that have something in them and are meant.
std::vector<StoredFile> choosable(const std::vector<StoredFile>& all, const DataFiles& meant);

const StoredFile& choose_file(const std::vector<StoredFile>&, Random&);  // not of none

// So many bits of a file of this size, or all; in order, none twice.
std::vector<std::uint64_t> choose_bits(std::uint64_t bytes, std::uint32_t count, Random&);

std::uint64_t choose_cut(std::uint64_t bytes, Random&);  // 1 to 4096, at most all

}  // namespace faultline
