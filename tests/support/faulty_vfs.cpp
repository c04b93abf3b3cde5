#include "support/faulty_vfs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <new>
#include <stdexcept>

namespace postern::support {

// SQLite allocates it, with room for the real file behind.
struct FaultyFile {
  sqlite3_file base;
  FaultyVfs* vfs;
  std::string* name;

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  static FaultyFile& of(sqlite3_file* file) { return *reinterpret_cast<FaultyFile*>(file); }
  static sqlite3_file* real_of(sqlite3_file* file) { return of(file).real(); }
  std::int64_t size() {
    sqlite3_int64 bytes = 0;
    real()->pMethods->xFileSize(real(), &bytes);
    return bytes;
  }

  static int close(sqlite3_file* f) {
    delete of(f).name;
    sqlite3_file* r = real_of(f);
    return r->pMethods->xClose(r);
  }
  static int read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
    return real_of(f)->pMethods->xRead(real_of(f), to, n, at);
  }
  static int write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
    return of(f).vfs->write(of(f), from, n, at);
  }
  static int truncate(sqlite3_file* f, sqlite3_int64 size) { return of(f).vfs->truncate(of(f), size); }
  static int sync(sqlite3_file* f, int) { return of(f).vfs->sync(of(f)); }
  static int file_size(sqlite3_file* f, sqlite3_int64* size) {
    return real_of(f)->pMethods->xFileSize(real_of(f), size);
  }
  static int lock(sqlite3_file* f, int kind) { return real_of(f)->pMethods->xLock(real_of(f), kind); }
  static int unlock(sqlite3_file* f, int kind) { return real_of(f)->pMethods->xUnlock(real_of(f), kind); }
  static int check_lock(sqlite3_file* f, int* out) {
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
  }
  static int control(sqlite3_file* f, int op, void* arg) {
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
  }
  static int sector_size(sqlite3_file* f) { return real_of(f)->pMethods->xSectorSize(real_of(f)); }
  static int characteristics(sqlite3_file* f) {
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
  }
  static int shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** at) {
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, at);
  }
  static int shm_lock(sqlite3_file* f, int at, int n, int flags) {
    return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
  }
  static void shm_barrier(sqlite3_file* f) { real_of(f)->pMethods->xShmBarrier(real_of(f)); }
  static int shm_unmap(sqlite3_file* f, int remove) {
    return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
  }

  static int vfs_open(sqlite3_vfs* v, const char* name, sqlite3_file* f, int flags, int* out) {
    auto& self = *static_cast<FaultyVfs*>(v->pAppData);
    return self.open(name, of(f), flags, out);
  }
  static int vfs_delete(sqlite3_vfs* v, const char* name, int sync_directory) {
    return static_cast<FaultyVfs*>(v->pAppData)->remove(name, sync_directory);
  }
};

namespace {

// Version 2: shared memory for WAL, no memory-mapped reads, which would go past this file.
const sqlite3_io_methods methods = {
    2,
    FaultyFile::close,
    FaultyFile::read,
    FaultyFile::write,
    FaultyFile::truncate,
    FaultyFile::sync,
    FaultyFile::file_size,
    FaultyFile::lock,
    FaultyFile::unlock,
    FaultyFile::check_lock,
    FaultyFile::control,
    FaultyFile::sector_size,
    FaultyFile::characteristics,
    FaultyFile::shm_map,
    FaultyFile::shm_lock,
    FaultyFile::shm_barrier,
    FaultyFile::shm_unmap,
    nullptr,
    nullptr,
};

void put(int fd, std::int64_t offset, const std::string& bytes, std::int64_t size) {
  const bool good = ::pwrite(fd, bytes.data(), bytes.size(), offset) == static_cast<ssize_t>(bytes.size()) &&
                    ::ftruncate(fd, size) == 0;
  if (!good) throw std::runtime_error("FaultyVfs: cannot rewrite a file");
}

}  // namespace

FaultyVfs::FaultyVfs() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
  vfs_.szOsFile = static_cast<int>(sizeof(FaultyFile)) + real_->szOsFile;
  vfs_.zName = "faulty";
  vfs_.pAppData = this;
  vfs_.pNext = nullptr;
  vfs_.xOpen = FaultyFile::vfs_open;
  vfs_.xDelete = FaultyFile::vfs_delete;
  sqlite3_vfs_register(&vfs_, 1);
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_, 1);
}

void FaultyVfs::fail_at(std::uint64_t step, Fault fault) {
  const std::lock_guard lock(mutex_);
  failing_step_ = steps_ + step;
  fault_ = fault;
  fired_ = false;
}

bool FaultyVfs::fired() const {
  const std::lock_guard lock(mutex_);
  return fired_;
}

void FaultyVfs::set_room(std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  room_ = bytes;
}

void FaultyVfs::before_sync(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  before_sync_ = std::move(call);
}

int FaultyVfs::step(int error) {
  const std::uint64_t now = steps_++;
  const bool fails = fault_ == Fault::crash ? now >= failing_step_ : now == failing_step_;
  fired_ = fired_ || fails;
  return fails ? error : SQLITE_OK;
}

int FaultyVfs::open(const char* name, FaultyFile& file, int flags, int* out_flags) {
  file.base.pMethods = nullptr;
  file.vfs = this;
  const int code = real_->xOpen(real_, name, file.real(), flags, out_flags);
  if (code != SQLITE_OK) return code;
  file.name = new std::string(name ? name : "");
  file.base.pMethods = &methods;
  return SQLITE_OK;
}

int FaultyVfs::remove(const char* name, int sync_directory) {
  const std::lock_guard lock(mutex_);
  if (const int code = step(SQLITE_IOERR_DELETE); code != SQLITE_OK) return code;
  unsynced_.erase(name);
  return real_->xDelete(real_, name, sync_directory);
}

int FaultyVfs::write(FaultyFile& file, const void* bytes, int amount, std::int64_t offset) {
  const std::lock_guard lock(mutex_);
  if (const int code = step(SQLITE_IOERR_WRITE); code != SQLITE_OK) return code;
  Change change;
  change.offset = offset;
  change.size_before = file.size();
  change.size_after = std::max(change.size_before, offset + amount);
  const std::int64_t growth = change.size_after - change.size_before;
  if (room_ >= 0 && growth > room_) return SQLITE_FULL;
  if (room_ >= 0) room_ -= growth;
  change.after.assign(static_cast<const char*>(bytes), static_cast<std::size_t>(amount));
  const auto old = std::clamp<std::int64_t>(change.size_before - offset, 0, amount);
  change.before.resize(static_cast<std::size_t>(old));
  if (old > 0) FaultyFile::read(&file.base, change.before.data(), static_cast<int>(old), offset);
  unsynced_[*file.name].push_back(std::move(change));
  return file.real()->pMethods->xWrite(file.real(), bytes, amount, offset);
}

int FaultyVfs::truncate(FaultyFile& file, std::int64_t size) {
  const std::lock_guard lock(mutex_);
  if (const int code = step(SQLITE_IOERR_TRUNCATE); code != SQLITE_OK) return code;
  Change change;
  change.offset = size;
  change.size_before = file.size();
  change.size_after = size;
  if (room_ >= 0 && change.size_before > size) room_ += change.size_before - size;
  if (change.size_before > size) {
    change.before.resize(static_cast<std::size_t>(change.size_before - size));
    FaultyFile::read(&file.base, change.before.data(), static_cast<int>(change.before.size()), size);
  }
  unsynced_[*file.name].push_back(std::move(change));
  return file.real()->pMethods->xTruncate(file.real(), size);
}

int FaultyVfs::sync(FaultyFile& file) {
  std::function<void()> call;
  {
    const std::lock_guard lock(mutex_);
    call = before_sync_;
  }
  if (call) call();
  const std::lock_guard lock(mutex_);
  if (const int code = step(SQLITE_IOERR_FSYNC); code != SQLITE_OK) return code;
  unsynced_.erase(*file.name);
  return SQLITE_OK;
}

void FaultyVfs::power_loss(const std::function<bool()>& survives) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, changes] : unsynced_) {
      const int fd = ::open(name.c_str(), O_RDWR | O_CLOEXEC);
      if (fd < 0) continue;  // removed since
      for (auto change = changes.rbegin(); change != changes.rend(); ++change)
        put(fd, change->offset, change->before, change->size_before);
      for (const auto& change : changes) {
        if (survives()) put(fd, change.offset, change.after, change.size_after);
      }
      ::close(fd);
    }
  }
  restart();
}

void FaultyVfs::restart() {
  const std::lock_guard lock(mutex_);
  unsynced_.clear();
  failing_step_ = UINT64_MAX;
  room_ = -1;
  before_sync_ = nullptr;
}

}  // namespace postern::support
