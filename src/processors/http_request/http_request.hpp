// HTTP_REQUEST: one HTTP exchange for each attempt.
#pragma once

#include "esteira/processor.hpp"
#include "processors/http_request/transfer.hpp"

namespace esteira::processors {

class HttpRequestProcessor final : public BaseProcessor {
 public:
  explicit HttpRequestProcessor(const HttpRequestOptions& options);

  [[nodiscard]] std::string_view task_type() const override { return "HTTP_REQUEST"; }
  [[nodiscard]] std::string_view description() const override;
  [[nodiscard]] std::string_view payload_schema() const override;
  void validate_payload(const Payload& payload) const override;
  Result process(const Task& task, ExecutionContext& context) override;

 private:
  const HttpRequestOptions options_;
  HttpClient client_;
};

}  // namespace esteira::processors
