#include "processors/command_run/payload.hpp"

#include <fmt/format.h>

#include "base/json_pointer.hpp"
#include "base/utf8.hpp"
#include "esteira/processor.hpp"

namespace esteira::processors {
namespace {

// The name is cut to what a message can bear.
std::string unknown_field_pointer(std::string_view name) {
  return pointer_step(clean_text(name, command_name_bytes_max));
}

void read_command(const Json& value, const CommandRunOptions& options, CommandRunPayload& request) {
  const auto* text = value.if_string();
  if (text == nullptr || text->empty()) {
    throw InvalidPayload("the command is the name of one in the configuration", "/command");
  }
  request.name = std::string(*text);
  const auto found = options.commands.find(request.name);
  if (found == options.commands.end()) {
    throw InvalidPayload(fmt::format("no command \"{}\" is configured",
                                     clean_text(request.name, command_name_bytes_max)),
                         "/command");
  }
  request.command = &found->second;
}

std::string read_argument(const Json& value, const std::string& pointer) {
  const auto* text = value.if_string();
  if (text == nullptr) throw InvalidPayload("an argument is a string", pointer);
  if (text->size() > argument_bytes_max) {
    throw InvalidPayload(fmt::format("an argument has at most {} bytes", argument_bytes_max),
                         pointer);
  }
  if (std::string_view(*text).find('\0') != std::string_view::npos) {
    throw InvalidPayload("an argument holds no NUL", pointer);
  }
  return std::string(*text);
}

// An object reaches the command on its standard input only, with the rest of the payload.
void read_arguments(const Json& value, CommandRunPayload& request) {
  if (value.is_object()) return;
  const auto* array = value.if_array();
  if (array == nullptr) {
    throw InvalidPayload("the arguments are an array of strings, or an object", "/arguments");
  }
  if (array->size() > arguments_max) {
    throw InvalidPayload(fmt::format("at most {} arguments", arguments_max), "/arguments");
  }
  for (const auto& one : *array) {
    const auto pointer = fmt::format("/arguments/{}", request.arguments.size());
    request.arguments.push_back(read_argument(one, pointer));
  }
  if (!request.arguments.empty() && !request.command->allow_arguments) {
    throw InvalidPayload(
        "this command takes no arguments on its command line; an object goes to "
        "its standard input",
        "/arguments");
  }
}

}  // namespace

std::string_view command_run_schema() {
  return R"json({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "COMMAND_RUN",
  "type": "object",
  "additionalProperties": false,
  "required": ["command"],
  "properties": {
    "command": {
      "description": "the name of a command in the configuration",
      "type": "string", "minLength": 1, "maxLength": 100
    },
    "arguments": {
      "description": "an array for the command line, where allowed; an object for standard input",
      "oneOf": [
        {"type": "array", "maxItems": 100, "items": {"type": "string", "maxLength": 4096}},
        {"type": "object"}
      ]
    }
  }
})json";
}

CommandRunPayload read_command_run(const Json& payload, const CommandRunOptions& options) {
  const auto* object = payload.if_object();
  if (object == nullptr) throw InvalidPayload("the payload is an object");
  for (const auto& [name, value] : *object) {
    if (name != "command" && name != "arguments") {
      throw InvalidPayload("unknown field; known are command and arguments",
                           unknown_field_pointer(name));
    }
  }
  const auto* command = object->if_contains("command");
  if (command == nullptr) throw InvalidPayload("the command is missing", "/command");
  CommandRunPayload request;
  read_command(*command, options, request);
  if (const auto* arguments = object->if_contains("arguments")) {
    read_arguments(*arguments, request);
  }
  return request;
}

}  // namespace esteira::processors
