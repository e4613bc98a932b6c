#include "support/watcher.hpp"

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#include "support/child_process.hpp"

namespace esteira::test {
namespace {

// Its standard input is a pipe that only the test holds open: the kernel closes it however the test
// ends. $0 is the directory, $1 the process id's file, $2 the signal. The wait is bounded, because
// in a container without an init process a dead server stays in the process table.
constexpr const char* script = R"(read -r _
if read -r server _ < "$0/$1"; then
  kill "-$2" "$server"
  for _ in $(seq 200); do
    kill -0 "$server" || break
    sleep 0.05
  done
fi
rm -rf -- "$0")";

}  // namespace

Watcher::Watcher(const std::filesystem::path& directory, const std::string& pid_file,
                 const std::string& signal) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "making a pipe");
  }
  pipe_ = ends[1];
  pid_ = spawn(
      {.command = {"sh", "-c", script, directory.string(), pid_file, signal}, .input = ends[0]});
  close(ends[0]);
}

Watcher::~Watcher() {
  close(pipe_);
  wait_for_exit(pid_);
}

}  // namespace esteira::test
