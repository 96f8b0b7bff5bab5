// Processes that go on when the one that started them is gone.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace faultline::agent {

class Pipe {
 public:
  Pipe();
  ~Pipe();
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int reader() const { return reader_; }
  int writer() const { return writer_; }
  void close_reader();
  void close_writer();

  std::string read_all() const;  // until nobody can write any more
  void write(const std::string&) const;

 private:
  int reader_ = -1, writer_ = -1;
};

// `work` in a session of its own, without a file of ours but those in `kept`, a child of
// init. It must not return by an exception; nobody learns what became of it.
void start_detached(std::vector<int> kept, const std::function<void()>& work);

}  // namespace faultline::agent
