#include "cli/terminal.hpp"

#include <array>
#include <cstdio>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/output.hpp"

namespace esteira::cli {
namespace {

constexpr std::string_view enter = "\x1b[?1049h\x1b[?25l";  // alternate screen, no cursor
constexpr std::string_view leave = "\x1b[?25h\x1b[?1049l";

}  // namespace

Screen::Screen() : keys_(tcgetattr(STDIN_FILENO, &before_) == 0) {
  if (keys_) {
    auto raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  print(enter);
}

Screen::~Screen() {
  print(leave);
  std::fflush(stdout);
  if (keys_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

ScreenSize Screen::size() {
  winsize size{};
  const bool known =
      ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
  if (!known) return {};
  return {.columns = size.ws_col, .rows = size.ws_row};
}

void Screen::draw(std::string_view frame) {
  std::string out = "\x1b[H";
  for (const char c : frame) {
    if (c == '\n') out += "\x1b[K";
    out += c;
  }
  print(out + "\x1b[J");
  std::fflush(stdout);
}

char Screen::wait_key(int wake_descriptor, std::chrono::milliseconds limit) {
  std::array<pollfd, 2> files{{{wake_descriptor, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}}};
  poll(files.data(), keys_ ? 2 : 1, static_cast<int>(limit.count()));
  char key = 0;
  if ((files[1].revents & POLLIN) == 0) return 0;
  const auto count = read(STDIN_FILENO, &key, 1);
  // The terminal is gone: there will be no more keys.
  if (count <= 0) keys_ = false;
  return count == 1 ? key : '\0';
}

}  // namespace esteira::cli
