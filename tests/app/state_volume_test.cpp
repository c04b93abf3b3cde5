#include "app/state_volume.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::app {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::string host =
    "22 28 0:21 / /proc rw,nosuid - proc proc rw\n"
    "28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
    "29 28 0:25 / /run rw,nosuid shared:2 - tmpfs tmpfs rw,size=100k\n";

const std::string pod =
    "500 400 0:300 / / ro,relatime - overlay overlay ro\n"
    "510 500 254:1 /var/lib/kubelet/pods/1/volumes/kubernetes.io~empty-dir/spool /var/lib/postern rw - ext4 "
    "/dev/vda1 rw\n"
    "511 500 0:77 / /scratch rw - tmpfs tmpfs rw\n"
    "512 500 254:9 / /var/lib/postern-2 rw - ext4 /dev/vdb rw\n";

TEST(StateVolume, a_disk_is_nothing_to_speak_of) {
  EXPECT_THAT(volume_warning(host, "/var/lib/postern"), IsEmpty());
  EXPECT_THAT(volume_warning(pod, "/var/lib/postern-2"), IsEmpty());
}

TEST(StateVolume, memory_is_named_with_what_it_means) {
  EXPECT_THAT(volume_warning(host, "/run/postern"), HasSubstr("/run/postern lies on tmpfs"));
  EXPECT_THAT(volume_warning(pod, "/scratch"), HasSubstr("is lost when the machine or the pod goes"));
}

TEST(StateVolume, an_empty_dir_is_named_with_what_it_means) {
  EXPECT_THAT(volume_warning(pod, "/var/lib/postern/state"), HasSubstr("an emptyDir"));
  EXPECT_THAT(volume_warning(pod, "/var/lib/postern"), HasSubstr("delivery.drain_queue"));
}

TEST(StateVolume, what_is_mounted_on_top_counts) {
  EXPECT_THAT(volume_warning(host + "99 29 254:3 / /run rw - ext4 /dev/vdc rw\n", "/run/postern"), IsEmpty());
}

TEST(StateVolume, nothing_known_warns_of_nothing) {
  EXPECT_THAT(volume_warning("", "/var/lib/postern"), IsEmpty());
  EXPECT_THAT(volume_warning("nonsense\n\n1 2\n", "/var/lib/postern"), IsEmpty());
}

}  // namespace
}  // namespace postern::app
