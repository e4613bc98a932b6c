#include "world/producer_process.hpp"

#include <algorithm>

namespace esteira::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::int64_t order_of_wish(const NewTask& wish) {
  return wish.payload.as_object().at("order").as_int64();
}

}  // namespace

ProducerProcess::ProducerProcess(const Site& site, std::string role, std::uint64_t part,
                                 std::int64_t first_order, int wishes)
    : Process(site.world, std::move(role), part),
      site_(site),
      next_order_(first_order),
      left_(wishes) {}

Duration ProducerProcess::turn() {
  if (!service_) {
    service_ =
        std::make_unique<TaskService>(site_.connect(*this), &site_.processors, shared_clock());
  }
  if (open_.empty()) draw_call();
  if (!open_.empty()) call();
  if (!open_.empty()) return spread(random(), milliseconds{20}, milliseconds{500});
  if (left_ == 0 || world_.quiet()) return seconds{1};
  return spread(random(), milliseconds{5}, seconds{2});
}

void ProducerProcess::forget() {
  service_.reset();
  if (!repeatable()) open_.clear();
}

bool ProducerProcess::repeatable() const {
  return std::ranges::all_of(
      open_, [](const NewTask& wish) { return wish.options.idempotency_key.has_value(); });
}

void ProducerProcess::draw_unique(TaskOptions& options) {
  options.unique_key = fmt::format("u{}", random().below(4));
  if (chance(random(), 0.3)) options.unique_scope = UniqueScope::waiting;
  if (chance(random(), 0.2)) {
    options.unique_scope = UniqueScope::window;
    options.unique_window = between(random(), milliseconds{100}, seconds{20});
  }
}

NewTask ProducerProcess::draw_wish() {
  const auto& types = site_.processors.all();
  const auto type = static_cast<std::size_t>(random().below(static_cast<int>(types.size())));
  NewTask wish{.type = std::string(types[type]->task_type()),
               .payload = JsonObject{{"order", next_order_++}}};
  --left_;
  auto& options = wish.options;
  if (chance(random(), 0.3)) options.priority = between(random(), -2, 3);
  if (chance(random(), 0.3)) {
    options.scheduled_for = clock().now() + between(random(), -seconds{1}, seconds{4});
  }
  if (chance(random(), 0.2)) draw_unique(options);
  if (chance(random(), 0.1)) options.timeout = between(random(), milliseconds{100}, seconds{2});
  if (chance(random(), 0.1)) options.max_retries = random().below(3);
  if (chance(random(), 0.1)) options.tags = {"sim"};
  return wish;
}

// What the next call asks for: something new, one or many, or a repetition.
void ProducerProcess::draw_call() {
  if (!told_.empty() && chance(random(), 0.05)) {
    open_.push_back(
        told_[static_cast<std::size_t>(random().below(static_cast<int>(told_.size())))]);
    return;
  }
  if (left_ == 0 || world_.quiet()) return;
  const bool keyed = chance(random(), 0.4);
  const int count = chance(random(), 0.3) ? std::min(left_, between(random(), 2, 6)) : 1;
  for (int i = 0; i < count; ++i) {
    auto wish = draw_wish();
    if (keyed) wish.options.idempotency_key = fmt::format("key-{}", order_of_wish(wish));
    open_.push_back(std::move(wish));
  }
}

void ProducerProcess::call() {
  if (open_.size() == 1) {
    const auto created = service_->create(open_.front());
    created ? on_answer({*created}) : on_error(created.error());
    return;
  }
  const auto created = service_->create_tasks(open_);
  created ? on_answer(*created) : on_error(created.error());
}

void ProducerProcess::on_answer(const std::vector<CreatedTask>& created) {
  for (std::size_t i = 0; i < open_.size(); ++i) {
    const auto order = order_of_wish(open_[i]);
    world_.trace().line(world_.at(), "{} knows wish {} as task {}", name(), order,
                        created[i].task_id);
    world_.record(Acknowledged{order, created[i].task_id});
    if (open_[i].options.idempotency_key) told_.push_back(std::move(open_[i]));
  }
  open_.clear();
}

void ProducerProcess::on_error(const Error& error) {
  // What was surely not done is asked for again, and so is what the keys make safe.
  if (error.code == ErrorCode::unavailable) return;
  if (error.code == ErrorCode::in_doubt && repeatable()) return;
  open_.clear();
  if (error.code == ErrorCode::in_doubt || error.code == ErrorCode::conflict) return;
  world_.verdict().fail("store-answers", fmt::format("{} was refused: {}", name(), error.message));
}

}  // namespace esteira::sim
