#include "processors/command_run/child.hpp"

// Debian 12's header does not say itself that it is C.
extern "C" {
#include <sys/pidfd.h>
}

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace esteira::processors {
namespace {

constexpr int first_free_fd = 3;  // after the three standard ones
constexpr int exec_failed_status = 127;

struct ResourceLimit {
  __rlimit_resource_t resource;
  rlim_t value;
};

// All that the child needs, made before the fork: after it, other threads' locks are held for
// ever, so nothing that allocates or locks may run.
struct ChildPlan {
  pid_t parent;
  char* const* arguments;
  char* const* environment;
  const char* directory;
  int in;
  int out;
  int err;
  int report;  // closed by a successful exec
  std::array<ResourceLimit, 5> limits;
};

// What the child says where it can't start the program.
struct ChildReport {
  enum class Step : std::uint8_t { directory, limits, setup, exec };
  Step step = Step::setup;
  int error = 0;
};

[[noreturn]] void give_up(const ChildPlan& plan, ChildReport::Step step) {
  const ChildReport report{.step = step, .error = errno};
  // The parent takes an empty pipe for success, but a write this small is whole or fails with it.
  [[maybe_unused]] const auto written = write(plan.report, &report, sizeof report);
  _exit(exec_failed_status);
}

void reset_signals() {
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// In the child: async-signal-safe calls only.
[[noreturn]] void run_child(const ChildPlan& plan) {
  setpgid(0, 0);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(plan, ChildReport::Step::setup);
  // The parent may have died before the signal was asked for.
  if (getppid() != plan.parent) _exit(exec_failed_status);
  reset_signals();
  if (dup2(plan.in, STDIN_FILENO) < 0 || dup2(plan.out, STDOUT_FILENO) < 0 ||
      dup2(plan.err, STDERR_FILENO) < 0) {
    give_up(plan, ChildReport::Step::setup);
  }
  if (chdir(plan.directory) != 0) give_up(plan, ChildReport::Step::directory);
  for (const auto& limit : plan.limits) {
    const rlimit both{.rlim_cur = limit.value, .rlim_max = limit.value};
    if (limit.value != RLIM_INFINITY && setrlimit(limit.resource, &both) != 0) {
      give_up(plan, ChildReport::Step::limits);
    }
  }
  // Closed by the exec and not here, so that the report is sent until then.
  if (close_range(first_free_fd, ~0U, CLOSE_RANGE_CLOEXEC) != 0 ||
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    give_up(plan, ChildReport::Step::setup);
  }
  execve(plan.arguments[0], plan.arguments, plan.environment);
  give_up(plan, ChildReport::Step::exec);
}

rlim_t or_unlimited(std::uint64_t value) { return value == 0 ? RLIM_INFINITY : value; }

// A limit above the worker's own can't be had without privileges: then the worker's holds.
rlim_t within_own(__rlimit_resource_t resource, std::uint64_t value) {
  rlimit own{};
  if (getrlimit(resource, &own) != 0) return or_unlimited(value);
  return std::min(or_unlimited(value), own.rlim_max);
}

std::array<ResourceLimit, 5> resource_limits(const CommandLimits& limits) {
  return {{{RLIMIT_CORE, 0},
           {RLIMIT_NOFILE, within_own(RLIMIT_NOFILE, limits.open_files)},
           {RLIMIT_CPU, within_own(RLIMIT_CPU, limits.cpu_seconds)},
           {RLIMIT_AS, within_own(RLIMIT_AS, limits.memory_bytes)},
           {RLIMIT_FSIZE, within_own(RLIMIT_FSIZE, limits.file_bytes)}}};
}

StartError system_error(std::string_view what) {
  return {.message = fmt::format("{}: {}", what, std::strerror(errno))};
}

// Moves a descriptor off the standard three, where a worker without them would have put it and the
// child's dup2 would overwrite it.
UniqueFd above_standard(int fd) {
  UniqueFd low(fd);
  if (fd < 0 || fd >= first_free_fd) return low;
  return UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, first_free_fd));
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

std::optional<Pipe> make_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  Pipe made{above_standard(ends[0]), above_standard(ends[1])};
  if (!made.read || !made.write) return std::nullopt;
  return made;
}

// A file in memory: the child may read it or not, and nobody waits for the other or gets SIGPIPE.
UniqueFd make_input(std::string_view text) {
  auto file = above_standard(memfd_create("payload", MFD_CLOEXEC));
  if (!file) return {};
  for (std::size_t done = 0; done < text.size();) {
    const auto written = write(file.get(), text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return {};
    done += static_cast<std::size_t>(written);
  }
  if (lseek(file.get(), 0, SEEK_SET) != 0) return {};
  return file;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// Signals are blocked meanwhile: a handler of ours must not run in the child.
pid_t fork_child(const ChildPlan& plan) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto pid = _Fork();
  if (pid == 0) run_child(plan);
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

// Empty where the program has started.
std::optional<ChildReport> read_report(int fd) {
  ChildReport report;
  for (;;) {
    const auto got = read(fd, &report, sizeof report);
    if (got < 0 && errno == EINTR) continue;
    if (got == static_cast<ssize_t>(sizeof report)) return report;
    return std::nullopt;
  }
}

void reap(pid_t pid) {
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// What is wrong with the program itself does not mend by trying again.
bool is_permanent(int error) {
  return error == ENOENT || error == ENOTDIR || error == EACCES || error == EPERM ||
         error == ENOEXEC || error == ELOOP || error == EISDIR || error == EINVAL ||
         error == E2BIG || error == EBADF;
}

StartError describe(const ChildReport& report, const Command& command) {
  const std::string why = std::strerror(report.error);
  const bool permanent = is_permanent(report.error);
  switch (report.step) {
    case ChildReport::Step::directory:
      return {fmt::format("can't enter {}: {}", command.working_directory, why), permanent};
    case ChildReport::Step::limits:
      return {"can't set its limits: " + why, permanent};
    case ChildReport::Step::setup:
      return {"can't set up its process: " + why, false};
    case ChildReport::Step::exec:
      break;
  }
  return {fmt::format("can't start {}: {}", command.program, why), permanent};
}

}  // namespace

std::expected<Child, StartError> start_child(const ChildRequest& request) {
  const auto& command = request.command;
  auto out = make_pipe();
  auto err = make_pipe();
  auto report = make_pipe();
  const auto input = make_input(request.input);
  UniqueFd wake(eventfd(0, EFD_CLOEXEC));
  if (!out || !err || !report || !input || !wake)
    return std::unexpected(system_error("can't make pipes"));
  fcntl(out->read.get(), F_SETFL, O_NONBLOCK);
  fcntl(err->read.get(), F_SETFL, O_NONBLOCK);

  std::vector<std::string> words{command.program};
  words.insert(words.end(), request.arguments.begin(), request.arguments.end());
  auto variables = request.environment;
  const auto arguments = pointers(words);
  const auto environment = pointers(variables);
  const ChildPlan plan{.parent = getpid(),
                       .arguments = arguments.data(),
                       .environment = environment.data(),
                       .directory = command.working_directory.c_str(),
                       .in = input.get(),
                       .out = out->write.get(),
                       .err = err->write.get(),
                       .report = report->write.get(),
                       .limits = resource_limits(command.limits)};
  const auto pid = fork_child(plan);
  if (pid < 0) return std::unexpected(system_error("can't start a process"));
  // The child does it too; whoever is first, the group is there before either goes on.
  setpgid(pid, pid);
  report->write.reset();
  if (const auto failed = read_report(report->read.get())) {
    reap(pid);
    return std::unexpected(describe(*failed, command));
  }
  Child child{.pid = pid,
              .exit = UniqueFd(pidfd_open(pid, 0)),
              .wake = std::move(wake),
              .out = std::move(out->read),
              .err = std::move(err->read)};
  if (!child.exit) {
    const auto error = system_error("can't watch the process");
    kill(-pid, SIGKILL);
    reap(pid);
    return std::unexpected(error);
  }
  return child;
}

}  // namespace esteira::processors
