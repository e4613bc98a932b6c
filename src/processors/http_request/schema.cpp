#include "processors/http_request/payload.hpp"

namespace esteira::processors {

std::string_view http_request_schema() {
  return R"json({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "HTTP_REQUEST",
  "type": "object",
  "additionalProperties": false,
  "required": ["url"],
  "properties": {
    "url": {
      "description": "http or https, without a user name or password",
      "type": "string", "minLength": 1, "maxLength": 8192
    },
    "method": {
      "description": "POST where there is a body, else GET",
      "enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    },
    "headers": {
      "type": "object", "maxProperties": 50,
      "propertyNames": {"minLength": 1, "maxLength": 100},
      "additionalProperties": {"type": "string", "maxLength": 8192}
    },
    "body": {
      "description": "a string is sent as it is, any other value as JSON; null is no body"
    },
    "timeout_seconds": {"type": "number", "minimum": 0.001, "maximum": 3600},
    "expected_status": {
      "description": "the status codes that count as done, instead of 200 to 299",
      "oneOf": [
        {"type": "integer", "minimum": 200, "maximum": 599},
        {"type": "array", "minItems": 1, "maxItems": 50,
         "items": {"type": "integer", "minimum": 200, "maximum": 599}}
      ]
    }
  }
})json";
}

}  // namespace esteira::processors
