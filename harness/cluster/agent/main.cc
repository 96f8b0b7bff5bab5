// faultline-agent: the part of a fault that must happen inside a worker, where
// the harness itself does not run. One static program without needs of its own.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>

#include "harness/cluster/agent/containers.h"
#include "harness/cluster/agent/damage.h"
#include "harness/cluster/agent/file_system.h"
#include "harness/cluster/agent/freeze.h"
#include "harness/cluster/agent/host.h"

namespace {

using namespace faultline;
using namespace std::chrono_literals;

constexpr auto write_patience = 2s;

struct Arguments {
  std::string image, point, container, pod, file;
  unsigned flag = 0;
  unsigned limit = 0;  // seconds
  int owner = 0;
  std::uint64_t count = 0;
  std::vector<std::uint64_t> places;
  std::vector<std::string> command;
};

void add_image(CLI::App* command, Arguments& to) {
  command->add_option("image", to.image, "The image file")->required();
}

void add_point(CLI::App* command, Arguments& to) {
  command->add_option("point", to.point, "Where it is mounted")->required();
}

void add_file(CLI::App* command, Arguments& to) {
  command->add_option("file", to.file, "The file")->required();
}

void add_places(CLI::App* command, Arguments& to, const char* help) {
  command->add_option("places", to.places, help)->required();
}

// Their output is one line each, of numbers apart by a blank; bytes are hexadecimal.

void print_files(const std::string& folder) {
  for (const auto& [path, bytes] : agent::files_below(folder))
    std::cout << bytes << " " << path << "\n";
}

void flip(const Arguments& arguments) {
  for (const auto& [offset, before, after] : agent::flip_bits(arguments.file, arguments.places))
    std::printf("%llu %02x %02x\n", static_cast<unsigned long long>(offset), before, after);
}

void cut(const Arguments& arguments) {
  for (const auto byte : agent::cut_end(arguments.file, arguments.count)) std::printf("%02x", byte);
  std::printf("\n");
}

void print_bytes(const Arguments& arguments) {
  for (const auto offset : arguments.places)
    std::printf("%02x\n", agent::byte_at(arguments.file, offset));
}

void add_damage(CLI::App& program, Arguments& to) {
  const auto add = [&](const char* name, const char* help, std::function<void()> run) {
    auto* command = program.add_subcommand(name, help);
    command->callback(std::move(run));
    add_file(command, to);
    return command;
  };
  add("files", "The size and the path of every file below a folder", [&] { print_files(to.file); });
  add_places(
      add("flip", "Invert bits of a file: offset, byte before, byte after", [&] { flip(to); }), to,
      "Their numbers, from 0");
  add("cut", "Cut bytes off the end of a file, and print them", [&] { cut(to); })
      ->add_option("count", to.count, "How many")
      ->required();
  add_places(add("bytes", "Print bytes of a file", [&] { print_bytes(to); }), to, "Their offsets");
}

void require_hang(const std::string& point) {
  if (const auto problem = agent::hang_problem(point, write_patience); !problem.empty())
    throw std::runtime_error(problem);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program("What Faultline does to a broker inside its worker");
  program.require_subcommand(1);
  Arguments to;
  const auto add = [&](const char* name, const char* help, std::function<void()> run) {
    auto* command = program.add_subcommand(name, help);
    command->callback(std::move(run));
    return command;
  };
  auto* attach = add("attach", "Mount an image", [&] { agent::attach(to.image, to.point); });
  add_image(attach, to);
  add_point(attach, to);
  add_image(add("detach", "Unmount every mount of an image", [&] { agent::detach(to.image); }), to);
  auto* remove = add("remove", "Detach an image, and delete it and where it is mounted",
                     [&] { agent::remove(to.image, to.point); });
  add_image(remove, to);
  add_point(remove, to);
  auto* shutdown = add("shutdown", "From now on every access fails with EIO",
                       [&] { agent::shut_down(to.point, to.flag); });
  add_point(shutdown, to);
  shutdown->add_option("flag", to.flag, "0 writes back first, 2 forgets what was not synced")
      ->check(CLI::IsMember({0, 2}))
      ->required();
  add_point(add("probe", "Write and sync one block", [&] { agent::probe(to.point); }), to);
  add_point(add("fill", "Take every free byte", [&] { agent::fill(to.point); }), to);
  add_point(add("unfill", "Give it back", [&] { agent::unfill(to.point); }), to);
  add_point(add("filled", "Whether it is taken",
                [&] {
                  if (!agent::filled(to.point)) throw std::runtime_error("it is not filled");
                }),
            to);
  auto* freeze = add("freeze", "From now on every write hangs",
                     [&] { agent::freeze(to.point, std::chrono::seconds(to.limit), to.owner); });
  add_point(freeze, to);
  freeze->add_option("--limit", to.limit, "Seconds, after which a process of its own thaws")
      ->required();
  freeze->add_option("--owner", to.owner, "A process, after whose end that one thaws at once");
  add_point(add("thaw", "Writes go on", [&] { agent::thaw(to.point); }), to);
  add_point(add("thawed", "Whether nothing is frozen",
                [&] {
                  if (agent::frozen(to.point)) throw std::runtime_error("it is frozen");
                }),
            to);
  add_point(add("hangs", "Whether a write hangs", [&] { require_hang(to.point); }), to);
  add_damage(program, to);
  add_image(add("kill-holders", "SIGKILL to the containers that have an image mounted",
                [&] {
                  for (const auto& name : agent::kill_holders(to.image)) std::cout << name << "\n";
                }),
            to);
  auto* cut_power = add("cut-power", "SIGKILL to the holders, and what was not synced is gone",
                        [&] { agent::cut_power(to.image, to.point); });
  add_image(cut_power, to);
  add_point(cut_power, to);
  auto* kill = add("kill-container", "SIGKILL to the processes of a container", [&] {
    for (const auto& name : agent::kill_container(to.container, to.pod)) std::cout << name << "\n";
  });
  kill->add_option("id", to.container, "Its id, of at least 12 digits")->required();
  kill->add_option("--pod", to.pod, "Its pod's uid: what replaces it is killed for 5 s as well");
  add("host", "From a container: run a command on its machine",
      [&] { agent::run_on_host(to.command); })
      ->add_option("command", to.command, "After --; faultline-agent is this very program")
      ->required();
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error);
  } catch (const std::exception& error) {
    std::cerr << "faultline-agent: " << error.what() << "\n";
    return 1;
  }
}
