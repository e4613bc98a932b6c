// Enciphering: known answers, and that nothing opens but what was sealed, where it was sealed.
#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cipher/keyring.hpp"
#include "cipher/sealing.hpp"
#include "support/expectations.hpp"

namespace esteira::test {
namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

Secret secret_from_hex(std::string_view hex) { return must(parse_key(hex)); }

Nonce nonce_from_hex(std::string_view hex) {
  Nonce nonce{};
  std::ranges::copy(from_hex(hex), nonce.begin());
  return nonce;
}

EncryptionKey key(std::string id, std::uint8_t fill) {
  EncryptionKey made{.id = std::move(id)};
  made.secret.fill(fill);
  return made;
}

Keyring keyring(std::vector<EncryptionKey> keys) { return Keyring(keys); }

// The bits of a text, each in turn another.
template <class Try>
void with_each_bit_flipped(const std::string& text, const Try& attempt) {
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    auto flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    attempt(flipped, bit);
  }
}

std::string sealed_bytes(const std::string& sealed) {
  const auto json = must(parse_json(sealed));
  return *from_base64(json.at("esteira_encrypted").as_string());
}

std::string sealed_of(const std::string& bytes) {
  return to_text(Json(JsonObject{{"esteira_encrypted", to_base64(bytes)}}));
}

// Test cases 13 and 16 of the specification of GCM that NIST was given.
TEST(Aead, answers_what_the_specification_of_gcm_says) {
  const auto empty = encipher(Secret{}, Nonce{}, "", "");
  EXPECT_EQ(empty.substr(nonce_bytes), from_hex("530f8afbc74536b9a963b4f1c4cb738b"));
  const auto secret =
      secret_from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const auto nonce = nonce_from_hex("cafebabefacedbaddecaf888");
  const auto bound = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const auto text = from_hex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  const auto enciphered = encipher(secret, nonce, bound, text);
  EXPECT_EQ(enciphered, from_hex("cafebabefacedbaddecaf888"
                                 "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                                 "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                                 "76fc6ece0f4e1768cddf8853bb2d551b"));
  EXPECT_EQ(decipher(secret, bound, enciphered), text);
}

// Test case 1 of RFC 4231.
TEST(Aead, derives_as_the_specification_of_hmac_says) {
  // Its key of 20 bytes, filled up with the zeros that HMAC itself adds.
  const auto secret =
      secret_from_hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b000000000000000000000000");
  EXPECT_EQ(
      to_base64(derive(secret, "Hi There").view()),
      to_base64(from_hex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")));
}

TEST(Aead, opens_with_nothing_but_its_key_and_what_it_is_bound_to) {
  const auto secret = random_secret();
  const auto enciphered = encipher(secret, random_nonce(), "bound", "text");
  EXPECT_EQ(decipher(secret, "bound", enciphered), "text");
  EXPECT_FALSE(decipher(secret, "bounds", enciphered));
  EXPECT_FALSE(decipher(random_secret(), "bound", enciphered));
  EXPECT_FALSE(decipher(secret, "bound", enciphered.substr(0, enciphered.size() - 1)));
  EXPECT_FALSE(decipher(secret, "bound", ""));
  with_each_bit_flipped(enciphered, [&](const std::string& flipped, std::size_t bit) {
    EXPECT_FALSE(decipher(secret, "bound", flipped)) << "bit " << bit;
  });
}

TEST(Base64, takes_nothing_that_is_not_its_own) {
  for (const std::string bytes : {"", "a", "ab", "abc", "abcd"}) {
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  }
  for (const std::string_view text :
       {"YQ", "YQ=", "YQ===", "Y===", "====", " YQ=", "YQ==\n", "Y%=="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(KeyText, is_read_as_bytes_base64_or_digits) {
  const std::string bytes = "0123456789abcdef0123456789abcdeF";
  const auto base64 = to_base64(bytes);
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02X}", static_cast<unsigned char>(c));
  EXPECT_EQ(must(parse_key(bytes)).view(), bytes);
  EXPECT_EQ(must(parse_key(base64)).view(), bytes);
  EXPECT_EQ(must(parse_key("\t" + base64 + "\r\n")).view(), bytes);
  EXPECT_EQ(must(parse_key(hex + "\n")).view(), bytes);
}

TEST(KeyText, is_refused_without_being_repeated) {
  for (const std::string text : {"", "short", "0123456789abcdef0123456789abcde",
                                 "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQ=="}) {
    const auto error = error_of(parse_key(text));
    EXPECT_EQ(error.code, ErrorCode::invalid_argument);
    EXPECT_TRUE(text.empty() || !error.message.contains(text)) << error.message;
  }
}

TEST(KeyringTest, takes_ids_that_are_names_each_once) {
  EXPECT_TRUE(make_keyring(std::vector{key("2026a", 1), key("2025.b-c_d", 2)}));
  EXPECT_EQ(error_of(make_keyring({})).code, ErrorCode::invalid_argument);
  EXPECT_FALSE(make_keyring(std::vector{key("a", 1), key("a", 2)}));
  for (const std::string id : {"", "a b", "a:b", "é", "a/b"}) {
    EXPECT_FALSE(make_keyring(std::vector{key(id, 1)})) << id;
  }
  EXPECT_FALSE(make_keyring(std::vector{key(std::string(65, 'a'), 1)}));
}

TEST(KeyringTest, wraps_by_the_first_and_unwraps_by_all) {
  const auto before = keyring({key("old", 1)});
  const auto after = keyring({key("new", 2), key("old", 1)});
  const auto data_key = random_secret();
  const auto cipher = before.wrap(7, data_key);
  EXPECT_EQ(cipher.key_id, "old");
  EXPECT_EQ(must(after.unwrap(7, cipher)).bytes(), data_key.bytes());
  EXPECT_EQ(after.wrap(7, data_key).key_id, "new");
  EXPECT_NE(before.wrap(7, data_key).wrapped, cipher.wrapped) << "no two are alike";
}

TEST(KeyringTest, tells_a_missing_key_from_one_that_was_tampered_with) {
  const auto ours = keyring({key("a", 1), key("b", 1)});
  const auto cipher = ours.wrap(7, random_secret());
  EXPECT_EQ(error_of(keyring({key("c", 1)}).unwrap(7, cipher)).code, ErrorCode::unavailable);
  EXPECT_EQ(error_of(keyring({key("a", 2)}).unwrap(7, cipher)).code, ErrorCode::internal)
      << "another key of the same name";
  EXPECT_EQ(error_of(ours.unwrap(8, cipher)).code, ErrorCode::internal) << "another task's";
  const TaskCipher renamed{.key_id = "b", .wrapped = cipher.wrapped};
  EXPECT_EQ(error_of(ours.unwrap(7, renamed)).code, ErrorCode::internal)
      << "the same bytes under another name";
  EXPECT_FALSE(ours.unwrap(7, {.key_id = "a", .wrapped = "no base64"}));
  with_each_bit_flipped(
      *from_base64(cipher.wrapped), [&](const std::string& flipped, std::size_t bit) {
        const TaskCipher changed{.key_id = "a", .wrapped = to_base64(flipped)};
        EXPECT_EQ(error_of(ours.unwrap(7, changed)).code, ErrorCode::internal) << "bit " << bit;
      });
}

TEST(Sealing, opens_for_its_task_and_field_only) {
  const auto data_key = random_secret();
  const std::string text = R"({"iban":"DE89370400440532013000"})";
  const auto sealed = seal(data_key, 42, SealedField::payload, text);
  EXPECT_EQ(sealed.find("iban"), std::string::npos);
  EXPECT_TRUE(parse_json(sealed)) << "columns of JSON take it";
  EXPECT_EQ(must(unseal(data_key, 42, SealedField::payload, sealed)), text);
  EXPECT_FALSE(unseal(data_key, 43, SealedField::payload, sealed)) << "another row";
  EXPECT_FALSE(unseal(data_key, 42, SealedField::result, sealed)) << "another field";
  EXPECT_FALSE(unseal(data_key, 42, SealedField::checkpoint, sealed)) << "another field";
  EXPECT_FALSE(unseal(random_secret(), 42, SealedField::payload, sealed));
  EXPECT_NE(seal(data_key, 42, SealedField::payload, text), sealed) << "nonces are fresh";
}

TEST(Sealing, opens_with_no_bit_changed) {
  const auto data_key = random_secret();
  const auto sealed = seal(data_key, 42, SealedField::payload, R"({"a":1})");
  with_each_bit_flipped(sealed_bytes(sealed), [&](const std::string& flipped, std::size_t bit) {
    EXPECT_EQ(error_of(unseal(data_key, 42, SealedField::payload, sealed_of(flipped))).code,
              ErrorCode::internal)
        << "bit " << bit;
  });
}

TEST(Sealing, takes_nothing_that_was_not_sealed) {
  const auto data_key = random_secret();
  for (const std::string_view text :
       {"", "null", "{}", "[]", R"({"esteira_encrypted":1})", R"({"esteira_encrypted":""})",
        R"({"esteira_encrypted":"AQ=="})", R"({"esteira_encrypted":"AQ==","more":1})",
        R"({"iban":"in the open"})"}) {
    EXPECT_FALSE(unseal(data_key, 42, SealedField::payload, text)) << text;
  }
}

TEST(Sealing, of_what_has_a_name_opens_under_that_name_only) {
  const auto root = random_secret();
  const auto sealed = seal_named(root, "answer 1", "text");
  EXPECT_EQ(must(unseal_named(root, "answer 1", sealed)), "text");
  EXPECT_FALSE(unseal_named(root, "answer 2", sealed));
  EXPECT_FALSE(unseal_named(random_secret(), "answer 1", sealed));
  with_each_bit_flipped(sealed_bytes(sealed), [&](const std::string& flipped, std::size_t bit) {
    EXPECT_FALSE(unseal_named(root, "answer 1", sealed_of(flipped))) << "bit " << bit;
  });
}

}  // namespace
}  // namespace esteira::test
