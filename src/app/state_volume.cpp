#include "state_volume.hpp"

#include <fstream>
#include <iterator>
#include <sstream>

namespace postern::app {

namespace {

struct Mount {
  std::string root;   // of the mounted file system, what is seen here
  std::string point;  // where
  std::string type;
};

// "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw": any number of fields before the dash.
Mount parse(const std::string& line) {
  std::istringstream in(line);
  Mount out;
  std::string word;
  in >> word >> word >> word >> out.root >> out.point;
  while (in >> word && word != "-") {
  }
  in >> out.type;
  return out;
}

bool lies_under(std::string_view path, std::string_view point) {
  if (point == "/") return true;
  return path.starts_with(point) && (path.size() == point.size() || path[point.size()] == '/');
}

// The last of equal points is on top.
Mount mount_of(std::string_view mountinfo, std::string_view path) {
  std::istringstream in{std::string(mountinfo)};
  Mount best;
  for (std::string line; std::getline(in, line);) {
    Mount mount = parse(line);
    if (lies_under(path, mount.point) && mount.point.size() >= best.point.size()) best = std::move(mount);
  }
  return best;
}

}  // namespace

std::string mounts_of_this_process() {
  std::ifstream in("/proc/self/mountinfo");
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string volume_warning(std::string_view mountinfo, std::string_view path) {
  const Mount mount = mount_of(mountinfo, path);
  const std::string where = std::string(path) + " lies on ";
  const bool empty_dir = mount.root.find("kubernetes.io~empty-dir") != std::string::npos;
  if (mount.type == "tmpfs" || mount.type == "ramfs")
    return where + mount.type +
           ", that is in memory: mail that was answered 250 is lost when the machine or the pod goes. Use a "
           "disk, "
           "or set delivery.drain_queue: true and let the grace period be longer than delivery.drain";
  if (empty_dir)
    return where +
           "an emptyDir: mail that was answered 250 is lost when the pod is deleted or moved (not when a "
           "container "
           "restarts). Use a persistent volume, or set delivery.drain_queue: true and let "
           "terminationGracePeriodSeconds be longer than delivery.drain";
  return {};
}

}  // namespace postern::app
