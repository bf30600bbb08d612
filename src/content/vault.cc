#include "content/vault.h"

#include <fmt/format.h>

#include <algorithm>

#include "observe/log.h"
#include "observe/threads.h"

namespace kairos::content {
namespace {

constexpr size_t kMostWaiting = 100'000;

std::string_view log_name() { return "content"; }

} // namespace

Vault::Vault(journal::FileSystem& files, VaultOptions options, const Clock& clock, observe::Metrics& metrics)
    : files_(files), options_(std::move(options)), clock_(clock), metrics_(metrics),
      kept_(metrics.counter("kairosroute_content_kept_total", "Receipts whose content was kept")),
      stored_bytes_(metrics.counter("kairosroute_content_stored_bytes_total", "Bytes of content written, sealed")),
      erased_(metrics.counter("kairosroute_content_erased_total", "Receipts whose content was erased on demand")),
      expired_(metrics.counter("kairosroute_content_expired_total", "Receipts whose content went by its age")) {}

Result<std::unique_ptr<Vault>> Vault::open(journal::FileSystem& files, VaultOptions options, const Clock& clock,
                                           observe::Metrics& metrics) {
  std::unique_ptr<Vault> vault(new Vault(files, std::move(options), clock, metrics));
  if (auto loaded = vault->load(); !loaded) return std::unexpected(loaded.error());
  const observe::NewThreadsAre keeps("kr-content");
  vault->thread_ = std::jthread([raw = vault.get()](const std::stop_token& stop) { raw->run(stop); });
  return vault;
}

Result<> Vault::load() {
  const auto numbers = Volume::list(files_, options_.folder);
  if (!numbers) return numbers.error().code == Code::kNotFound ? Result<>() : std::unexpected(numbers.error());
  for (const std::uint64_t number : *numbers) {
    next_number_ = number + 1;
    auto volume = Volume::open(files_, options_.folder, number);
    if (volume) {
      volumes_.push_back(std::move(*volume));
    } else if (volume.error().code == Code::kCorrupt) {
      observe::log_warn(log_name(), "a file of content keys is damaged; what it opened cannot be read",
                        {{"error", volume.error().message}});
    } else {
      return std::unexpected(volume.error());
    }
  }
  writable_ = !volumes_.empty() && volumes_.back().has_body() && volumes_.back().number() + 1 == next_number_;
  return {};
}

Vault::~Vault() {
  thread_.request_stop();
  queue_changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Vault::use(MasterKeys keys, std::vector<Retention> retention) {
  std::map<std::uint64_t, Duration> by_tag;
  for (const Retention& one : retention) by_tag[tenant_tag(one.tenant)] = one.keep;
  const std::scoped_lock lock(mutex_);
  for (Volume& volume : volumes_) { // only what changed is looked for: there may be years of volumes
    if (keys.ids() != keys_.ids()) volume.sealed_by = 0;
    if (by_tag != retention_) volume.next_end = {};
  }
  keys_ = std::move(keys);
  retention_ = std::move(by_tag);
  last_sweep_ = {};
}

void Vault::count_lost(std::string_view reason) {
  metrics_
      .counter("kairosroute_content_lost_total", "Receipts whose content should have been kept and was not",
               {{"reason", std::string(reason)}})
      .add();
}

void Vault::keep(Kept kept) { hand_over({std::move(kept), false}); }
void Vault::cannot_keep(Kept kept) { hand_over({std::move(kept), true}); }

void Vault::hand_over(Waiting one) {
  bool lost = false;
  bool taken = false;
  {
    const std::scoped_lock lock(queue_mutex_);
    lost = one.lost || queued_bytes_ + one.kept.bytes() > options_.queue_bytes;
    one.lost = lost;
    if (lost) one.kept.request = one.kept.answer = {};
    taken = queue_.size() < kMostWaiting;
    if (taken) {
      queued_bytes_ += one.kept.bytes();
      ++taken_in_;
      queue_.push_back(std::move(one));
    }
  }
  if (lost || !taken) count_lost("queue_full");
  if (taken) queue_changed_.notify_one();
}

size_t Vault::waiting() {
  const std::scoped_lock lock(queue_mutex_);
  return queue_.size();
}

void Vault::flush() {
  std::unique_lock lock(queue_mutex_);
  const std::uint64_t target = taken_in_;
  queue_done_.wait(lock, [&] { return done_ >= target; });
}

void Vault::run(const std::stop_token& stop) {
  std::vector<Waiting> batch;
  bool going_on = true;
  while (going_on) {
    {
      std::unique_lock lock(queue_mutex_);
      queue_changed_.wait_for(lock, stop, options_.sync_interval, [this] { return !queue_.empty(); });
      going_on = !stop.stop_requested() || !queue_.empty();
      batch.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.end()));
      queue_.clear();
      queued_bytes_ = 0; // what is being written is bounded by the same number once more
    }
    const size_t count = batch.size();
    write_all(batch);
    {
      const std::scoped_lock lock(queue_mutex_);
      done_ += count;
    }
    queue_done_.notify_all();
  }
  const std::scoped_lock lock(mutex_);
  dirty_ = dirty_ && !volumes_.empty();
  if (dirty_ && !volumes_.back().sync()) observe::log_warn(log_name(), "the last content could not be synced");
}

void Vault::write_all(std::vector<Waiting>& batch) {
  for (Waiting& one : batch) write(one);
  const std::scoped_lock lock(mutex_);
  const MonoTime now = clock_.mono_now();
  if (dirty_ && now - last_sync_ >= options_.sync_interval) sync_dirty();
  if (last_sweep_ == MonoTime{} || now - last_sweep_ >= options_.sweep_interval) sweep_locked();
}

void Vault::sync_dirty() {
  last_sync_ = clock_.mono_now();
  if (auto synced = volumes_.back().sync(); !synced) return report_failure(synced.error());
  dirty_ = false;
}

bool Vault::was_erased(const Ulid& receipt, std::uint64_t tenant) const {
  const auto before = erased_tenants_.find(tenant);
  return erased_lately_.contains(receipt) || (before != erased_tenants_.end() && receipt.time() < before->second);
}

/// Compresses and seals without the lock, then stores.
void Vault::write(Waiting& one) {
  Kept& kept = one.kept;
  Slot slot;
  slot.receipt = kept.receipt;
  slot.tenant = tenant_tag(kept.tenant);
  slot.changed = clock_.wall_now();
  std::string record;
  const Key key = Key::random();
  if (kept.redacted && !one.lost && (!options_.redact || !options_.redact(kept))) {
    one.lost = true;
    count_lost("not_redacted");
  }
  if (one.lost) {
    slot.state = SlotState::kLost;
  } else {
    record = encode_record(key, kept);
  }
  wipe(kept.request.bytes);
  wipe(kept.answer.bytes);
  const std::scoped_lock lock(mutex_);
  if (was_erased(slot.receipt, slot.tenant)) {
    if (erased_lately_.contains(slot.receipt)) return; // its slot says so already
    slot.state = SlotState::kErased;
    record.clear();
  } else if (keys_.empty() && !one.lost) {
    slot.state = SlotState::kLost;
    record.clear();
    count_lost("no_key");
  }
  const bool live = slot.state == SlotState::kLive;
  auto stored = store(record, slot, live ? &key : nullptr);
  if (!stored) {
    if (live) count_lost("disk");
    return report_failure(stored.error());
  }
  failing_ = false;
  if (!live) return;
  kept_.add();
  stored_bytes_.add(record.size());
}

void Vault::report_failure(const Error& error) {
  if (std::exchange(failing_, true)) return;
  observe::log_warn(log_name(), "content cannot be written; receipts go on without it", {{"error", error.message}});
}

Result<> Vault::store(const std::string& record, Slot slot, const Key* key) {
  const auto volume = current();
  if (!volume) return std::unexpected(volume.error());
  slot.offset = (*volume)->next_offset();
  slot.length = static_cast<std::uint32_t>(record.size());
  if (key != nullptr) {
    slot.master = keys_.current_id();
    slot.wrapped = wrap_key(wrapping_key(keys_.current(), (*volume)->salt()), slot, *key);
  }
  dirty_ = true;
  (*volume)->next_end = {};
  return (*volume)->append(record, slot);
}

/// The volume that is written now: the last one, or a new one where that is full or old.
Result<Volume*> Vault::current() {
  if (writable_) {
    Volume& last = volumes_.back();
    const bool full = last.slots() >= options_.volume_slots || last.body_bytes() >= options_.volume_bytes;
    const bool old = last.slots() > 0 && clock_.wall_now() - last.oldest() > options_.volume_time;
    if (!full && !old) return &last;
    if (auto synced = last.sync(); !synced) return std::unexpected(synced.error());
    last.close();
    writable_ = false;
  }
  if (auto made = files_.make_folder(options_.folder); !made) return std::unexpected(made.error());
  auto volume = Volume::create(files_, options_.folder, next_number_);
  if (!volume) return std::unexpected(volume.error());
  ++next_number_;
  volumes_.push_back(std::move(*volume));
  writable_ = true;
  return &volumes_.back();
}

} // namespace kairos::content
