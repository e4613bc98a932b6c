#include "http/head_check.hpp"

#include <gtest/gtest.h>

namespace esteira::http {
namespace {

std::string head(std::string_view lines) {
  std::string text;
  for (const char c : lines) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return text + "\r\n";
}

// 0: nothing is wrong with it.
int status_of(std::string_view text) {
  const auto problem = check_head(text);
  return problem ? problem->status : 0;
}

TEST(HeadCheck, what_clients_send_passes) {
  for (const char* good : {
           "GET / HTTP/1.1\nHost: a\n",
           "GET /api/v1/tasks?status=FAILED&limit=5 HTTP/1.1\nHost: localhost:8080\n",
           "POST /x HTTP/1.1\nHost: a\nContent-Length: 0\n",
           "POST /x HTTP/1.1\nhost:a\nTransfer-Encoding: chunked\n",
           "GET / HTTP/1.0\n",
           "GET / HTTP/1.1\nHost: a\nX-Empty:\nX-Tab: a\tb\n",
           "GET / HTTP/1.1\nHost: a\nX-Latin: caf\xE9\n",
           "PROPFIND / HTTP/1.1\nHost: a\n",
       }) {
    EXPECT_EQ(status_of(head(good)), 0) << good;
  }
}

TEST(HeadCheck, a_doubtful_end_of_the_body_is_refused) {
  for (const char* bad : {
           "Content-Length: 3\nTransfer-Encoding: chunked\n",
           "Transfer-Encoding: chunked\nContent-Length: 3\n",
           "Content-Length: 3\nContent-Length: 3\n",
           "Content-Length: 3\nContent-Length: 4\n",
           "Content-Length: 3, 3\n",
           "Content-Length: +3\n",
           "Content-Length: -3\n",
           "Content-Length: 0x3\n",
           "Content-Length: 3 4\n",
           "Content-Length:\n",
           "Content-Length: 9999999999999999999\n",
           "Content-Length: 3\t\x01\n",
           "Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n",
       }) {
    EXPECT_EQ(status_of(head("POST / HTTP/1.1\nHost: a\n" + std::string(bad))), 400) << bad;
  }
  for (const char* unknown :
       {"gzip, chunked", "chunked, gzip", "identity", "xchunked", "chunked;a", "\"chunked\"", ""}) {
    EXPECT_EQ(status_of(head(
                  "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: " + std::string(unknown) + "\n")),
              501)
        << unknown;
  }
  EXPECT_EQ(status_of(head("POST / HTTP/1.0\nTransfer-Encoding: chunked\n")), 400);
}

TEST(HeadCheck, a_field_that_readers_read_differently_is_refused) {
  for (const char* bad : {"Host : a\n", " Host: a\n", "\tHost: a\n", "Host: a\n folded\n",
                          "Host: a\n\tfolded\n", "Host: a\nno colon\n", "Host: a\n: no name\n",
                          "Host: a\nna me: x\n", "Host: a\nn\x80me: x\n", "Host: a\nHost: b\n",
                          "Host: a\nX: a\x01z\n", "Host: a\nX: a\x7Fz\n", "Host: a\n(x): y\n"}) {
    EXPECT_EQ(status_of(head("GET / HTTP/1.1\n" + std::string(bad))), 400) << bad;
  }
  EXPECT_EQ(status_of(head("GET / HTTP/1.1\n")), 400) << "no Host";
}

TEST(HeadCheck, a_first_line_that_is_none_is_refused) {
  for (const char* bad :
       {"GET\n", "GET /\n", "GET / \n", " GET / HTTP/1.1\n", "GET  / HTTP/1.1\n",
        "GET / HTTP/1.1 \n", "GET / http/1.1\n", "G(T / HTTP/1.1\n", "GET a HTTP/1.1\n",
        "GET http://a/ HTTP/1.1\n", "GET * HTTP/1.1\n", "GET /a b HTTP/1.1\n",
        "GET /\x80 HTTP/1.1\n", "GET /a#b HTTP/1.1\n", "\nGET / HTTP/1.1\n", "GET /\tHTTP/1.1\n"}) {
    EXPECT_EQ(status_of(head(std::string(bad) + "Host: a\n")), 400) << bad;
  }
  EXPECT_EQ(status_of(head("GET / HTTP/2.0\nHost: a\n")), 505);
  EXPECT_EQ(status_of(head("GET / HTTP/1.2\nHost: a\n")), 505);
}

TEST(HeadCheck, lines_end_in_both_characters) {
  for (const std::string_view bad :
       {std::string_view("GET / HTTP/1.1\nHost: a\n\n"),
        std::string_view("GET / HTTP/1.1\r\nHost: a\n\r\n"),
        std::string_view("GET / HTTP/1.1\r\nX: a\rb\r\nHost: a\r\n\r\n"),
        std::string_view("GET / HTTP/1.1\r\nX: a\0b\r\nHost: a\r\n\r\n", 35)}) {
    EXPECT_EQ(status_of(bad), 400) << bad;
  }
}

TEST(HeadCheck, what_is_too_much_has_its_own_status) {
  const std::string path = "/" + std::string(target_bytes_max, 'a');
  EXPECT_EQ(status_of(head("GET " + path + " HTTP/1.1\nHost: a\n")), 414);
  const std::string field = "X: " + std::string(head_bytes_max, 'a') + "\n";
  EXPECT_EQ(status_of(head("GET / HTTP/1.1\nHost: a\n" + field)), 431);
  std::string fields;
  for (std::size_t i = 0; i <= header_fields_max; ++i) fields += "X: a\n";
  EXPECT_EQ(status_of(head("GET / HTTP/1.1\nHost: a\n" + fields)), 431);
}

TEST(HeadCheck, a_head_on_its_way_is_refused_as_soon_as_it_is_wrong) {
  EXPECT_FALSE(check_head_so_far(""));
  EXPECT_FALSE(check_head_so_far("GET / HTTP/1.1\r"));
  EXPECT_FALSE(check_head_so_far("GET / HTTP/1.1\r\nHost: a"));
  EXPECT_TRUE(check_head_so_far("GET / HTTP/1.1\n"));
  EXPECT_EQ(check_head_so_far(std::string(target_bytes_max + 100, 'a'))->status, 414);
  EXPECT_EQ(check_head_so_far("GET / HTTP/1.1\r\nX: " + std::string(head_bytes_max, 'a'))->status,
            431);
}

TEST(HeadCheck, a_chunk_extension_holds_no_end_of_a_line) {
  for (const std::string_view good : {"", ";a", "; a = b", ";a=\"b c\"", ";a=\"\t\""}) {
    EXPECT_TRUE(is_sound_chunk_extension(good)) << good;
  }
  for (const std::string_view bad : {";a=\"\n\"", ";a\r", "\n", ";a=\"\x01\"", ";\x7F"}) {
    EXPECT_FALSE(is_sound_chunk_extension(bad)) << bad;
  }
}

}  // namespace
}  // namespace esteira::http
