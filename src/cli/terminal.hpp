// A screen of one's own on the terminal, keys without Enter, and everything as before at the end.
#pragma once

#include <chrono>
#include <string_view>
#include <termios.h>

namespace esteira::cli {

struct ScreenSize {
  int columns = 80;
  int rows = 24;
};

class Screen {
 public:
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  [[nodiscard]] static ScreenSize size();
  // Draws over what was there, without flicker. Lines that do not fit are cut by the caller.
  void draw(std::string_view frame);
  // Waits for a key, `wake_descriptor` or the time limit. Answers the key; 0: none.
  [[nodiscard]] char wait_key(int wake_descriptor, std::chrono::milliseconds limit);

 private:
  termios before_{};
  bool keys_ = false;  // standard input is a terminal too
};

}  // namespace esteira::cli
