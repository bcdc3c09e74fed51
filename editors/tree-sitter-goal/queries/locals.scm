; A name is looked up in its goal, then in the goals around it.

[(source_file) (goal_block) (step_block)] @local.scope

(goal name: (identifier) @local.definition.namespace (#set! definition.namespace.scope "parent"))
(mount name: (identifier) @local.definition.namespace)
(step name: (identifier) @local.definition.function)
(param name: (identifier) @local.definition.parameter)
(let name: (identifier) @local.definition.var)
(foreach_clause name: (identifier) @local.definition.var)

(reference (identifier) @local.reference)
