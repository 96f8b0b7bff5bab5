#include "harness/kubernetes/manifests.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "harness/cluster/cluster.h"

namespace faultline {
namespace {

using nlohmann::json;

class Filler {
 public:
  Filler(const std::filesystem::path& file, const std::map<std::string, json>& values)
      : file_(file), values_(values) {}

  json fill(const YAML::Node& node) const {
    switch (node.Type()) {
      case YAML::NodeType::Map: {
        json object = json::object();
        for (const auto& entry : node) object[entry.first.Scalar()] = fill(entry.second);
        return object;
      }
      case YAML::NodeType::Sequence: {
        json list = json::array();
        for (const auto& entry : node) list.push_back(fill(entry));
        return list;
      }
      case YAML::NodeType::Scalar:
        return scalar(node);
      default:
        return nullptr;
    }
  }

 private:
  json scalar(const YAML::Node& node) const {
    const std::string& text = node.Scalar();
    if (text.find("${") != text.npos) return filled(node, text);
    if (node.Tag() == "!") return text;  // quoted
    if (text == "true" || text == "false") return text == "true";
    if (const json number = json::parse(text, nullptr, false); number.is_number()) return number;
    return text;
  }

  json filled(const YAML::Node& node, const std::string& text) const {
    std::string result;
    for (std::size_t at = 0;;) {
      const auto begin = text.find("${", at);
      if (begin == text.npos) return result + text.substr(at);
      const auto end = text.find('}', begin);
      const auto name = text.substr(begin + 2, end - begin - 2);
      const auto value = values_.find(name);
      if (end == text.npos || value == values_.end())
        throw ClusterError(fmt::format("{}:{}: there is no value for ${{{}}}", file_.string(),
                                       node.Mark().line + 1, name));
      if (begin == 0 && end + 1 == text.size()) return value->second;
      result +=
          text.substr(at, begin - at) +
          (value->second.is_string() ? value->second.get<std::string>() : value->second.dump());
      at = end + 1;
    }
  }

  const std::filesystem::path& file_;
  const std::map<std::string, json>& values_;
};

}  // namespace

std::vector<json> read_manifests(const std::filesystem::path& file,
                                 const std::map<std::string, json>& values) {
  std::vector<json> manifests;
  try {
    for (const auto& document : YAML::LoadAllFromFile(file.string()))
      if (document.IsMap()) manifests.push_back(Filler(file, values).fill(document));
  } catch (const YAML::BadFile&) {
    throw ClusterError("cannot read " + file.string());
  } catch (const YAML::Exception& error) {
    throw ClusterError(fmt::format("{}:{}: {}", file.string(), error.mark.line + 1, error.msg));
  }
  return manifests;
}

}  // namespace faultline
