// What the retention deletes, as files of NDJSON that zstd has compressed: a task a line. (The one
// place that knows libzstd.)
//
// A file is whole or absent: it is written under another name, ".tasks-….partial", synced and
// renamed, and its folder is synced too. Its name says which ids it holds and ends in chance, so
// that programs which share a folder never meet: "tasks-<first>-<last>-<chance>.ndjson.zst".
#pragma once

#include <memory>
#include <string>

#include "repository/archive.hpp"

namespace esteira {

[[nodiscard]] std::shared_ptr<TaskArchive> open_history(std::string folder);
// That files can be written there now.
[[nodiscard]] Expected<void> check_history(const std::string& folder);

}  // namespace esteira
