// COMMAND_RUN with real child processes.
#include "processors/command_run/command_run.hpp"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "domain/limits.hpp"
#include "processors/command_run/watch.hpp"
#include "processors/fake_context.hpp"
#include "support/temporary_directory.hpp"

namespace esteira::processors {
namespace {

using test::Ending;
using test::FakeContext;
using test::json;
using test::make_task;
using test::TemporaryDirectory;
using namespace std::chrono_literals;

// A grace period that no test waits for.
constexpr Duration long_grace = 1h;

Command shell(const std::string& script) {
  return {.program = "/bin/sh", .arguments = {"-c", script}, .grace = long_grace};
}

Command python(const std::string& script) {
  return {.program = "/usr/bin/python3", .arguments = {"-I", "-c", script}, .grace = long_grace};
}

Ending run(const Command& command, const Json& payload = {{"command", "it"}},
           FakeContext* context = nullptr) {
  CommandRunProcessor processor({.commands = {{"it", command}}});
  FakeContext own;
  EXPECT_FALSE(test::refusal_of(processor, payload)) << to_text(payload);
  return test::ending_of(
      processor.process(make_task(payload), context == nullptr ? own : *context));
}

// A pipe with a name: whoever reads waits for whoever writes.
class Fifo {
 public:
  explicit Fifo(const TemporaryDirectory& directory, const std::string& name = "fifo")
      : path(directory.path() / name) {
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
  }
  // The next line that somebody writes.
  [[nodiscard]] std::string read() const {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
  }
  [[nodiscard]] pid_t read_pid() const { return static_cast<pid_t>(std::stol(read())); }
  const std::string path;
};

// Waits until a process, which need not be our child, has ended.
void wait_for_end(pid_t pid) {
  const auto fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) {
    EXPECT_EQ(errno, ESRCH);
    return;
  }
  pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&watched, 1, -1), 1);
  close(fd);
}

bool has_children() { return waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD; }

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST(CommandRun, the_payload_goes_in_and_the_result_comes_out) {
  const Json payload = {{"command", "it"}, {"arguments", {{"customer", "José"}, {"n", 1.5}}}};
  const auto ending = run({.program = "/bin/cat"}, payload);
  ASSERT_TRUE(ending.completed) << ending.message;
  EXPECT_EQ(ending.result, payload);
}

TEST(CommandRun, a_large_payload_passes_through) {
  const Json payload = {
      {"command", "it"},
      {"arguments", {{"text", std::string(limits::payload_bytes_max - 1000, 'x')}}}};
  const auto ending = run({.program = "/bin/cat"}, payload);
  ASSERT_TRUE(ending.completed) << ending.message;
  EXPECT_EQ(ending.result, payload);
}

TEST(CommandRun, a_command_need_not_read_its_input) {
  const Json payload = {{"command", "it"},
                        {"arguments", {{"text", std::string(limits::payload_bytes_max / 2, 'x')}}}};
  EXPECT_TRUE(run(shell("echo 1"), payload).completed);
}

TEST(CommandRun, no_output_is_a_null_result) {
  EXPECT_EQ(run(shell("")).result, nullptr);
  const auto blank = run(shell("printf ' \\n\\t\\n'"));
  EXPECT_TRUE(blank.completed);
  EXPECT_EQ(blank.result, nullptr);
}

TEST(CommandRun, output_that_is_not_json_fails_for_good) {
  for (const auto* script : {"echo done", "echo '{\"a\":'", "echo '1 2'", "printf '\"\\377\"'",
                             "echo '{\"a\":1,\"a\":2}'"}) {
    const auto ending = run(shell(script));
    EXPECT_TRUE(ending.permanent) << script;
    EXPECT_NE(ending.message.find("JSON"), std::string::npos) << ending.message;
  }
}

TEST(CommandRun, exit_statuses_decide_about_the_retry) {
  for (int status = 1; status < 130; ++status) {
    const auto ending = run(shell(fmt::format("exit {}", status)));
    EXPECT_FALSE(ending.completed) << status;
    EXPECT_EQ(ending.permanent, status != 75) << status;
    EXPECT_NE(ending.message.find(std::to_string(status)), std::string::npos) << ending.message;
  }
}

TEST(CommandRun, a_crash_is_tried_again_and_named) {
  const auto ending = run(shell("kill -SEGV $$"));
  EXPECT_TRUE(ending.by_policy());
  EXPECT_NE(ending.message.find("SIGSEGV"), std::string::npos) << ending.message;
}

TEST(CommandRun, standard_error_becomes_log_lines_and_its_last_line_the_message) {
  FakeContext context;
  const auto ending =
      run(shell("printf 'first\\n\\nno \\033[31mred\\r\\n\\302\\233x\\377\\n' >&2; exit 1"),
          {{"command", "it"}}, &context);
  const std::vector<std::string> expected{"first", "no \\x1b[31mred", "\\u009bx\xEF\xBF\xBD"};
  EXPECT_EQ(context.lines, expected);
  EXPECT_TRUE(ending.message.ends_with(expected.back())) << ending.message;
}

TEST(CommandRun, only_the_end_of_standard_error_is_kept) {
  FakeContext context;
  run(shell("yes | head -c 1000000 >&2; echo last >&2"), {{"command", "it"}}, &context);
  ASSERT_FALSE(context.lines.empty());
  EXPECT_TRUE(context.lines.front().starts_with("\xE2\x80\xA6")) << context.lines.front();
  EXPECT_EQ(context.lines.back(), "last");
  EXPECT_LE(context.lines.size(), stderr_bytes_kept / 2);
}

TEST(CommandRun, too_much_output_ends_the_command_for_good) {
  const auto ending = run(shell("exec yes"));
  EXPECT_TRUE(ending.permanent);
  EXPECT_NE(ending.message.find("bytes"), std::string::npos) << ending.message;
}

TEST(CommandRun, output_up_to_the_limit_is_taken) {
  auto command = shell("printf '\"12345678\"'");
  command.limits.stdout_bytes_max = 10;
  EXPECT_TRUE(run(command).completed);
  command.limits.stdout_bytes_max = 9;
  EXPECT_TRUE(run(command).permanent);
}

TEST(CommandRun, numbers_that_grow_over_the_limit_fail_for_good) {
  const auto ending = run(python("print('[' + ','.join(['1e16'] * 100000) + ']')"));
  EXPECT_TRUE(ending.permanent) << ending.message;
}

TEST(CommandRun, a_program_that_is_not_there_fails_for_good) {
  const TemporaryDirectory directory;
  const auto plain = directory.path() / "plain";
  std::ofstream(plain) << "text";
  const auto garbled = directory.path() / "garbled";
  std::ofstream(garbled) << "text";
  chmod(garbled.c_str(), 0700);
  for (const std::string& program : {std::string("/nowhere/program"), directory.path().string(),
                                     plain.string(), garbled.string(), plain.string() + "/x"}) {
    const auto ending = run({.program = program});
    EXPECT_TRUE(ending.permanent) << program;
    EXPECT_NE(ending.message.find(program), std::string::npos) << ending.message;
  }
}

TEST(CommandRun, a_missing_working_directory_fails_for_good) {
  auto command = shell("echo 1");
  command.working_directory = "/nowhere";
  const auto ending = run(command);
  EXPECT_TRUE(ending.permanent);
  EXPECT_NE(ending.message.find("/nowhere"), std::string::npos) << ending.message;
}

TEST(CommandRun, the_working_directory_is_entered) {
  const TemporaryDirectory directory;
  auto command = shell("printf '\"%s\"' \"$(pwd)\"");
  EXPECT_EQ(run(command).result, "/");
  command.working_directory = directory.path();
  EXPECT_EQ(run(command).result, directory.path().c_str());
}

TEST(CommandRun, the_environment_holds_what_is_configured_and_nothing_else) {
  setenv("ESTEIRA_TEST_SECRET", "leak", 1);
  const std::string script =
      "import json\n"
      "text = open('/proc/self/environ').read()\n"
      "print(json.dumps(dict(line.split('=', 1) for line in text.split('\\0') if line)))";
  auto command = python(script);
  command.environment = {{"LANG", "C.UTF-8"}, {"REGION", "a=b c"}};
  FakeContext context;
  context.number = 7;
  const auto ending = run(command, {{"command", "it"}}, &context);
  unsetenv("ESTEIRA_TEST_SECRET");
  ASSERT_TRUE(ending.completed) << ending.message;
  auto variables = ending.result.as_object();
  EXPECT_FALSE(variables.at("PATH").as_string().empty());
  variables.erase("PATH");
  EXPECT_EQ(variables, json(R"({"LANG": "C.UTF-8", "REGION": "a=b c",
                                "ESTEIRA_TASK_ID": "42", "ESTEIRA_ATTEMPT": "7"})"));
}

TEST(CommandRun, a_configured_path_replaces_the_usual_one) {
  auto command = shell("printf '\"%s\"' \"$PATH\"");
  command.environment = {{"PATH", "/opt/bin"}};
  EXPECT_EQ(run(command).result, "/opt/bin");
}

TEST(CommandRun, no_descriptor_is_inherited) {
  constexpr int leaked = 77;
  ASSERT_EQ(dup2(STDIN_FILENO, leaked), leaked);  // without FD_CLOEXEC
  const auto ending = run(
      python("import json, os\nprint(json.dumps(sorted(map(int, os.listdir('/proc/self/fd')))))"));
  close(leaked);
  EXPECT_EQ(ending.result, json("[0, 1, 2, 3]")) << "3 is the listing's own";
}

TEST(CommandRun, signals_and_privileges_start_clean) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  sigset_t blocked;
  sigset_t old;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &old);
  const auto ending = run({.program = "/usr/bin/awk",
                           .arguments = {"BEGIN { printf \"{\" } "
                                         "/^(SigBlk|SigIgn|NoNewPrivs):/ "
                                         "{ printf \"%s\\\"%s\\\": \\\"%s\\\"\", sep, $1, $2; "
                                         "sep = \",\" } END { print \"}\" }",
                                         "/proc/self/status"}});
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  std::signal(SIGPIPE, before);
  ASSERT_TRUE(ending.completed) << ending.message;
  EXPECT_EQ(ending.result, json(R"({"NoNewPrivs:": "1", "SigBlk:": "0000000000000000",
                                    "SigIgn:": "0000000000000000"})"));
}

TEST(CommandRun, limits_are_set) {
  auto command = python(
      "import json, resource as r\n"
      "print(json.dumps([r.getrlimit(l)[0] for l in "
      "(r.RLIMIT_CORE, r.RLIMIT_NOFILE, r.RLIMIT_CPU, r.RLIMIT_AS, r.RLIMIT_FSIZE)]))");
  command.limits = {
      .cpu_seconds = 100, .memory_bytes = 1 << 30, .file_bytes = 12345, .open_files = 50};
  EXPECT_EQ(run(command).result, json("[0, 50, 100, 1073741824, 12345]"));
}

TEST(CommandRun, it_leads_a_process_group_of_its_own) {
  EXPECT_EQ(
      run(python("import os\nprint('true' if os.getpgrp() == os.getpid() else 'false')")).result,
      true);
}

TEST(CommandRun, arguments_of_the_payload_come_after_the_configured_ones) {
  auto command = python("import json, sys\nprint(json.dumps(sys.argv[1:]))");
  command.arguments.emplace_back("fixed");
  command.allow_arguments = true;
  const Json payload = {{"command", "it"}, {"arguments", {"a b", "", "$(x)", "-é"}}};
  EXPECT_EQ(run(command, payload).result, json(R"--(["fixed", "a b", "", "$(x)", "-é"])--"));
}

TEST(CommandRun, a_command_that_takes_too_long_is_told_to_end) {
  auto command = shell("exec sleep 1000");
  command.limits.timeout = 20ms;
  const auto ending = run(command);
  EXPECT_TRUE(ending.by_policy());
  EXPECT_NE(ending.message.find("longer than"), std::string::npos) << ending.message;
}

// Runs a command, asks it to stop once `ready` has been called, and expects that to be the end.
void stop_when(const Command& command, const std::function<void()>& ready) {
  FakeContext context;
  const std::jthread stopper([&] {
    ready();
    context.stop.request_stop();
  });
  try {
    const auto ending = run(command, {{"command", "it"}}, &context);
    ADD_FAILURE() << "it was not stopped: " << ending.message;
  } catch (const TaskError& error) {
    EXPECT_STREQ(error.what(), "stopped");
  }
}

TEST(CommandRun, a_stop_lets_the_command_end_in_order) {
  const TemporaryDirectory directory;
  const Fifo ready(directory);
  const auto traces = directory.path() / "traces";
  stop_when(shell(fmt::format("trap 'echo tidy > {}; exit 0' TERM; echo ready > {}; "
                              "while :; do sleep 1000 & wait; done",
                              traces.string(), ready.path)),
            [&] { EXPECT_EQ(ready.read(), "ready"); });
  std::string text;
  std::ifstream(traces) >> text;
  EXPECT_EQ(text, "tidy");
}

TEST(CommandRun, a_suspended_command_is_stopped_too) {
  const TemporaryDirectory directory;
  const Fifo ready(directory);
  stop_when(shell(fmt::format("echo $$ > {}; kill -STOP $$", ready.path)), [&] {
    const auto pid = ready.read_pid();
    std::string state;
    while (state != "T") {  // it suspends itself a moment after it wrote
      std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
      std::string skipped;
      status >> skipped >> skipped >> state;
    }
  });
}

TEST(CommandRun, a_command_and_grandchild_that_ignore_sigterm_are_killed) {
  const TemporaryDirectory directory;
  const Fifo ready(directory);
  auto command =
      shell(fmt::format("trap '' TERM; sh -c 'echo $$ > {}; exec sleep 1000' & "
                        "while :; do wait; sleep 1000; done",
                        ready.path));
  command.grace = 20ms;
  pid_t grandchild = 0;
  stop_when(command, [&] { grandchild = ready.read_pid(); });
  wait_for_end(grandchild);
}

TEST(CommandRun, a_stop_that_came_before_starts_nothing) {
  const TemporaryDirectory directory;
  const auto trace = directory.path() / "trace";
  FakeContext context;
  context.stop.request_stop();
  EXPECT_THROW(run(shell("echo > " + trace.string()), {{"command", "it"}}, &context), TaskError);
  EXPECT_FALSE(std::filesystem::exists(trace));
}

TEST(CommandRun, a_background_child_that_keeps_the_output_open_is_not_waited_for) {
  const TemporaryDirectory directory;
  const auto trace = directory.path() / "pid";
  const auto ending = run(
      shell(fmt::format("sleep 1000 & echo $! > {}; echo '{{\"done\": true}}'", trace.string())));
  ASSERT_TRUE(ending.completed) << ending.message;
  EXPECT_EQ(ending.result, json(R"({"done": true})"));
  pid_t background = 0;
  std::ifstream(trace) >> background;
  ASSERT_GT(background, 0);
  wait_for_end(background);
}

TEST(CommandRun, a_daemon_that_left_the_group_is_not_waited_for) {
  const TemporaryDirectory directory;
  const Fifo started(directory, "started");
  const Fifo go_on(directory, "go_on");
  pid_t daemon = 0;
  Ending ending;
  {
    const std::jthread helper([&] {
      daemon = started.read_pid();
      std::ofstream(go_on.path) << "now\n";
    });
    ending =
        run(shell(fmt::format("setsid sh -c 'echo $$ > {}; exec sleep 1000' & "
                              "read word < {}; echo 1",
                              started.path, go_on.path)));
  }
  kill(daemon, SIGKILL);
  EXPECT_TRUE(ending.completed) << ending.message;
  EXPECT_EQ(ending.result, 1);
}

TEST(CommandRun, a_command_does_not_outlive_a_killed_worker) {
  const TemporaryDirectory directory;
  const Fifo started(directory);
  const auto worker = fork();
  if (worker == 0) {
    run(shell(fmt::format("echo $$ > {}; exec sleep 1000", started.path)));
    _exit(0);
  }
  ASSERT_GT(worker, 0);
  const auto command = started.read_pid();
  kill(worker, SIGKILL);
  EXPECT_EQ(waitpid(worker, nullptr, 0), worker);
  wait_for_end(command);
}

TEST(CommandRun, runs_good_and_bad_leave_no_process_and_no_descriptor) {
  auto slow = shell("sleep 1000 & wait");
  slow.limits.timeout = 1ms;
  const std::vector<Command> commands{shell("echo 1"),
                                      shell("exit 3"),
                                      shell("kill -KILL $$"),
                                      slow,
                                      shell("exec yes"),
                                      {.program = "/nowhere/program"},
                                      shell("sleep 1000 & echo 2"),
                                      {.program = "/bin/cat"}};
  run(commands.front());
  const auto before = open_descriptors();
  for (int round = 0; round < 25; ++round) {
    for (const auto& command : commands) run(command);
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_FALSE(has_children());
}

TEST(CommandRun, many_threads_may_run_commands_at_once) {
  constexpr int threads = 6;
  constexpr int runs = 15;
  std::atomic<int> echoed = 0;
  {
    std::vector<std::jthread> callers;
    callers.reserve(threads);
    for (int thread = 0; thread < threads; ++thread) {
      callers.emplace_back([&, thread] {
        for (int i = 0; i < runs; ++i) {
          const Json payload = {{"command", "it"}, {"arguments", {{"n", thread * runs + i}}}};
          const auto ending = run({.program = "/bin/cat"}, payload);
          if (ending.completed && ending.result == payload) ++echoed;
        }
      });
    }
  }
  EXPECT_EQ(echoed, threads * runs);
  EXPECT_FALSE(has_children());
}

}  // namespace
}  // namespace esteira::processors
