#!/usr/bin/env python3
"""What actionlint does not know: the workflows call faultline with options that it has, and
keep the rules of docs/nightly.md. The argument is the program."""

import copy
import pathlib
import re
import shlex
import subprocess
import sys
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PROGRAM = sys.argv[1]


def load(file):
    return yaml.safe_load(file.read_text())


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def commands(script):
    """The words of each command of a shell script, as far as one line is one command."""
    joined = re.sub(r"\\\n\s*", " ", script)
    # A parameter that expands to an option and its value stands for both.
    joined = re.sub(r"\$\{\w+:\+([^}]*)\}", r"\1", joined)
    return [shlex.split(line, comments=True) for line in joined.splitlines() if line.strip()]


def calls(workflow):
    """(subcommand, options) of every call of faultline."""
    for step in steps(workflow):
        for words in commands(step.get("run", "")):
            if re.search(r"(^|/)(faultline|run)$", words[0]):
                options = words[2 : words.index("--")] if "--" in words else words[2:]
                yield words[1], [w.split("=")[0] for w in options if w.startswith("-")]


def known_options(subcommand):
    text = subprocess.run([PROGRAM, subcommand, "--help"], capture_output=True, text=True, check=True)
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text.stdout))


def unknown_options(workflow):
    return [o for sub, options in calls(workflow) for o in options if o not in known_options(sub)]


def problems(workflow):
    """The rules of docs/nightly.md that a workflow breaks."""
    found = []
    if workflow.get("permissions") != {"contents": "read"}:
        found.append("may do more than read the repository")
    if "concurrency" not in workflow:
        found.append("runs beside itself")
    for name, job in workflow["jobs"].items():
        if "timeout-minutes" not in job:
            found.append(f"{name} has no timeout")
        if "strategy" in job and job["strategy"].get("fail-fast") is not False:
            found.append(f"{name} gives up at the first failure")
        if "write" in (job.get("permissions") or {}).values() and any("run" in s for s in job["steps"]):
            found.append(f"{name} runs scripts with permission to write")
    for step in steps(workflow):
        if "uses" in step and not re.search(r"@[0-9a-f]{40}$", step["uses"]):
            found.append(f"{step['uses']} is not pinned")
        if "${{" in step.get("run", ""):
            found.append("an expression inside of a script")
        if "continue-on-error" in step:
            found.append("a step whose failure is hidden")
    return found


class Workflows(unittest.TestCase):
    def test_use_only_options_that_faultline_has(self):
        for file in WORKFLOWS:
            with self.subTest(file.name):
                self.assertEqual(unknown_options(load(file)), [])
        options = [o for file in WORKFLOWS for _, all in calls(load(file)) for o in all]
        for needed in "--junit --summary --fail-on --retries --time-limit --seed".split():
            self.assertIn(needed, options)

    def test_an_option_that_is_none_is_found(self):
        workflow = {"jobs": {"x": {"steps": [{"run": "build/faultline run --explode \\\n  -- 1.3"}]}}}
        self.assertEqual(unknown_options(workflow), ["--explode"])

    def test_keep_the_rules(self):
        self.assertTrue(WORKFLOWS)
        for file in WORKFLOWS:
            with self.subTest(file.name):
                self.assertEqual(problems(load(file)), [])

    def test_a_broken_rule_is_found(self):
        good = load(WORKFLOWS[0])
        for name, job in good["jobs"].items():
            bad = copy.deepcopy(good)
            del bad["jobs"][name]["timeout-minutes"]
            self.assertEqual(problems(bad), [f"{name} has no timeout"])
        bad = copy.deepcopy(good)
        bad["permissions"] = "write-all"
        self.assertEqual(len(problems(bad)), 1)
        bad = copy.deepcopy(good)
        next(s for s in steps(bad) if "uses" in s)["uses"] = "actions/checkout@v7"
        self.assertEqual(problems(bad), ["actions/checkout@v7 is not pinned"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
