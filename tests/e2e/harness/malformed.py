"""Messages that are no good HTTP, or not beyond doubt: raw bytes."""


def malformed_messages():
    start = b"POST /api/v1/tasks HTTP/1.1\r\n"
    host = b"Host: localhost\r\n"
    body = b"\r\n{}"
    for line in (b"GET", b"GET /", b"GET / ", b" GET / HTTP/1.1", b"GET  / HTTP/1.1", b"GET / HTTP/1.1 ",
                 b"GET / HTTP/9.9", b"GET / http/1.1", b"GET / HTTP/1.1x", b"GET / HTTP/11",
                 b"G\x00T / HTTP/1.1", b"GET /\x00 HTTP/1.1", b"GET /\x7f HTTP/1.1",
                 b"GET /a b HTTP/1.1", b"GET http://a/ HTTP/1.1", b"GET * HTTP/1.1", b"\xff / HTTP/1.1",
                 b"GET \xff HTTP/1.1", b"GET /# HTTP/1.1", b"GET", b"HTTP/1.1 200 OK", b"{}",
                 b"G" * 9000, b"GET /" + b"a" * 9000 + b" HTTP/1.1"):
        yield line + b"\r\n" + host + b"\r\n"
    for field in (b"Content-Length: 2\r\nContent-Length: 2", b"Content-Length: 2\r\nContent-Length: 3",
                  b"Content-Length: 2, 2", b"Content-Length: +2", b"Content-Length: -2",
                  b"Content-Length: 0x2", b"Content-Length: 2 2", b"Content-Length: ", b"Content-Length: a",
                  b"Content-Length: 99999999999999999999", b"Content-Length: 2.0", b"Content-Length:\x0b2",
                  b"Content-Length: 2\r\nTransfer-Encoding: chunked",
                  b"Transfer-Encoding: chunked\r\nContent-Length: 2",
                  b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                  b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, gzip",
                  b"Transfer-Encoding: identity", b"Transfer-Encoding: xchunked",
                  b"Transfer-Encoding: \"chunked\"", b"Transfer-Encoding: chunked;q=1",
                  b"Transfer-Encoding: ", b"Transfer-Encoding : chunked", b"Content-Length : 2",
                  b" Content-Length: 2", b"\tContent-Length: 2", b"X: a\r\n folded", b"X: a\r\n\tfolded",
                  b"no colon", b": no name", b"na me: x", b"X\x00: a", b"X: a\x00b", b"X: a\x01b",
                  b"X: a\x7f", b"(X): a", b"X\x80: a", b"X: a\rb", b"X: a\nb", b"Host: other",
                  b"X: " + b"a" * 17_000, b"\r\n".join([b"X: a"] * 101)):
        yield start + host + field + b"\r\n" + body
        yield start + field + b"\r\n" + host + body
    for text in (start + b"\r\n", start.replace(b"\r", b"") + host + b"\r\n",
                 (start + host + b"\r\n").replace(b"\r", b""), start + host.replace(b"\r", b"") + b"\r\n",
                 start + b"\r\n" + host + b"\r\n", start + host + b"\n", b"\r\n\r\n" + start + host,
                 b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 100 + b"\n",
                 b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        yield text
    chunked = start + host + b"Transfer-Encoding: chunked\r\n\r\n"
    for chunks in (b"x\r\n{}\r\n0\r\n\r\n", b"-1\r\n{}\r\n0\r\n\r\n", b"2\n{}\r\n0\r\n\r\n",
                   b"2\r\n{}0\r\n\r\n", b"2\r\n{}xx0\r\n\r\n", b"\r\n2\r\n{}\r\n0\r\n\r\n",
                   b"0x2\r\n{}\r\n0\r\n\r\n", b"ffffffffffffffffff\r\n{}", b"2 2\r\n{}\r\n0\r\n\r\n",
                   b"2;a\n\r\n{}\r\n0\r\n\r\n", b"2;a=\"\n\"\r\n{}\r\n0\r\n\r\n",
                   b"2;a=\"\r\"\r\n{}\r\n0\r\n\r\n", b"2;a=\"\x00\"\r\n{}\r\n0\r\n\r\n"):
        yield chunked + chunks


def smuggling_messages(smuggled):
    """Messages whose end two readers may see at different places, so that one of them takes
    `smuggled`, a whole request, for a part of the body and the other for the next request."""
    start = b"POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(smuggled), smuggled)
    for coding in (b"Transfer-Encoding: chunked", b"Transfer-Encoding : chunked",
                   b"Transfer-Encoding:\tchunked", b"Transfer-Encoding: \x0bchunked",
                   b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
                   b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked", b" Transfer-Encoding: chunked",
                   b"X: x\r\n Transfer-Encoding: chunked", b"X: x\nTransfer-Encoding: chunked",
                   b"X: x\rTransfer-Encoding: chunked", b"Transfer-Encoding\r\n : chunked",
                   b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding: chunked, identity",
                   b"Transfer-Encoding: \"chunked\"", b"TRANSFER-ENCODING: CHUNKED",
                   b"Transfer_Encoding: chunked", b"Transfer-Encoding: chunked\x00",
                   b"Transfer-Encoding: ,chunked", b"Transfer-Encoding;: chunked"):
        # One reader goes by the length, the other by the chunks; each way round.
        by_length = b"0\r\n\r\n" + smuggled
        yield start + b"Content-Length: %d\r\n" % len(by_length) + coding + b"\r\n\r\n" + by_length
        yield start + coding + b"\r\nContent-Length: 4\r\n\r\n" + chunk
        yield start + coding + b"\r\n\r\n" + by_length
    for first, second in ((b"Content-Length: 0", b"Content-Length: %d"),
                          (b"Content-Length: %d", b"Content-Length: 0"),
                          (b"Content-Length: 0, %d", b"X: x"), (b"Content-Length: %d, 0", b"X: x"),
                          (b"Content-Length: +%d", b"X: x"), (b"Content-Length : %d", b"X: x"),
                          (b"Content_Length: %d", b"X: x"), (b"X: x\r\n Content-Length: %d", b"X: x"),
                          (b"X: x\nContent-Length: %d", b"X: x"), (b"Content-Length: 0%d", b"X: x"),
                          (b"Content-Length: 0x%x", b"X: x"), (b"Content-Length:\x0c%d", b"X: x"),
                          (b"Content-Length: %d\x00", b"X: x"), (b"Expect: 100-continue", b"Content-Length: %d")):
        length = len(smuggled)
        fields = [field % length if b"%" in field else field for field in (first, second)]
        yield start + b"\r\n".join(fields) + b"\r\n\r\n" + smuggled
    for line in (b"%x;\n", b"%x;a=\"\n\"", b"%x;a=\"\r\"", b"%x\n", b"%x ", b"0%x", b"0x%x", b"%x;\x00",
                 b"%x\t", b"+%x", b"%x\r"):
        yield (start + b"Transfer-Encoding: chunked\r\n\r\n" + line % len(smuggled) + b"\r\n" + smuggled +
               b"\r\n0\r\n\r\n")
    for trailer in (b"Content-Length: 50\r\n", b"Transfer-Encoding: chunked\r\n", b"X: x\n", b" x\r\n"):
        yield start + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + trailer + b"\r\n" + smuggled
    # A body where the method has none, and where the version knows no chunks.
    yield b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(smuggled) + smuggled
    yield b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk
    yield b"HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(smuggled) + smuggled
    yield b"POST /api/v1/tasks HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n" + chunk
    yield b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + smuggled
