#include "http/docs_page.hpp"

#include <fmt/format.h>

#include "http/docs_schema.hpp"
#include "http/html.hpp"
#include "http/json_view.hpp"

namespace esteira::http {
namespace {

constexpr std::string_view try_it = R"(export ESTEIRA=http://127.0.0.1:8080
export ESTEIRA_KEY=esk_…   # once a key exists: esteira key create
)";

std::string_view key_of(const JsonObject::value_type& member) {
  return {member.key().data(), member.key().size()};
}

// One of the document's operations, and where it stands.
struct Operation {
  std::string method;  // "POST"
  std::string_view path;
  const JsonObject* said = nullptr;
};

std::vector<Operation> operations_with(const JsonObject& document, std::string_view tag) {
  std::vector<Operation> all;
  for (const auto& path : object_of(document, "paths")) {
    for (const auto& one : path.value().as_object()) {
      const auto& said = one.value().as_object();
      if (text_of(list_of(said, "tags").at(0)) != tag) continue;
      std::string method(one.key());
      for (char& c : method) c = static_cast<char>(c - 'a' + 'A');
      all.push_back({.method = std::move(method), .path = key_of(path), .said = &said});
    }
  }
  return all;
}

std::string title_html(const Operation& operation) {
  return fmt::format("<span class=\"method {0}\">{0}</span> <code class=\"path\">{1}</code>",
                     operation.method, escape_html(operation.path));
}

std::string preformatted(std::string_view text) {
  return fmt::format("<pre tabindex=\"0\"><code>{}</code></pre>\n", escape_html(text));
}

// The schema and the example of what is sent as `content`.
const JsonObject& media_of(const JsonObject& message) {
  static const JsonObject none;
  const auto& content = object_of(message, "content");
  return content.empty() ? none : content.begin()->value().as_object();
}

std::string example_text(const Json& example) {
  return example.is_string() ? std::string(text_of(example)) : esteira::to_text(example);
}

// --- parts of an operation
// -------------------------------------------------------------------------

std::string parameters_html(const JsonObject& said) {
  std::string html;
  for (const auto& one : list_of(said, "parameters")) {
    const auto& parameter = one.as_object();
    html += fmt::format(
        "<dt><code>{}</code> <span class=\"kind\">{}, {}</span></dt>\n<dd>{}</dd>\n",
        escape_html(text_of(parameter, "name")), escape_html(text_of(parameter, "in")),
        schema_words(parameter.at("schema")), inline_html(text_of(parameter, "description")));
  }
  return html.empty() ? "" : "<h4>Parameters</h4>\n<dl>\n" + html + "</dl>\n";
}

std::string body_html(const JsonObject& said) {
  const auto& body = object_of(said, "requestBody");
  if (body.empty()) return "";
  constexpr std::uint64_t mebibyte = 1024 * 1024;
  return fmt::format("<h4>Body</h4>\n<p>{}, at most {} MiB</p>\n",
                     schema_words(media_of(body).at("schema")),
                     said.at("x-body-bytes-max").to_number<std::uint64_t>() / mebibyte);
}

// The target of the example call: names in braces and query parameters by their examples.
std::string example_target(const Operation& operation) {
  std::string target(operation.path);
  std::string query;
  for (const auto& one : list_of(*operation.said, "parameters")) {
    const auto& parameter = one.as_object();
    const auto* example = parameter.if_contains("example");
    if (example == nullptr) continue;
    const auto name = fmt::format("{{{}}}", text_of(parameter, "name"));
    if (const auto place = target.find(name); place != std::string::npos) {
      target.replace(place, name.size(), example_text(*example));
    } else if (text_of(parameter, "in") == "query") {
      query += fmt::format("{}{}={}", query.empty() ? "?" : "&", text_of(parameter, "name"),
                           example_text(*example));
    }
  }
  return target + query;
}

std::string curl_html(const Operation& operation) {
  constexpr std::string_view next = " \\\n  ";
  std::string call = "curl";
  if (operation.method != "GET") call += " -X " + operation.method;
  call += fmt::format(" \"$ESTEIRA{}\"", example_target(operation));
  if (operation.said->contains("x-scope")) {
    call += fmt::format("{}-H \"Authorization: Bearer $ESTEIRA_KEY\"", next);
  }
  for (const auto& one : list_of(*operation.said, "parameters")) {
    const auto& parameter = one.as_object();
    const auto* example = parameter.if_contains("example");
    if (example == nullptr || text_of(parameter, "in") != "header") continue;
    call += fmt::format("{}-H '{}: {}'", next, text_of(parameter, "name"), example_text(*example));
  }
  const auto& media = media_of(object_of(*operation.said, "requestBody"));
  if (const auto* example = media.if_contains("example")) {
    call += fmt::format("{}-H 'Content-Type: application/json'{}-d '{}'", next, next,
                        to_pretty_text(*example));
  }
  return "<h4>Example</h4>\n" + preformatted(call);
}

std::string answer_html(std::string_view status, const JsonObject& answer) {
  const auto& media = media_of(answer);
  const auto* schema = media.if_contains("schema");
  const auto& problem = object_of(schema == nullptr ? media : schema->as_object(), "properties");
  std::string words;
  if (const auto& types = list_of(object_of(problem, "type"), "enum"); !types.empty()) {
    if (text_of(types.at(0)) != "about:blank") words = schema_words(problem.at("type"));
  } else if (schema != nullptr) {
    const auto* items = problem.if_contains("items");
    words = items == nullptr ? schema_words(*schema) : "page: " + schema_words(*items);
  }
  return fmt::format(
      "<dt><span class=\"status s{0}\">{1}</span> <span class=\"kind\">{2}</span></dt>"
      "\n<dd>{3}</dd>\n",
      status.substr(0, 1), escape_html(status), words, inline_html(text_of(answer, "description")));
}

// What every route may answer is named only; it stands once, under "Errors".
std::string answers_html(const JsonObject& said) {
  std::string own;
  std::string common;
  std::string example;
  for (const auto& one : object_of(said, "responses")) {
    const auto& answer = one.value().as_object();
    const auto status = key_of(one);
    if (answer.contains("$ref")) {
      if (status == "default") continue;
      common += fmt::format("{0}<a href=\"#error-{1}\">{1}</a>", common.empty() ? "" : ", ",
                            escape_html(status));
      continue;
    }
    own += answer_html(status, answer);
    if (const auto* shown = media_of(answer).if_contains("example")) {
      example += fmt::format("<details><summary>Example of {}</summary>\n{}</details>\n",
                             escape_html(status), preformatted(to_pretty_text(*shown)));
    }
  }
  return fmt::format("<h4>Answers</h4>\n<dl>\n{}</dl>\n{}<p class=\"common\">Also {}.</p>\n", own,
                     example, common);
}

std::string operation_html(const Operation& operation) {
  const auto& said = *operation.said;
  return fmt::format(
      "<article id=\"{}\">\n<h3>{}</h3>\n<p class=\"summary\">{}</p>\n{}{}{}{}{}</article>\n",
      escape_html(text_of(said, "operationId")), title_html(operation),
      inline_html(text_of(said, "summary")), paragraphs_html(text_of(said, "description")),
      parameters_html(said), body_html(said), curl_html(operation), answers_html(said));
}

// --- the page
// --------------------------------------------------------------------------------------

std::string index_html(const JsonObject& document) {
  std::string html = "<nav aria-label=\"Index\">\n";
  int number = 0;
  for (const auto& tag : list_of(document, "tags")) {
    const auto name = text_of(tag.as_object(), "name");
    html +=
        fmt::format("<h2><a href=\"#part-{}\">{}</a></h2>\n<ul>\n", ++number, escape_html(name));
    for (const auto& operation : operations_with(document, name)) {
      html +=
          fmt::format("<li><a href=\"#{}\">{}</a></li>\n",
                      escape_html(text_of(*operation.said, "operationId")), title_html(operation));
    }
    html += "</ul>\n";
  }
  return html +
         "<h2><a href=\"#errors\">Errors</a></h2>\n<h2><a href=\"#schemas\">Schemas</a></h2>\n"
         "</nav>\n";
}

std::string parts_html(const JsonObject& document) {
  std::string html;
  int number = 0;
  for (const auto& one : list_of(document, "tags")) {
    const auto& tag = one.as_object();
    const auto name = text_of(tag, "name");
    html += fmt::format("<section id=\"part-{}\">\n<h2>{}</h2>\n{}", ++number, escape_html(name),
                        paragraphs_html(text_of(tag, "description")));
    for (const auto& operation : operations_with(document, name)) html += operation_html(operation);
    html += "</section>\n";
  }
  return html;
}

std::string errors_html(const JsonObject& components) {
  std::string html =
      "<section id=\"errors\">\n<h2>Errors</h2>\n<p>Each is a <a href=\"#Problem\">Problem</a>, "
      "<code>application/problem+json</code>.</p>\n<dl>\n";
  for (const auto& one : object_of(components, "responses")) {
    const auto status = escape_html(key_of(one));
    html += fmt::format(
        "<dt id=\"error-{0}\"><span class=\"status s{1}\">{2}</span></dt>\n<dd>{3}</dd>\n", status,
        status.substr(0, 1), status == "default" ? "others" : status,
        inline_html(text_of(one.value().as_object(), "description")));
  }
  return html + "</dl>\n</section>\n";
}

std::string schemas_html(const JsonObject& components) {
  std::string html = "<section id=\"schemas\">\n<h2>Schemas</h2>\n";
  for (const auto& one : object_of(components, "schemas")) {
    html += schema_article(key_of(one), one.value());
  }
  return html + "</section>\n";
}

}  // namespace

std::string documentation_page(const JsonObject& document) {
  const auto& info = object_of(document, "info");
  const auto& components = object_of(document, "components");
  const auto title = escape_html(text_of(info, "title"));
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}: the HTTP API</title>\n<link rel=\"stylesheet\" href=\"/docs/style.css\">\n"
      "</head>\n<body>\n<header>\n<h1>{0} <small>HTTP API {1}</small></h1>\n"
      "<p>{2}. For programs: <a href=\"/openapi.json\">openapi.json</a></p>\n</header>\n"
      "{3}<main>\n<section id=\"about\">\n{4}{5}</section>\n{6}{7}{8}</main>\n</body>\n</html>\n",
      title, escape_html(text_of(info, "version")), inline_html(text_of(info, "summary")),
      index_html(document), paragraphs_html(text_of(info, "description")), preformatted(try_it),
      parts_html(document), errors_html(components), schemas_html(components));
}

}  // namespace esteira::http
