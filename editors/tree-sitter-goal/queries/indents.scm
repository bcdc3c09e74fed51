[
  (goal_block)
  (mount_block)
  (step_block)
  (fallback_block)
  (defaults_block)
  (probes_block)
  (limits_block)
  (executor_block)
  (cleanup_block)
  (rollback_block)
  (alert_block)
  (webhook_block)
  (scenario_block)
  (bindings_block)
  (list)
  (call)
  (parenthesized_expression)
] @indent.begin

["}" "]" ")"] @indent.branch @indent.end

[(block_string) (raw_block_string) (block_script) (raw_block_script)] @indent.auto
(comment) @indent.ignore
