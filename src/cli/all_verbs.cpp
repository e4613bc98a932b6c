// The table of contents: one file a verb, or a family of them.
#include "cli/verb.hpp"

namespace esteira::cli {

std::vector<Verb> all_verbs() {
  return {
      serve_verb(),
      worker_verb(),
      migrate_up_verb(),
      migrate_status_verb(),
      task_create_verb(),
      task_show_verb(),
      task_list_verb(),
      task_executions_verb(),
      task_edit_verb(),
      task_cancel_verb(),
      task_retry_verb(),
      task_delete_verb(),
      task_bulk_verb(),
      task_import_verb(),
      type_list_verb(),
      type_set_verb(),
      type_pause_verb(),
      type_resume_verb(),
      batch_create_verb(),
      batch_show_verb(),
      batch_close_verb(),
      batch_cancel_verb(),
      batch_retry_verb(),
      schedule_list_verb(),
      schedule_show_verb(),
      schedule_set_verb(),
      schedule_delete_verb(),
      schedule_preview_verb(),
      schedule_run_verb(),
      schedule_pause_verb(),
      schedule_resume_verb(),
      key_create_verb(),
      key_list_verb(),
      key_revoke_verb(),
      audit_list_verb(),
      audit_verify_verb(),
      stats_verb(),
      top_verb(),
      encryption_status_verb(),
      encryption_rotate_verb(),
      prune_verb(),
      doctor_verb(),
      bench_verb(),
      completion_bash_verb(),
  };
}

}  // namespace esteira::cli
