(goal name: (identifier) @name) @definition.module
(mount name: (identifier) @name) @definition.module
(step name: (identifier) @name) @definition.function
(param name: (identifier) @name) @definition.constant
(let name: (identifier) @name) @definition.constant
(depends_clause (reference (identifier) @name)) @reference.call
(after_clause (reference (identifier) @name)) @reference.call
