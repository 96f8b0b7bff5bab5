// A YAML text as a tree that remembers where everything stands. Only what
// settings need: maps, lists and plain values. Anchors, aliases and tags are
// refused, depth is bounded, so that no text costs more than its own size.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace faultline {

struct Position {  // from 1; 0: the whole document
  int line = 0;
  int column = 0;
};

enum class NodeType { nothing, flag, whole, number, text, list, map };  // as YAML's core schema

struct Node {
  NodeType type = NodeType::nothing;
  std::string text;  // of a value, without its quotes
  Position at;
  std::vector<Node> keys;   // of a map, in the order of the text, duplicates too
  std::vector<Node> items;  // of a list; of a map, one per key
};

struct DocumentError : std::runtime_error {  // what() is one line
  DocumentError(Position where, const std::string& what) : std::runtime_error(what), at(where) {}
  Position at;
};

// Throws DocumentError for what is not one YAML document of the kind above.
// Complexity: linear in the text.
Node parse_document(const std::string& text);

}  // namespace faultline
