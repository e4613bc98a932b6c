#include "processor/processor_type.hpp"

#include "domain/limits.hpp"

namespace esteira {

TaskType type_of(const BaseProcessor& processor) {
  TaskType type;
  type.name = canonical_type_name(processor.task_type());
  type.description = processor.description();
  type.payload_schema = processor.payload_schema();
  type.timeout = limits::timeout_default;
  return type;
}

}  // namespace esteira
