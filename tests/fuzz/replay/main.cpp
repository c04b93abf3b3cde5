// replay_TARGET DIRECTORY: feeds the inputs of a corpus to a fuzz target, without libFuzzer, so that each
// build runs what fuzzing once found. A folder without inputs is a failure: it would test nothing.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> inputs_in(const char* directory) {
  std::vector<fs::path> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.is_regular_file()) out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

void feed(const fs::path& file) {
  // Said before: the input that crashes is the last one named.
  std::printf("%s\n", file.filename().c_str());
  std::fflush(stdout);
  std::ifstream in(file, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 64;
  const auto inputs = inputs_in(words[1]);
  for (const auto& file : inputs) feed(file);
  std::printf("%zu inputs\n", inputs.size());
  return inputs.empty() ? 1 : 0;
}
