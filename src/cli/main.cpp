#include "cli/verb.hpp"

int main(int argc, char** argv) {
  return esteira::cli::run_program(esteira::cli::all_verbs(), argc, argv);
}
