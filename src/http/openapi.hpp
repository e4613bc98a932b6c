// The OpenAPI 3.1 document: the table of routes, and what openapi/*.json says of each, made one.
// What the table knows (paths, scopes, names of query parameters, limits of bodies) is taken from
// it, so that the document can't say otherwise. CONTRIBUTING.md tells how a route is described.
#pragma once

#include <string>
#include <vector>

#include "esteira/json.hpp"
#include "http/router.hpp"

namespace esteira::http {

// The files of openapi/, by their names without the extension: {"common": {…}, "tasks": {…}, …}.
[[nodiscard]] JsonObject route_descriptions();

// Each way in which the descriptions don't fit the table, in words; none: they fit.
[[nodiscard]] std::vector<std::string> description_faults(const std::vector<Route>& routes,
                                                          const JsonObject& descriptions);

// Leaves out a route that has no description.
[[nodiscard]] JsonObject openapi_document(const std::vector<Route>& routes,
                                          const JsonObject& descriptions);

// "id" of "/tasks/{id}/cancel": the names in braces, in order.
[[nodiscard]] std::vector<std::string_view> path_names(std::string_view pattern);

}  // namespace esteira::http
