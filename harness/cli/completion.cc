#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "harness/cli/command.h"
#include "harness/exit_code.h"

namespace faultline {
namespace {

struct Choice {                    // an option, or a positional without a name
  std::vector<std::string> names;  // --json, -y
  std::string description;
  bool takes_value = false;
  std::vector<std::string> values;  // all there are; empty: any
};

struct Offer {
  std::string name, description;
  std::vector<Choice> choices;
};

// CLI11 shows the members of a set in the type's name: "TEXT:{bash,zsh,fish}".
std::vector<std::string> values_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto begin = type.find('{'), end = type.find('}');
  if (begin == type.npos || end == type.npos) return {};
  return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

Choice describe(const CLI::Option& option) {
  Choice choice;
  for (const std::string& name : option.get_lnames()) choice.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) choice.names.push_back("-" + name);
  choice.description = option.get_description();
  choice.takes_value = option.get_items_expected_max() > 0;
  choice.values = values_of(option);
  return choice;
}

Offer describe(const CLI::App& app) {
  Offer subcommand{app.get_name(), app.get_description(), {}};
  for (const CLI::Option* option : app.get_options())
    subcommand.choices.push_back(describe(*option));
  return subcommand;
}

std::vector<Offer> subcommands(const CLI::App& program) {
  std::vector<Offer> all;
  const auto shown = [](const CLI::App* app) { return !app->get_group().empty(); };
  for (const CLI::App* app : program.get_subcommands(shown)) all.push_back(describe(*app));
  return all;
}

std::vector<std::string> option_names(const Offer& subcommand) {
  std::vector<std::string> names;
  for (const Choice& choice : subcommand.choices)
    names.insert(names.end(), choice.names.begin(), choice.names.end());
  return names;
}

std::vector<std::string> names_of(const std::vector<Offer>& all) {
  std::vector<std::string> names;
  for (const Offer& subcommand : all) names.push_back(subcommand.name);
  return names;
}

// Where nothing is offered, the shell completes file names.
std::string bash(const Offer& program, const std::vector<Offer>& all) {
  std::string values, words;
  for (const Offer& subcommand : all) {
    std::vector<std::string> positional;
    for (const Choice& choice : subcommand.choices) {
      if (choice.names.empty()) positional = choice.values;
      if (choice.names.empty() || !choice.takes_value) continue;
      for (const std::string& name : choice.names)
        values += fmt::format("    {},{}) words=\"{}\" ;;\n", subcommand.name, name,
                              fmt::join(choice.values, " "));
    }
    words += fmt::format("        {},-*) words=\"{}\" ;;\n", subcommand.name,
                         fmt::join(option_names(subcommand), " "));
    words +=
        fmt::format("        {},*) words=\"{}\" ;;\n", subcommand.name, fmt::join(positional, " "));
  }
  return fmt::format(R"(# faultline completion bash
_faultline() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command= words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in
      {}) command=${{COMP_WORDS[i]}}; break ;;
    esac
  done
  case $command,$previous in
{}    *)
      case $command,$word in
{}        ,*) words="{} {}" ;;
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o bashdefault -o default -F _faultline faultline
)",
                     fmt::join(names_of(all), "|"), values, words, fmt::join(names_of(all), " "),
                     fmt::join(option_names(program), " "));
}

// zsh runs the same function.
std::string zsh(const Offer& program, const std::vector<Offer>& all) {
  return "#compdef faultline\nautoload -U +X compinit bashcompinit\n"
         "(( $+functions[compdef] )) || compinit\nbashcompinit\n" +
         bash(program, all);
}

std::string in_quotes(std::string_view text) {
  std::string text_in_quotes;
  for (const char c : text)
    text_in_quotes += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return "'" + text_in_quotes + "'";
}

std::string fish_choice(const Choice& choice, const std::string& condition) {
  std::string line = "complete -c faultline -n " + in_quotes(condition);
  for (const std::string& name : choice.names)
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (choice.takes_value && !choice.names.empty()) line += " -r";
  if (!choice.values.empty())
    line += " -f -a " + in_quotes(fmt::format("{}", fmt::join(choice.values, " ")));
  if (!choice.names.empty()) line += " -d " + in_quotes(choice.description);
  return line + "\n";
}

std::string fish(const Offer& program, const std::vector<Offer>& all) {
  std::string lines = "# faultline completion fish\n";
  for (const Choice& choice : program.choices)
    lines += fish_choice(choice, "__fish_use_subcommand");
  for (const Offer& subcommand : all) {
    lines += fmt::format("complete -c faultline -f -n __fish_use_subcommand -a {} -d {}\n",
                         subcommand.name, in_quotes(subcommand.description));
    for (const Choice& choice : subcommand.choices)
      if (!choice.names.empty() || !choice.values.empty())
        lines += fish_choice(choice, "__fish_seen_subcommand_from " + subcommand.name);
  }
  return lines;
}

}  // namespace

Subcommand completion_command(CLI::App& program) {
  CLI::App* app = add_subcommand(program, "completion", "Print a completion script for a shell",
                                 "  source <(faultline completion bash)\n"
                                 "  faultline completion zsh > ~/.zfunc/_faultline\n"
                                 "  faultline completion fish | source");
  auto shell = std::make_shared<std::string>();
  app->add_option("shell", *shell, "Which one")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->required();
  return {app, [shell, &program] {
            const Offer own = describe(program);
            const std::vector<Offer> all = subcommands(program);
            std::cout << (*shell == "bash"  ? bash(own, all)
                          : *shell == "zsh" ? zsh(own, all)
                                            : fish(own, all));
            return exit_passed;
          }};
}

}  // namespace faultline
