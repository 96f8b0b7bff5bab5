#include "harness/document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <charconv>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

namespace faultline {
namespace {

constexpr std::size_t max_depth = 16;

Position position(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.find_first_of("0123456789") == text.npos) return false;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error != std::errc::invalid_argument && end == text.data() + text.size();
}

NodeType plain_type(std::string_view text) {
  static const std::set<std::string_view> flags = {"true",  "True",  "TRUE",
                                                   "false", "False", "FALSE"};
  static const std::set<std::string_view> numbers = {".inf",  ".Inf",  ".INF",  "-.inf",
                                                     "-.Inf", "-.INF", "+.inf", "+.Inf",
                                                     "+.INF", ".nan",  ".NaN",  ".NAN"};
  if (flags.contains(text)) return NodeType::flag;
  if (numbers.contains(text)) return NodeType::number;
  if (!is_number(text)) return NodeType::text;
  return text.find_first_of(".eE") == text.npos ? NodeType::whole : NodeType::number;
}

class TreeBuilder : public YAML::EventHandler {
 public:
  std::optional<Node> root;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root)
      throw DocumentError(position(mark),
                          "a second document begins here; write one scenario per file");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    add({NodeType::nothing, "", position(mark), {}, {}});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_anchor(mark, 1); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    add({tag == "?" ? plain_type(value) : NodeType::text, value, position(mark), {}, {}});
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(NodeType::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(NodeType::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  static void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0)
      throw DocumentError(position(mark),
                          "anchors (&name) and aliases (*name) are not read; write the value out");
  }
  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      throw DocumentError(position(mark), "tags (!name) are not read; leave it out");
  }

  void open(NodeType type, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (open_.size() == max_depth) throw DocumentError(position(mark), "nested too deeply");
    open_.push_back({type, "", position(mark), {}, {}});
  }

  void close() {
    Node done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done));
  }

  void add(Node node) {
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Node& parent = open_.back();
    const bool is_key = parent.type == NodeType::map && parent.keys.size() == parent.items.size();
    if (is_key && (node.type == NodeType::map || node.type == NodeType::list))
      throw DocumentError(node.at, "a map or a list cannot be a key here");
    (is_key ? parent.keys : parent.items).push_back(std::move(node));
  }

  std::vector<Node> open_;
};

}  // namespace

Node parse_document(const std::string& text) {
  std::istringstream stream(text);
  TreeBuilder builder;
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    throw DocumentError(position(error.mark), "not YAML: " + error.msg);
  }
  if (!builder.root || builder.root->type == NodeType::nothing)
    throw DocumentError({}, "is empty; docs/scenarios.md shows what a scenario looks like");
  return std::move(*builder.root);
}

}  // namespace faultline
