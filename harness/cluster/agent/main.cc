// faultline-agent: the part of a fault that must happen inside a worker, where
// the harness itself does not run. One static program without needs of its own.
#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>

#include "harness/cluster/agent/containers.h"
#include "harness/cluster/agent/file_system.h"
#include "harness/cluster/agent/host.h"

namespace {

using namespace faultline;

struct Arguments {
  std::string image, point, container, pod;
  unsigned flag = 0;
  std::vector<std::string> command;
};

void add_image(CLI::App* command, Arguments& to) {
  command->add_option("image", to.image, "The image file")->required();
}

void add_point(CLI::App* command, Arguments& to) {
  command->add_option("point", to.point, "Where it is mounted")->required();
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
