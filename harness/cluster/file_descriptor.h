#pragma once

#include <unistd.h>

#include <utility>

namespace faultline {

// Owns a POSIX file descriptor; -1 owns none.
class FileDescriptor {
 public:
  explicit FileDescriptor(int number = -1) : number_(number) {}
  ~FileDescriptor() { reset(); }
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }

  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }
  explicit operator bool() const { return number_ >= 0; }

 private:
  void reset() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

  int number_;
};

}  // namespace faultline
