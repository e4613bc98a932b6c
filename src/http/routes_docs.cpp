// The description of the routes: for programs, and for people.
#include <algorithm>

#include "base/assert.hpp"
#include "http/docs_page.hpp"
#include "http/openapi.hpp"
#include "http/routes.hpp"
#include "openapi_texts.hpp"

namespace esteira::http {
namespace {

// No script, nothing of another place, and nobody's frame.
constexpr std::string_view page_policy =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

// Filled in once all routes are known, before the server starts; only read since.
struct Documents {
  Response openapi;
  Response page;
};

std::string_view style() {
  const auto* found = std::ranges::find(openapi::texts, "style.css", &openapi::Text::name);
  ESTEIRA_ASSERT(found != openapi::texts.end());
  return found->text;
}

AsyncHandler answering(std::shared_ptr<const Documents> documents, Response Documents::* which) {
  return [documents = std::move(documents), which](const Call& /*call*/,
                                                   const std::function<void(Response)>& done) {
    done((*documents).*which);
  };
}

}  // namespace

void add_documentation_routes(std::vector<Route>& routes) {
  const auto documents = std::make_shared<Documents>();
  const AsyncHandler styling = [](const Call& /*call*/, const std::function<void(Response)>& done) {
    done({.body = std::string(style()), .content_type = "text/css; charset=utf-8"});
  };
  routes.push_back(
      {"GET", "/openapi.json", std::nullopt, answering(documents, &Documents::openapi)});
  routes.push_back({"GET", "/docs", std::nullopt, answering(documents, &Documents::page)});
  routes.push_back({"GET", "/docs/style.css", std::nullopt, styling});
  const auto document = openapi_document(routes, route_descriptions());
  documents->openapi = {.body = esteira::to_text(Json(document))};
  documents->page = {.body = documentation_page(document),
                     .content_type = "text/html; charset=utf-8",
                     .headers = {{"Content-Security-Policy", std::string(page_policy)},
                                 {"Referrer-Policy", "no-referrer"}}};
}

}  // namespace esteira::http
