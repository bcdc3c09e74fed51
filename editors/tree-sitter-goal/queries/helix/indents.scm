; Helix names its captures otherwise than Neovim.
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
  (bindings_block)
  (list)
  (call)
  (parenthesized_expression)
] @indent

["}" "]" ")"] @outdent
