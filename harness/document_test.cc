#include "harness/document.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse_document(text);
    return "";
  } catch (const DocumentError& error) {
    return std::to_string(error.at.line) + ":" + std::to_string(error.at.column) + ": " +
           error.what();
  }
}

TEST(Document, RemembersWhereEverythingStands) {
  const Node root = parse_document("a: 1\nb:\n  - x\n  - {c: 'y'}\n");
  ASSERT_EQ(root.type, NodeType::map);
  ASSERT_EQ(root.keys.size(), 2u);
  EXPECT_EQ(root.keys[1].text, "b");
  EXPECT_EQ(root.keys[1].at.line, 2);
  EXPECT_EQ(root.keys[1].at.column, 1);
  const Node& inner = root.items[1].items[1];
  ASSERT_EQ(inner.type, NodeType::map);
  EXPECT_EQ(inner.items[0].text, "y");
  EXPECT_EQ(inner.items[0].at.line, 4);
  EXPECT_EQ(inner.items[0].at.column, 9);
}

TEST(Document, TypesPlainValuesAsTheCoreSchemaDoes) {
  const std::pair<const char*, NodeType> cases[] = {
      {"12", NodeType::whole},     {"-3", NodeType::whole},     {"+3", NodeType::whole},
      {"1.5", NodeType::number},   {"1e3", NodeType::number},   {".5", NodeType::number},
      {".inf", NodeType::number},  {".nan", NodeType::number},  {"true", NodeType::flag},
      {"FALSE", NodeType::flag},   {"yes", NodeType::text},     {"15s", NodeType::text},
      {"2.10.22", NodeType::text}, {"'12'", NodeType::text},    {"\"true\"", NodeType::text},
      {"~", NodeType::nothing},    {"null", NodeType::nothing}, {"nan", NodeType::text},
      {"inf", NodeType::text},     {"1e999", NodeType::number}, {"follower:1", NodeType::text},
  };
  for (const auto& [text, type] : cases) {
    const Node root = parse_document(std::string("k: ") + text);
    EXPECT_EQ(root.items.at(0).type, type) << text;
  }
}

TEST(Document, KeepsDuplicateKeys) { EXPECT_EQ(parse_document("a: 1\na: 2\n").keys.size(), 2u); }

TEST(Document, RefusesWhatSettingsDoNotNeed) {
  EXPECT_EQ(refusal("a: &x 1\nb: *x\n"),
            "1:4: anchors (&name) and aliases (*name) are not read; write the value out");
  EXPECT_NE(refusal("a: *x\n").find("1:4: "), std::string::npos);
  EXPECT_EQ(refusal("a: !!str 1\n"), "1:4: tags (!name) are not read; leave it out");
  EXPECT_EQ(refusal("a: 1\n---\nb: 2\n"),
            "2:1: a second document begins here; write one scenario per file");
  EXPECT_EQ(refusal("? [a]\n: 1\n"), "1:3: a map or a list cannot be a key here");
  for (const auto* nothing : {"", "\n\n", "# only a comment\n", "---\n", "---\n...\n"})
    EXPECT_EQ(refusal(nothing), "0:0: is empty; docs/scenarios.md shows what a scenario looks like")
        << nothing;
}

TEST(Document, TellsWhereTheTextIsNotYaml) {
  EXPECT_EQ(refusal("a: [1, 2\nb: 3\n").substr(0, 13), "2:2: not YAML");
  EXPECT_NE(refusal("a:\n\t- b\n"), "");
  EXPECT_NE(refusal("\"open"), "");
}

TEST(Document, RefusesABombOfAliasesAtItsFirstAnchor) {
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 60; ++i) {
    const auto last = "*a" + std::to_string(i - 1);
    bomb +=
        "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last + ", " + last + "]\n";
  }
  EXPECT_NE(refusal(bomb).find("1:5: anchors"), std::string::npos);
}

TEST(Document, RefusesDeepNestingInEveryStyle) {
  std::string dashes, block;
  for (int i = 0; i < 5'000; ++i) {
    dashes += "- ";
    if (i < 200) block += std::string(i, ' ') + "a:\n";
  }
  for (const auto& text : {std::string(50'000, '['), std::string(50'000, '{'), dashes + "x", block,
                           "{a: " + std::string(20'000, '[')})
    EXPECT_NE(refusal(text), "") << text.substr(0, 20);
  EXPECT_NE(refusal(std::string(17, '[') + std::string(17, ']')).find("nested too deeply"),
            std::string::npos);
  EXPECT_EQ(refusal(std::string(16, '[') + std::string(16, ']')), "");
}

}  // namespace
}  // namespace faultline
