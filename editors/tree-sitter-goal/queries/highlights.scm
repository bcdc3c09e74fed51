; Names of captures are those that Neovim, Helix and Zed share; a more special one falls back to its
; first word.

(comment) @comment

; Words

(keyword) @keyword
(option) @keyword.modifier
(value) @constant.builtin
"in" @keyword.operator

(declaration) @keyword.type
(probe) @function.builtin
(negated_probe (keyword) @keyword.operator)

; Names

(reference (identifier) @variable)
(property) @variable.member
(optional) @operator

(goal name: (identifier) @module)
(mount name: (identifier) @module)
(step name: (identifier) @function)
(fallback name: (identifier) @function)
(depends_clause (reference (identifier) @function))
(after_clause (reference (identifier) @function))
(stdin_clause (reference (identifier) @function))
(given_clause (reference (identifier) @function))
(given_crash_clause (reference (identifier) @function))
(given_stop_clause (reference (identifier) @function))
(expect_clause (reference (identifier) @function))
(scenario_param_clause (reference (identifier) @variable.parameter))
(param name: (identifier) @variable.parameter)
(let name: (identifier) @variable)
(binding name: (identifier) @property)
(step_output_clause name: (identifier) @variable.member)
(foreach_clause name: (identifier) @variable.parameter)
(resource_clause name: (identifier) @constant)
(uses_clause name: (identifier) @constant)
(lock_clause name: (identifier) @constant)

(call function: (builtin) @function.call)
(call function: (identifier) @function.call)

(type) @type.builtin

; Literals

(number) @number
(duration) @number
(size) @number
(percentage) @number
(boolean) @boolean
[(string) (raw_string) (block_string) (raw_block_string)] @string
(goal title: (_) @string.documentation)
(step title: (_) @string.documentation)
(scenario name: (_) @string.documentation)
(script ["\""] @string)
(block_script ["\"\"\""] @string)
(raw_script ["'"] @string)
(raw_block_script ["'''"] @string)
(escape_sequence) @string.escape
(interpolation ["${" "}"] @punctuation.special)
(script_reference) @variable.parameter

; Signs

["=" "==" "!=" "<" "<=" ">" ">=" "&&" "||" "!" "..." ".." "|"] @operator
["," ";" ":"] @punctuation.delimiter
"." @punctuation.delimiter
["{" "}" "(" ")" "[" "]"] @punctuation.bracket
