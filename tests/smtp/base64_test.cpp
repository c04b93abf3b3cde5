#include "smtp/base64.hpp"

#include <gtest/gtest.h>

namespace postern::smtp {

// RFC 4648 10
TEST(Base64, test_vectors) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"},
                                                         {std::string("\0\xff\xfe", 3), "AP/+"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text), bytes);
  }
}

TEST(Base64, refuses_what_is_not_base64) {
  for (const auto* text : {"Zg", "Zg=", "Z===", "Zm9v\n", "Zm 9", "=Zm9", "Zg==Zg==", "Zm9-", "===="})
    EXPECT_FALSE(base64_decode(text)) << text;
}

}  // namespace postern::smtp
