// For tests only.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

#include "harness/cluster/agent/file_system.h"
#include "harness/cluster/agent/mount_namespace_testing.h"
#include "harness/cluster/program.h"
#include "harness/cluster/requirement_testing.h"

namespace faultline::agent {

// An image of each file system, attached in a mount namespace of its own.
class AttachedImage : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    FAULTLINE_NEEDS("root", ::geteuid() == 0 && std::filesystem::exists("/dev/loop-control"));
    FAULTLINE_NEEDS("root", !find_program("mkfs." + GetParam()).empty());
    testing::enter_own_mount_namespace();
    std::string name = (std::filesystem::temp_directory_path() / "faultline-agent-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    image = (folder / "image").string();
    point = (folder / "mounted").string();
    if (GetParam() == "xfs") {
      output_of({"truncate", "--size=320M", image});
      output_of({"mkfs.xfs", "-q", "-f", image});
    } else {
      output_of({"truncate", "--size=32M", image});
      output_of({"mkfs.ext4", "-q", "-F", "-m", "0", image});
    }
    attach(image, point);
  }

  void TearDown() override {
    if (folder.empty()) return;
    detach(image);
    EXPECT_FALSE(attached_anywhere(image));
    std::filesystem::remove_all(folder);
  }

  static bool attached_anywhere(const std::string& image) {
    return !output_of({"losetup", "--noheadings", "--output", "NAME", "--associated", image})
                .empty();
  }

  // What the action complains of; empty where it does not.
  static std::string said(const std::function<void()>& action) {
    try {
      action();
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path folder;
  std::string image, point;
};

// In the file of the tests, for each class derived from AttachedImage.
#define FAULTLINE_ON_EACH_FILE_SYSTEM(fixture)                            \
  INSTANTIATE_TEST_SUITE_P(On, fixture, ::testing::Values("ext4", "xfs"), \
                           [](const auto& one) { return one.param; })

}  // namespace faultline::agent
