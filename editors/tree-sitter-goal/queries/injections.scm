; A script is the shell's, the values that goalc sets in it included: it reads them as its variables.

((script_content) @injection.content
  (#set! injection.language "bash")
  (#set! injection.include-children))

((comment) @injection.content
  (#set! injection.language "comment"))
