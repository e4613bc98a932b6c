#include "cli/verb.hpp"

int main(int argc, char** argv) {
  using namespace esteira::cli;
  return run_program(all_verbs(), argc, argv);
}
