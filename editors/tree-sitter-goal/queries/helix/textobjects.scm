(step body: (step_block) @function.inside) @function.around
(goal body: (goal_block) @class.inside) @class.around
(comment) @comment.inside
(comment)+ @comment.around
