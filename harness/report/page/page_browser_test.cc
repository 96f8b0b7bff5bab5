// The pages in a real browser: Debian's chromium, driven by page_browser.py.
#include <gtest/gtest.h>

#include <boost/process.hpp>
#include <fstream>

#include "harness/cluster/requirement_testing.h"
#include "harness/cluster/testing.h"
#include "harness/report/page/index.h"
#include "harness/report/page/testing.h"

namespace faultline {
namespace {

namespace bp = boost::process;
namespace fs = std::filesystem;

bool browser_is_here() {
  return bp::system("/usr/bin/python3", "-c",
                    "import shutil, selenium; assert shutil.which('chromium') and "
                    "shutil.which('chromedriver')",
                    bp::std_out > bp::null, bp::std_err > bp::null) == 0;
}

class Browser : public ::testing::Test {
 protected:
  void SetUp() override {
    FAULTLINE_NEEDS("browser", browser_is_here());  // apt: chromium-driver python3-selenium
  }

  // True if it finds nothing wrong; it says what.
  bool passes(const std::string& what, const std::string& page) {
    const fs::path file = folder_.path() / "report.html";
    std::ofstream(file, std::ios::binary) << page;
    return bp::system("/usr/bin/python3", "harness/report/page/page_browser.py", what,
                      file.string()) == 0;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(Browser, ZoomsTogglesAndLinksOfAPassingRun) {
  const testing::MadeRun run(testing::passing_history());
  EXPECT_TRUE(passes("plot", run_page(run.content)));
}

TEST_F(Browser, ShowsAFailingRun) {
  const testing::MadeRun run(testing::failing_history());
  EXPECT_TRUE(passes("plot", run_page(run.content)));
}

TEST_F(Browser, ShowsAnUnknownRun) {
  const testing::MadeRun run(testing::unknown_history());
  EXPECT_TRUE(passes("plot", run_page(run.content)));
}

TEST_F(Browser, ShowsALongRun) {
  const testing::MadeRun run(testing::large_history(200'000));
  EXPECT_TRUE(passes("plot", run_page(run.content)));
}

TEST_F(Browser, ShowsASuite) {
  EXPECT_TRUE(passes(
      "text", suite_page(testing::make_suite({testing::make_passed(), testing::make_failed()}))));
}

}  // namespace
}  // namespace faultline
