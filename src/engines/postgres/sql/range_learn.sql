-- maintain: tells the planner, and so everybody's prepared statements, what is in the range.
SELECT esteira.learn_range($1)
