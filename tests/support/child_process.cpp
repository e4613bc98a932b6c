#include "support/child_process.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <pwd.h>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace esteira::test {
namespace {

struct Identity {
  uid_t user = 0;
  gid_t group = 0;
};

std::optional<Identity> identity_of(const std::string& user) {
  if (user.empty()) return std::nullopt;
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr) throw std::runtime_error("there is no user " + user);
  return Identity{.user = entry->pw_uid, .group = entry->pw_gid};
}

// The child's part: only calls that are safe after a fork of a process with threads.
[[noreturn]] void become(char* const* arguments, const std::optional<Identity>& identity, int input,
                         int output) {
  setsid();
  if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
      dup2(output, STDERR_FILENO) < 0) {
    _exit(126);
  }
  if (identity && (setgroups(0, nullptr) != 0 || setgid(identity->group) != 0 ||
                   setuid(identity->user) != 0 || chdir("/") != 0)) {
    _exit(126);
  }
  execvp(arguments[0], arguments);
  _exit(127);
}

int open_or_throw(const std::string& path, int flags) {
  const int file = open(path.c_str(), flags | O_CLOEXEC, 0644);
  if (file < 0) throw std::system_error(errno, std::generic_category(), "opening " + path);
  return file;
}

int status_of(int wait_status) {
  if (WIFSIGNALED(wait_status)) return 128 + WTERMSIG(wait_status);
  return WEXITSTATUS(wait_status);
}

}  // namespace

pid_t spawn(const Spawn& request) {
  std::vector<std::string> words = request.command;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const std::optional<Identity> identity = identity_of(request.user);
  const int input = request.input >= 0 ? request.input : open_or_throw("/dev/null", O_RDONLY);
  const int output = request.log.empty()
                         ? open_or_throw("/dev/null", O_WRONLY)
                         : open_or_throw(request.log.string(), O_WRONLY | O_CREAT | O_APPEND);
  const pid_t pid = fork();
  if (pid == 0) become(arguments.data(), identity, input, output);
  const int error = errno;
  close(output);
  if (request.input < 0) close(input);
  if (pid < 0) throw std::system_error(error, std::generic_category(), "starting " + words[0]);
  return pid;
}

int wait_for_exit(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "waiting");
  }
  return status_of(status);
}

std::optional<int> exit_status(pid_t pid) {
  int status = 0;
  if (waitpid(pid, &status, WNOHANG) != pid) return std::nullopt;
  return status_of(status);
}

void run(const Spawn& request) {
  const int status = wait_for_exit(spawn(request));
  if (status == 0) return;
  throw std::runtime_error(request.command[0] + " ended with status " + std::to_string(status) +
                           ": " + read_text(request.log));
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string find_in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::filesystem::path file = std::filesystem::path(folder) / program;
    if (access(file.c_str(), X_OK) == 0) return file.string();
  }
  return "";
}

}  // namespace esteira::test
