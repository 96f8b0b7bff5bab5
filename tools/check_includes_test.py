#!/usr/bin/env python3
"""tools/check-includes finds each wrong include that is planted, and no right one."""

import pathlib
import subprocess
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).parent


class CheckIncludes(unittest.TestCase):
    def check(self, path, line):
        """Exit code and output for a project that holds just this one file."""
        with tempfile.TemporaryDirectory() as root:
            design = pathlib.Path(root, "docs/design.md")
            design.parent.mkdir()
            design.write_text((TOOLS.parent / "docs/design.md").read_text())
            file = pathlib.Path(root, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"// a file\n{line}\n")
            done = subprocess.run([TOOLS / "check-includes", root], capture_output=True, text=True)
            return done.returncode, done.stdout

    def test_refuses(self):
        for path, line in [
            ("checkers/judge.cc", '#include "workloads/recorder.h"'),
            ("checkers/judge.cc", '#include "harness/runner.h"'),
            ("checkers/judge.cc", "#include <nlohmann/json.hpp>"),
            ("checkers/judge.h", "#include <gtest/gtest.h>"),
            ("checkers/judge.cc", "#  include <unistd.h>"),
            ("workloads/recorder.h", '#include "faults/fault.h"'),
            ("workloads/recorder_test.cc", '#include "harness/runner.h"'),
            ("harness/cluster/cluster.h", '#include "harness/broker/broker.h"'),
            ("harness/cluster/local/local.cc", '#include "harness/runner.h"'),
            ("harness/broker/broker.h", '#include "workloads/recorder.h"'),
            ("harness/broker/nats/nats.cc", '#include "faults/fault.h"'),
            ("faults/fault.h", '#include "workloads/recorder.h"'),
            ("faults/fault.h", '#include "harness/runner.h"'),
            ("faults/fault.h", '#include "journal.h"'),
        ]:
            with self.subTest(path=path, line=line):
                code, output = self.check(path, line)
                self.assertEqual(code, 1, output)
                self.assertIn(f"{path}:2: ", output)

    def test_allows(self):
        for path, line in [
            ("checkers/judge.cc", "#include <vector>"),
            ("checkers/judge.cc", '#include "checkers/history.h"'),
            ("checkers/judge_test.cc", "#include <gtest/gtest.h>"),
            ("workloads/recorder.h", '#include "checkers/history.h"'),
            ("workloads/recorder.h", '#include "harness/cluster/cluster.h"'),
            ("harness/cluster/cluster.h", '#include "checkers/history.h"'),
            ("harness/broker/nats/nats.cc", '#include "harness/cluster/cluster.h"'),
            ("faults/fault.h", '#include "harness/broker/broker.h"'),
            ("harness/runner.h", '#include "workloads/recorder.h"'),
            ("harness/runner.cc", "#include <nlohmann/json.hpp>"),
        ]:
            with self.subTest(path=path, line=line):
                code, output = self.check(path, line)
                self.assertEqual(code, 0, output)

    def test_a_project_without_code_is_not_clean(self):
        self.assertEqual(self.check("elsewhere/a.cc", "#include <vector>")[0], 1)

    def test_a_design_without_the_table_is_no_pass(self):
        with tempfile.TemporaryDirectory() as root:
            pathlib.Path(root, "docs").mkdir()
            pathlib.Path(root, "docs/design.md").write_text("# A design without a table\n")
            done = subprocess.run([TOOLS / "check-includes", root], capture_output=True, text=True)
            self.assertEqual(done.returncode, 254, done.stdout)


if __name__ == "__main__":
    unittest.main()
